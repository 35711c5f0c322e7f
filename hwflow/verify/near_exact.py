"""How far a near-exact model is from its original: both run in onnxruntime on the same real inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime as ort

from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.session import session_of


@dataclass(frozen=True, slots=True)
class NearExactReport:
    """Counts over ``samples`` inferences of ``outputs`` elements in all.

    An output element differs when its integer is not the original's value rounded to the output's grid;
    ``max_step_difference`` is in steps of that grid. ``top1_changes``: inferences whose largest output is another one.
    """

    samples: int
    outputs: int
    differing_outputs: int
    differing_inferences: int
    max_step_difference: int
    top1_changes: int

    @property
    def output_rate(self) -> float:
        """Differing elements per element."""
        return self.differing_outputs / self.outputs


def measure(imported: ImportedModel, inputs: np.ndarray) -> NearExactReport:
    """Compare golden.onnx with the original on real inputs (count, *input shape without the batch axis).

    In exact mode, or when nothing had to be replaced, original and golden are one model and nothing differs.
    """
    golden = _run(session_of(imported.golden), imported.ports.to_port(inputs))
    original = golden if imported.original is None else _run(session_of(imported.original), inputs)
    (output,) = imported.graph.outputs
    scale = imported.ports.output
    steps = imported.graph.tensors[output].type.step
    difference = np.abs(np.rint(original / scale / steps) - np.rint(golden / steps)).reshape(len(inputs), -1)
    top1 = [np.argmax(np.reshape(y, (len(inputs), -1)), axis=1) for y in (original, golden * scale)]
    return NearExactReport(
        samples=len(inputs),
        outputs=difference.size,
        differing_outputs=int(np.count_nonzero(difference)),
        differing_inferences=int(np.count_nonzero(difference.any(axis=1))),
        max_step_difference=int(difference.max(initial=0)),
        top1_changes=int(np.count_nonzero(top1[0] != top1[1])),
    )


def _run(session: ort.InferenceSession, inputs: np.ndarray) -> np.ndarray:
    """The output of every sample, (count, *shape), one inference at a time as the models are static."""
    (port,) = session.get_inputs()
    samples = inputs.astype(np.float32).reshape(len(inputs), *port.shape)
    return np.stack([session.run(None, {port.name: x})[0] for x in samples]).astype(np.float64)
