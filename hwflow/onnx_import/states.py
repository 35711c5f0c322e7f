"""States: the outputs of a model that are inputs of the next chunk, such as caches and contexts.

The model file pairs them in its metadata, under the key ``hwflow.states``: JSON from output name to input name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from hwflow.errors import UserError
from hwflow.ir.graph import Graph
from hwflow.onnx_import.ports import STATES

_SUBJECT = f"model metadata {STATES}"


@dataclass(frozen=True, slots=True)
class State:
    """Positions among the outputs and among the inputs."""

    output: int
    input: int


def port_names(golden: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the inputs and of the outputs, in order."""
    graph = onnx.load_from_string(golden).graph
    constants = {tensor.name for tensor in graph.initializer}
    return tuple(v.name for v in graph.input if v.name not in constants), tuple(v.name for v in graph.output)


def read_states(golden: bytes, graph: Graph) -> tuple[State, ...]:
    """The pairs that golden.onnx names, in the order of the inputs.

    Raises UserError for a name that is no port, and for a pair whose input does not hold what its output can be.
    """
    text = next((e.value for e in onnx.load_from_string(golden).metadata_props if e.key == STATES), "{}")
    inputs, outputs = port_names(golden)
    pairs = _parse(text)
    for side, names, known in (("output", list(pairs), outputs), ("input", list(pairs.values()), inputs[1:])):
        _check_names(side, names, known)
    states = [State(outputs.index(output), inputs.index(input)) for output, input in pairs.items()]
    for state in states:
        _check_fit(graph, state, f"state {outputs[state.output]!r} -> {inputs[state.input]!r}")
    return tuple(sorted(states, key=lambda state: state.input))


def _parse(text: str) -> dict[str, str]:
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, dict) or not all(isinstance(name, str) for name in pairs.values()):
        remedy = "Export the model again, or leave it out."
        raise UserError(_SUBJECT, text[:80], "JSON from names of outputs to names of inputs", remedy)
    return pairs


def _check_names(side: str, names: Sequence[str], known: Sequence[str]) -> None:
    wrong = [name for name in names if name not in known or names.count(name) > 1]
    if wrong:
        expected = f"different ones of {', '.join(map(repr, known)) or 'none: there is only the data'}"
        raise UserError(_SUBJECT, f"the {side} {wrong[0]!r}", expected, "Correct the names.")


def _check_fit(graph: Graph, state: State, subject: str) -> None:
    """Raw bits go back: steps are equal, and the input has every value of the output."""
    given, taken = graph.tensors[graph.outputs[state.output]], graph.tensors[graph.inputs[state.input]]
    fits = given.type.frac == taken.type.frac and taken.type.lo <= given.type.lo and given.type.hi <= taken.type.hi
    shape = graph.file_shape(taken.id)
    if given.shape != shape or not fits:
        found, expected = f"{list(given.shape)} of {given.type}", f"{list(shape)} of {taken.type}"
        raise UserError(subject, found, f"{expected}, as the input is", "Quantise both alike.")
