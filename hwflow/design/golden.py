"""Golden integers of a built design for any number of inferences: those of the build first, then fresh ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hwflow.design import layout
from hwflow.errors import UserError
from hwflow.ir.graph import IntArray
from hwflow.onnx_import.session import session_of
from hwflow.verify.golden import grid_integers, typed
from hwflow.verify.ports import Arrays
from hwflow.verify.vectors import SEED

if TYPE_CHECKING:
    from hwflow.design.design import Design


def golden_vectors(design: Design, count: int, stage: str) -> dict[str, IntArray]:
    """Integers by tensor id: inputs and outputs for ``count`` inferences, the kernels' for those the build traced.

    ``stage`` is named in the UserError for a count below 1.
    """
    if count < 1:
        raise UserError(stage, f"{count} inferences", "at least 1", "Give a larger number.")
    stored, given = design.vectors, len(design.vectors.inputs)
    inputs = [array[:count] for array in stored.ports]
    golden = {id: values[:count] for id, values in stored.golden.items()}
    if count > given:
        more = _more(design, count - given)
        inputs = [np.concatenate(pair) for pair in zip(inputs, more, strict=True)]
        golden |= {id: np.concatenate([golden[id], values]) for id, values in _outputs(design, more).items()}
    return {**design.ports.integers(inputs), **golden}


def with_directed(design: Design, vectors: Mapping[str, IntArray], most: int) -> dict[str, IntArray]:
    """The vectors, and behind them at most so many that are directed at entries of tables, the best of them."""
    if not min(most, design.vectors.directed_count):
        return dict(vectors)
    inputs = tuple(array[:most] for array in design.vectors.directed)
    return _joined(vectors, {**design.ports.integers(inputs), **_outputs(design, inputs)})


def with_expected(design: Design, vectors: Mapping[str, IntArray]) -> dict[str, IntArray]:
    """The vectors, and behind them those that the framework computed: its inputs, and its outputs as golden values."""
    inputs, outputs = design.vectors.expected
    if not inputs:
        return dict(vectors)
    ports, graph = design.ports, design.network.graph
    checked = ports.checked(dict(zip(ports.inputs, inputs, strict=True)), layout.VECTORS)
    more = ports.integers([array for array in checked if array is not None])
    for index, (channel, values) in enumerate(zip(design.network.outputs, outputs, strict=True)):
        integers = grid_integers(values, graph, graph.outputs[index])
        more[design.network.tensor_of[channel]] = design.network.streamed(index, integers)
    return _joined(vectors, more)


def _joined(vectors: Mapping[str, IntArray], more: Mapping[str, IntArray]) -> dict[str, IntArray]:
    return {id: np.concatenate([values, more[id]]) if id in more else values for id, values in vectors.items()}


def _more(design: Design, count: int) -> Arrays:
    """Seeded inputs; the first chunk of them has the states that the last stored one left."""
    ports, golden = design.ports, design.vectors.golden
    sinks = [golden[design.network.tensor_of[channel]] for channel in design.network.outputs]
    last = [ports.real(n, design.network.filed(n, values[-1:])[0]) for n, values in enumerate(sinks)]
    start = {s.input: ports.next_state(s, last[s.output]) for s in ports.states}
    return ports.filled(ports.default(count, SEED + 1), start)


def _outputs(design: Design, inputs: Arrays) -> dict[str, IntArray]:
    """By the tensor that streams out."""
    session = session_of(design.ports.golden)
    ports, rows = session.get_inputs(), list[list[np.ndarray]]()
    for row in zip(*inputs, strict=True):
        feeds = {port.name: typed(x, port.type).reshape(port.shape) for port, x in zip(ports, row, strict=True)}
        rows.append(session.run(None, feeds))
    network, found = design.network, dict[str, IntArray]()
    for n, (id, channel) in enumerate(zip(network.graph.outputs, network.outputs, strict=True)):
        integers = grid_integers(np.stack([row[n] for row in rows]), network.graph, id)
        found[network.tensor_of[channel]] = network.streamed(n, integers)
    return found
