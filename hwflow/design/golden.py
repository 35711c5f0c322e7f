"""Golden integers of a built design for any number of inferences: those of the build first, then fresh ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwflow.design import layout
from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.kernels.network import SINK, SOURCE
from hwflow.onnx_import.session import session_of
from hwflow.verify.golden import grid_integers
from hwflow.verify.vectors import SEED, default_inputs

if TYPE_CHECKING:
    from hwflow.design.design import Design


def golden_vectors(design: Design, count: int, stage: str) -> dict[str, IntArray]:
    """Integers by tensor id: input and output for ``count`` inferences, the kernels' for those the build traced.

    ``stage`` is named in the UserError for a count below 1.
    """
    if count < 1:
        raise UserError(stage, f"{count} inferences", "at least 1", "Give a larger number.")
    graph, stored = design.network.graph, design.vectors
    inputs = stored.inputs[:count]
    golden = {id: values[:count] for id, values in stored.golden.items()}
    sink = design.network.tensor_of[SINK]
    if count > len(inputs):
        more = default_inputs(graph, count - len(inputs), SEED + 1)
        inputs = np.concatenate([inputs, more])
        golden[sink] = np.concatenate([golden[sink], _outputs(design, more)])
    return {design.network.tensor_of[SOURCE]: reference.quantise_input(graph, graph.inputs[0], inputs), **golden}


def _outputs(design: Design, inputs: np.ndarray) -> IntArray:
    session = session_of((design.path / layout.GOLDEN).read_bytes())
    (port,) = session.get_inputs()
    outputs = [session.run(None, {port.name: sample.reshape(port.shape)})[0] for sample in inputs]
    return grid_integers(np.stack(outputs), design.network.graph, design.network.tensor_of[SINK])
