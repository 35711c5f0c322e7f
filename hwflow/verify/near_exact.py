"""How far a near-exact model is from its original: both run in onnxruntime on the same real inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort

from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.ports import PortData, per_port
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


def measure(imported: ImportedModel, inputs: PortData) -> NearExactReport:
    """Compare the first output of golden.onnx with the original's on real inputs (count, *input shape without the batch
    axis), of several inputs one array each.

    In exact mode, or when nothing had to be replaced, original and golden are one model and nothing differs.
    """
    arrays = per_port(inputs, [imported.graph.names.get(id, id) for id in imported.graph.inputs])
    ports = [imported.ports.to_port(x, n) for n, x in enumerate(arrays)]
    golden = _run(session_of(imported.golden), ports)
    original = golden if imported.original is None else _run(session_of(imported.original), arrays)
    count, scale = len(golden), imported.ports.output
    steps = imported.graph.tensors[imported.graph.outputs[0]].type.step
    difference = np.abs(np.rint(original / scale / steps) - np.rint(golden / steps)).reshape(count, -1)
    top1 = [np.argmax(np.reshape(y, (count, -1)), axis=1) for y in (original, golden * scale)]
    return NearExactReport(
        samples=count,
        outputs=difference.size,
        differing_outputs=int(np.count_nonzero(difference)),
        differing_inferences=int(np.count_nonzero(difference.any(axis=1))),
        max_step_difference=int(difference.max(initial=0)),
        top1_changes=int(np.count_nonzero(top1[0] != top1[1])),
    )


def _run(session: ort.InferenceSession, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """The first output of every sample, (count, *shape), one inference at a time as the models are static."""
    ports = session.get_inputs()
    samples = [x.astype(np.float32).reshape(len(x), *port.shape) for x, port in zip(inputs, ports, strict=True)]
    feeds = ({port.name: x for port, x in zip(ports, row, strict=True)} for row in zip(*samples, strict=True))
    return np.stack([session.run(None, feed)[0] for feed in feeds]).astype(np.float64)
