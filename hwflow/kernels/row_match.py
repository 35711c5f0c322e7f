"""Finds element-wise groups: around reductions of a token or a frame, or by themselves."""

from __future__ import annotations

import math

from hwflow.ir.graph import Node
from hwflow.ir.ops import Reshape
from hwflow.kernels.base import beats
from hwflow.kernels.elementwise import Elementwise
from hwflow.kernels.frame_norm import FrameNorm
from hwflow.kernels.match import REDUCTIONS, Matcher
from hwflow.kernels.row import Row
from hwflow.passes.movement import ELEMENTWISE, in_order, trace


class RowMatcher(Matcher):
    """Adds the kernels it finds to ``kernels``."""

    def _frame_norm(self, node: Node) -> None:
        """A group around reductions over all of a frame, which is one row between two Reshapes."""
        if not isinstance(node.op, REDUCTIONS) or node.op.axis != -1:
            return
        for row in self._row_sources(node):
            base, moves = self._before_row(row)
            group = self.closed(self.row_group(row), node) if moves else ()
            nodes = (*group, *self._row_tail(group)) if group and self._keeps_width(row, group) else ()
            joins = self._tokens_again(nodes[-1].output, base) if nodes else ()
            if joins:
                joined = joins[-1].output
                tail = self.tail(joined)
                covered = (*moves, *nodes, *joins, *tail)
                self._take(
                    FrameNorm(
                        "", self.graph, covered, (base,), covered[-1].output, self.clock_mhz,
                        row=row, row_nodes=nodes, joined=joined, tail=tail,
                    )
                )  # fmt: skip
                return

    def _before_row(self, id: str) -> tuple[str, tuple[Node, ...]]:
        """The tokens that Reshapes make one row of, and these; none if it comes as a row."""
        moves: list[Node] = []
        while beats(self.graph.tensors[id]) == 1:
            before = self.graph.producers.get(id)
            if before is None or not isinstance(before.op, Reshape) or id in self.taken:
                return id, ()
            moves.insert(0, before)
            id = before.inputs[0]
        return id, tuple(moves)

    def _tokens_again(self, id: str, base: str) -> tuple[Node, ...]:
        """The movement that makes tokens as wide as those of ``base`` of a row, in their order; or ()."""
        after = self.movement_after(id)
        for end in range(1, len(after) + 1):
            last = self.graph.tensors[after[end - 1].output]
            positions = trace(self.graph.producers, self.graph.tensors, last.id, {id})[1]
            if last.shape[-1] == self.graph.tensors[base].shape[-1] and in_order(positions):
                return after[:end]
        return ()

    def _row(self, node: Node) -> None:
        """A group around reductions over the channels, from its first reduction on."""
        if not isinstance(node.op, REDUCTIONS) or node.op.axis != -1:
            return
        groups = {source: self.closed(self.row_group(source), node) for source in self._row_sources(node)}
        found = [each for each in groups.items() if each[1] and all(map(self.addressable, each[1]))]
        if found:
            # Sum and table of an RMSNorm end in one number a token: the whole norm starts at what it squares.
            source, group = next((each for each in found if self._keeps_width(*each)), found[0])
            before = self._row_head(source, group)
            nodes = (*before, *group, *self._row_tail(group))
            inputs = self._inputs_of(nodes) if before else (source,)
            self._take(Row("", self.graph, nodes, inputs, nodes[-1].output, self.clock_mhz))

    def _row_head(self, source: str, group: tuple[Node, ...]) -> tuple[Node, ...]:
        """The element-wise nodes that only the group reads, such as the residual sum that a LayerNorm follows."""
        before = tuple(n for n in self._join_upstream(group) if n not in group)
        shape = self.graph.tensors[source].shape
        same = all(self.graph.tensors[i].shape == shape for i in self._inputs_of(before))
        return before if same and all(map(self.addressable, before)) else ()

    def _inputs_of(self, nodes: tuple[Node, ...]) -> tuple[str, ...]:
        """What computed tensors a group reads from outside."""
        inside = {n.output for n in nodes}
        return tuple(dict.fromkeys(i for n in nodes for i in self.dynamic(n) if i not in inside))

    def _keeps_width(self, source: str, group: tuple[Node, ...]) -> bool:
        return self.graph.tensors[source].shape == self.graph.tensors[group[-1].output].shape

    def _row_sources(self, node: Node) -> list[str]:
        """The reduced tensor, then, while element-wise nodes alone stand behind it, what it is computed from."""
        sources = [node.inputs[0]]
        while (before := self.graph.producers.get(sources[-1])) is not None:
            dynamic = self.dynamic(before)
            if before.output in self.taken or not isinstance(before.op, ELEMENTWISE) or len(dynamic) != 1:
                break
            sources.append(dynamic[0])
        return sources

    def _row_tail(self, group: tuple[Node, ...]) -> tuple[Node, ...]:
        inside = {n.output for n in group}
        return tuple(n for n in self.tail(group[-1].output) if n.output not in inside)

    def _elementwise(self, node: Node) -> None:
        """A node and the element-wise nodes around it that only it connects, over streams of one shape or one token."""
        if not isinstance(node.op, ELEMENTWISE):
            return
        nodes = self._join_upstream((self._last_of(node),))
        inputs = self._inputs_of(nodes)
        shape = self.graph.tensors[nodes[-1].output].shape
        streams = [self.graph.tensors[i].shape for i in inputs]
        others = [each for each in streams if each != shape]
        one_token = all(each[-1:] == shape[-1:] and math.prod(each[:-1]) == 1 for each in others)
        if len(others) < len(streams) and one_token and all(map(self.addressable, nodes)):
            self._take(Elementwise("", self.graph, nodes, inputs, nodes[-1].output, self.clock_mhz))

    def _last_of(self, node: Node) -> Node:
        """Follow single element-wise readers to the end of the group."""
        while (reader := self.only_reader(node.output)) is not None and isinstance(reader.op, ELEMENTWISE):
            node = reader
        return node

    def _join_upstream(self, last: tuple[Node, ...]) -> tuple[Node, ...]:
        """``last`` and the free element-wise nodes that feed nothing else, in graph order."""
        group, frontier = {n.output: n for n in last}, list(last)
        while frontier:
            for id in self.dynamic(frontier.pop()):
                before = self.graph.producers.get(id)
                if before is None or id in self.taken or id in group or not isinstance(before.op, ELEMENTWISE):
                    continue
                if all(r.output in group for r in self.graph.consumers[id]) and id not in self.graph.outputs:
                    group[id] = before
                    frontier.append(before)
        return tuple(sorted(group.values(), key=lambda n: self.position[n.output]))
