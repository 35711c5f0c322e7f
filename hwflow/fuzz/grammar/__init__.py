"""The grammar: one production at least for every op that the importer has a handler for (a test sees to that)."""

from __future__ import annotations

import numpy as np
import onnx

from hwflow.fuzz.draft import Draft
from hwflow.fuzz.grammar import attention, elementwise, float_ops, functions, images, linear, movement, reductions
from hwflow.fuzz.grammar.rules import PRODUCTIONS, Production
from hwflow.fuzz.grammar.sources import draw_shape, embedding, read
from hwflow.fuzz.quantisers import quantise

__all__ = ["PRODUCTIONS", "Production", "draw_model", "written_ops"]

_MODULES = (attention, elementwise, float_ops, functions, images, linear, movement, reductions)  # make productions
KINDS = ("qonnx", "qcdq", "mixed", "float")
MIN_OPSET = 11


def written_ops() -> frozenset[str]:
    """Every op that some production can write."""
    return frozenset(op for production in PRODUCTIONS for op in production.ops)


def draw_model(seed: int) -> tuple[Draft, onnx.ModelProto]:
    """A random model, the same for the same seed on any machine."""
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(KINDS, p=[0.42, 0.2, 0.18, 0.2]))
    newest = onnx.defs.onnx_opset_version()
    draft = Draft(rng, kind, newest if rng.random() < 0.2 else int(rng.integers(MIN_OPSET, newest)))
    if draft.chance(0.07):
        embedding(draft)
    else:
        read(draft, draw_shape(draft))
    rules = [each for each in PRODUCTIONS if kind == "float" or not each.is_float]
    shares = _shares(draft, rules)
    for _ in range(draft.choose([1, 2, 2, 3, 3, 4, 5, 6, 8])):
        for _ in range(8):
            if rules[int(rng.choice(len(rules), p=shares))].apply(draft):
                break
    return draft, draft.proto(_outputs(draft))


def _shares(draft: Draft, rules: list[Production]) -> np.ndarray:
    """Each model favours some productions, so that odd pairs meet."""
    weights = np.array([each.weight for each in rules]) * draft.rng.gamma(0.5, 1.0, len(rules))
    return np.asarray((weights + 1e-3) / (weights + 1e-3).sum())


def _outputs(draft: Draft) -> list[str]:
    """The last value, some of the others that nothing reads, and the states; one is given twice now and then."""
    unread = [value for value in draft.values if value.name in draft.open]
    last, others = unread[-1], [v for v in unread[:-1] if draft.chance(0.8)][:2]
    chosen = [v if v.bits is not None or draft.chance(0.1) else quantise(draft, v) for v in (last, *others)]
    names = [value.name for value in chosen]
    inner = [v for v in draft.values if v.bits is not None]
    if draft.chance(0.05) and inner:
        name = draft.choose(inner).name
        names += [name] if name not in names else []
    return [*names, *draft.extra_outputs]
