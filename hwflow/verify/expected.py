"""What the framework itself computed, stored at export: a second oracle for the models of Brevitas and Keras.

One .npz file without pickles beside the model file, its name and bytes determined by it: ``framework`` and ``model``
(the SHA-256 of the model file) as text, ``input:NAME`` and ``output:NAME`` arrays (count, *shape).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.files import sha256_file, write_atomic
from hwflow.files.arrays import read_npz
from hwflow.oracle import Oracle, edge_inputs

FILE = "expected.npz"
COUNT = 16
ELEMENTS = 1 << 20  # of all inputs together, so that the file stays small
_WANTED, _REMEDY = "what hwflow export wrote beside the model", "Export again, or remove it."
_INPUT, _OUTPUT = "input:", "output:"

Named = Mapping[str, np.ndarray]
Forward = Callable[[list[np.ndarray]], Sequence[np.ndarray]]
"""The framework's own: an array (1, *shape) for each input to one for each output, in the order of the file."""


@dataclass(frozen=True)
class Expected:
    """``framework``: its name. ``inputs``, ``outputs``: (count, *shape), in the order of the model file.

    Outputs are in the type in which the framework computed.
    """

    framework: str
    inputs: Named
    outputs: Named

    @property
    def in_float32(self) -> bool:
        """Whether the framework computed with 24 bits, which hold no wide tensor."""
        return all(array.dtype == np.float32 for array in self.outputs.values())

    @property
    def count(self) -> int:
        """Inferences."""
        return len(next(iter(self.inputs.values())))


def expected_path(model: Path) -> Path:
    """``expected.npz`` beside ``model.onnx``; beside any other file, with its name."""
    return model.with_name(FILE if model.stem == "model" else f"{model.stem}.{FILE}")


def store_expected(model: Path, framework: str, forward: Forward, seed: int = 2026) -> Path:
    """Run the framework on ties, ends and normal samples of an exported model, and write what it gives."""
    oracle = Oracle(model)
    inputs = _samples(oracle, seed)
    rows = [forward([array[n] for array in inputs.values()]) for n in range(len(next(iter(inputs.values()))))]
    outputs = {name: np.stack([row[n] for row in rows]) for n, name in enumerate(oracle.outputs)}
    arrays: dict[str, Any] = {f"{_INPUT}{name}": array for name, array in inputs.items()}
    arrays |= {f"{_OUTPUT}{name}": array for name, array in outputs.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, framework=np.array(framework), model=np.array(sha256_file(model)), **arrays)
    return write_atomic(expected_path(model), buffer.getvalue())


def _samples(oracle: Oracle, seed: int) -> dict[str, np.ndarray]:
    """Every other one normal; the rest ties and ends, but not the floats next to ties.

    Frameworks round what they add to a quotient, as a zero point, so that next to a tie they are no oracle.
    """
    rng, size = np.random.default_rng(seed), sum(int(np.prod(shape)) for shape, _ in oracle.inputs.values())
    inputs = edge_inputs(oracle, max(2, min(COUNT, ELEMENTS // size)), seed)
    for name, (shape, type) in oracle.inputs.items():
        if type.kind == "f":
            inputs[name][1::2] = rng.normal(size=(len(inputs[name][1::2]), *shape))
    return inputs


def find_expected(model: Path) -> Expected | None:
    """What lies beside a model file. UserError for a file that is damaged, or of another model."""
    path = expected_path(model)
    if not path.is_file():
        return None
    arrays = read_npz(path, _WANTED, _REMEDY)
    try:
        framework, digest = str(arrays["framework"]), str(arrays["model"])
        inputs, outputs = (_named(arrays, prefix) for prefix in (_INPUT, _OUTPUT))
        counts = {len(array) for array in (*inputs.values(), *outputs.values())}
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(path, f"no readable values of a framework ({error})") from error
    if digest != sha256_file(model):
        raise _refused(path, f"the values of another file than {model.name}")
    if not inputs or not outputs or len(counts) != 1 or 0 in counts:
        raise _refused(path, "not as many inputs as outputs")
    return Expected(framework, inputs, outputs)


def _named(arrays: Named, prefix: str) -> dict[str, np.ndarray]:
    found = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    if any(array.dtype.kind not in "fiu" or not array.ndim for array in found.values()):
        raise ValueError("arrays that are not numbers")
    return found


def _refused(path: Path, found: str) -> UserError:
    return UserError(str(path), found, _WANTED, _REMEDY)
