"""Runs a design on a sequence of chunks: the states that one leaves are inputs of the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.graph import IntArray
from hwflow.onnx_import.states import State
from hwflow.verify.ports import Given, ModelPorts

if TYPE_CHECKING:
    from hwflow.design.design import Design

Named = dict[str, np.ndarray]


def run_chunks(design: Design, chunks: Given, state: Mapping[str, np.ndarray]) -> tuple[Named, Named]:
    """See ``Design.run_chunks``."""
    ports, graph = design.ports, design.network.graph
    given = _data(ports, chunks)
    fed = ports.integers([array if array is not None else _start(ports, n, state) for n, array in enumerate(given)])
    states = {graph.inputs[s.input]: s for s in ports.states}
    data = [id for id in graph.inputs if id not in states]
    held = {id: fed[id] for id in states}
    found: list[dict[str, IntArray]] = []
    for row in range(len(fed[data[0]])):
        found.append(reference.run(graph, {**{id: fed[id][row : row + 1] for id in data}, **held}))
        held = {id: _next(ports, found[-1][graph.outputs[s.output]], s) for id, s in states.items()}
    outputs = [np.concatenate([each[id] for each in found]) for id in graph.outputs]
    real = {name: ports.real(n, values) for n, (name, values) in enumerate(zip(ports.outputs, outputs, strict=True))}
    return real, {ports.inputs[s.input]: real[ports.outputs[s.output]][-1] for s in ports.states}


def _next(ports: ModelPorts, output: IntArray, state: State) -> IntArray:
    """The input of the next chunk, (1, *shape)."""
    real = ports.next_state(state, ports.real(state.output, output))
    return reference.quantise_input(ports.graph, ports.graph.inputs[state.input], real[None])


def _data(ports: ModelPorts, chunks: Given) -> list[np.ndarray | None]:
    """Of every input but the states, which are None."""
    if isinstance(chunks, Mapping) and (both := [name for name in ports.state_names if name in chunks]):
        raise UserError("chunks", f"the state {both[0]!r}", "data alone", "Give it as the state of the first chunk.")
    return ports.checked(chunks, "chunks", ports.state_names)


def _start(ports: ModelPorts, index: int, state: Mapping[str, np.ndarray]) -> np.ndarray:
    """The state that the first chunk has, (1, *shape), in the units of the port."""
    if unknown := [name for name in state if name not in ports.state_names]:
        expected = f"one of {', '.join(map(repr, ports.state_names))}"
        raise UserError("state", f"the unknown name {unknown[0]!r}", expected, "Give it by the name of its input.")
    shape, name = ports.shape(index), ports.inputs[index]
    value = np.asarray(state.get(name, np.zeros(shape)))
    if value.shape != shape:
        raise UserError(f"state {name!r}", f"shape {value.shape}", str(shape), "Give one chunk's state.")
    return ports.scales.to_port(value, index)[None]
