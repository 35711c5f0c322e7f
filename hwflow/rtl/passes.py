"""A row that is longer than a beat: its steps come once for every reduction that waits for another, then once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hwflow.ir.graph import Node
from hwflow.rtl import control, reduce
from hwflow.rtl.rows import Rows
from hwflow.rtl.signal import Signal


@dataclass
class Passes(Rows):
    """Nodes over the steps of a frame, the same pipeline for all passes.

    ``level``: the passes that must be over before a tensor is known. One number for the frame, known with the end of
    its pass, is kept from then on for the passes behind; elements are computed anew in every pass.
    ``turns`` mark the steps of each pass but the last, ``ends`` their last steps.
    """

    level: Mapping[str, int] = field(default_factory=dict)
    turns: Sequence[Signal] = ()
    ends: Sequence[Signal] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._flowing: dict[str, Signal] = {}
        self._kept: dict[str, tuple[Signal, int]] = {}

    @property
    def ready(self) -> int:
        """Cycles from the last step of a pass until its numbers are kept."""
        return max(cycle for _, cycle in self._kept.values())

    def _node(self, node: Node, following: object) -> Signal:
        self.values |= {id: self._seen(id, node) for id in node.inputs if id in self._flowing}
        result = super()._node(node, following)
        self._check_lifetime(node, result.cycle)
        self._flowing[node.output] = result
        return result

    def _seen(self, id: str, node: Node) -> Signal:
        """A number of this pass as it comes, which is right at its end; one of a pass before as it was kept."""
        single, same = self._is_single(id), self.level[id] == self.level[node.output]
        return self._keep(id) if single and not (same and self._is_single(node.output)) else self._flowing[id]

    def _is_single(self, id: str) -> bool:
        return self.graph.tensors[id].size == 1

    def _keep(self, id: str) -> Signal:
        if id not in self._kept:
            kept = control.hold(self.pipeline, f"{id}_kept", self._flowing[id], self.ends[self.level[id] - 1])
            self._kept[id] = replace(kept, cycle=0, ps=0, still=True), kept.cycle
        return self._kept[id][0]

    def _check_lifetime(self, node: Node, cycle: int) -> None:
        """The last step of a frame uses a number before the next frame's replaces it."""
        for id in node.inputs:
            if id in self._kept and cycle >= self.steps + self._kept[id][1]:
                raise NotImplementedError(f"{node.output}: uses {id} after the next frame has replaced it")

    def _reduce(self, name: str, x: Signal, type: object, operation: reduce.Operation) -> Signal:
        result = self.graph.tensors[name].type
        inner = replace(result, width=x.type.width, signed=x.type.signed) if operation == "max" else result
        part = reduce.tree(self.pipeline, f"{name}_part", x, 1, inner, operation)
        number = self.level[name] - 1
        flags = (self.turns[number], self.ends[number], None)
        return reduce.accumulate(self.pipeline, name, part, result, 1, flags, operation)
