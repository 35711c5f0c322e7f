"""Data for every input of a model: checked, by name, and with the states of one chunk from the chunk before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.onnx_import.ports import PortScales, read_port_scales
from hwflow.onnx_import.session import session_of
from hwflow.onnx_import.states import State, port_names, read_states
from hwflow.verify.golden import typed
from hwflow.verify.vectors import SEED, as_inputs, default_inputs

Arrays = tuple[np.ndarray, ...]
Given = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]
"""Data of the inputs: by name, or in their order; one array is that of the first input."""


@dataclass(frozen=True)
class ModelPorts:
    """The ports of a model; arrays have one row for each inference (a chunk, where there are states)."""

    graph: Graph
    golden: bytes

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, the data first."""
        return port_names(self.golden)[0]

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, the data first."""
        return port_names(self.golden)[1]

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The outputs that are inputs of the next chunk."""
        return read_states(self.golden, self.graph)

    @cached_property
    def scales(self) -> PortScales:
        """What lies between real units and the ports; 1 in exact mode."""
        return read_port_scales(self.golden)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the inputs that are states."""
        return tuple(self.inputs[state.input] for state in self.states)

    def shape(self, index: int) -> tuple[int, ...]:
        """Of an input, as the model file has it."""
        return self.graph.file_shape(self.graph.inputs[index])

    def checked(self, given: Given, subject: str, optional: Collection[str] = ()) -> list[np.ndarray | None]:
        """Real data of every input in the units of its port; None for one that is optional and not given.

        Raises UserError for a missing or unknown name, a wrong shape, another number of rows than the others have.
        """
        named = self._named(given)
        missing = [name for name in self.inputs if name not in named and name not in optional]
        unknown = [name for name in named if name not in self.inputs]
        if missing or unknown:
            wrong = [*(f"no input {n!r}" for n in missing), *(f"the unknown input {n!r}" for n in unknown)]
            optional_too = f" (states may be left out: {', '.join(optional)})" if optional else ""
            expected = f"an array for each of {', '.join(map(repr, self.inputs))}{optional_too}"
            raise UserError(subject, ", ".join(wrong), expected, "Give them by name.")
        arrays = {
            name: self._array(index, named[name], subject) for index, name in enumerate(self.inputs) if name in named
        }
        if len({len(array) for array in arrays.values()}) > 1:
            found = ", ".join(f"{len(array)} of {name!r}" for name, array in arrays.items())
            raise UserError(subject, found, "the same number for every input", "Give one row per inference.")
        return [arrays.get(name) for name in self.inputs]

    def _named(self, given: Given) -> dict[str, np.ndarray]:
        if isinstance(given, Mapping):
            return dict(given)
        if len(self.inputs) == 1 or isinstance(given, np.ndarray):
            return {self.inputs[0]: np.asarray(given)}
        extra = (f"number {n}" for n in range(len(self.inputs), len(given)))
        return dict(zip((*self.inputs, *extra), given, strict=False))

    def _array(self, index: int, data: np.ndarray, subject: str) -> np.ndarray:
        named = subject if len(self.inputs) == 1 else f"{subject}, input {self.inputs[index]!r}"
        return self.scales.to_port(as_inputs(np.asarray(data), self.shape(index), named), index)

    def default(self, count: int, seed: int = SEED) -> list[np.ndarray | None]:
        """Seeded data of every input but the states, in the units of its port."""
        paired = {state.input for state in self.states}
        return [None if n in paired else default_inputs(self.graph, count, seed, n) for n in range(len(self.inputs))]

    def filled(
        self,
        arrays: Sequence[np.ndarray | None],
        start: Mapping[int, np.ndarray] | None = None,
        sequence: int | None = None,
    ) -> Arrays:
        """The arrays, those that are None made of what golden.onnx gives, chunk after chunk.

        ``start``: by input, the state in the units of its port that the first chunk has; zeros else.
        ``sequence``: after so many chunks the states are zeros again.
        """
        missing = [state for state in self.states if arrays[state.input] is None]
        zeros = {s.input: np.zeros(self.shape(s.input), np.float32) for s in missing}
        held = zeros | dict(start or {})
        rows: dict[int, list[np.ndarray]] = {state.input: [] for state in missing}
        given = {n: array for n, array in enumerate(arrays) if array is not None}
        session, names = session_of(self.golden), [self.outputs[state.output] for state in missing]
        for row in range(len(next(iter(given.values()))) if missing else 0):
            held = zeros if sequence and row and not row % sequence else held
            feeds = {n: array[row] for n, array in given.items()} | {n: held[n] for n in rows}
            for n, column in rows.items():
                column.append(held[n])
            shaped = {p.name: typed(feeds[n], p.type).reshape(p.shape) for n, p in enumerate(session.get_inputs())}
            for state, found in zip(missing, session.run(names, shaped), strict=True):
                real = self.scales.to_real(np.asarray(found, np.float64), state.output)
                held = {**held, state.input: self.next_state(state, real)}
        return tuple(np.stack(rows[n]) if n in rows else given[n] for n in range(len(arrays)))

    def next_state(self, state: State, real: np.ndarray) -> np.ndarray:
        """What the next chunk has as its input, in the units of that port, after the real output of this one."""
        return self.scales.to_port(real, state.input).reshape(self.shape(state.input))

    def integers(self, arrays: Sequence[np.ndarray]) -> dict[str, IntArray]:
        """By tensor id, the integers of data in the units of the ports."""
        pairs = zip(self.graph.inputs, arrays, strict=True)
        return {id: reference.quantise_input(self.graph, id, array) for id, array in pairs}

    def real(self, index: int, integers: IntArray) -> np.ndarray:
        """Real values of an output's integers."""
        step = self.graph.tensors[self.graph.outputs[index]].type.step
        return self.scales.to_real(integers * step, index)
