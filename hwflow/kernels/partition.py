"""Covers the integer graph with kernels, in the order: attention, products and pools, rows, element-wise groups."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import Concat, Lookup, MatMul, Mul, Reshape, Slice, Window
from hwflow.kernels.attention import Attention
from hwflow.kernels.base import Kernel, beats
from hwflow.kernels.concat import ConcatChannels, ConcatTokens
from hwflow.kernels.elementwise import Elementwise
from hwflow.kernels.frame_norm import FrameNorm
from hwflow.kernels.linear import Linear
from hwflow.kernels.lookup import Lookup as LookupKernel
from hwflow.kernels.match import REDUCTIONS, Matcher, split_heads
from hwflow.kernels.pool import Pool
from hwflow.kernels.reshape import Join, Split
from hwflow.kernels.row import Row
from hwflow.kernels.slice import Slice as SliceKernel
from hwflow.kernels.token_mix import TokenMix
from hwflow.kernels.window import Window as WindowKernel
from hwflow.passes.movement import ELEMENTWISE, PERMUTATIONS, in_order, trace


def partition(graph: Graph, clock_mhz: float) -> list[Kernel]:
    """Kernels in topological order, without forks and channels. UserError names nodes that no kernel covers."""
    return _Partition(graph, clock_mhz).run()


class _Partition(Matcher):
    def __init__(self, graph: Graph, clock_mhz: float) -> None:
        super().__init__(graph)
        self.clock_mhz = clock_mhz
        self.kernels: list[Kernel] = []

    def run(self) -> list[Kernel]:
        """Match kind after kind; later kinds see what earlier ones left."""
        first = (self._frame_norm, self._window, self._resize)
        kinds = (self._attention, self._linear, self._token_mix, self._pool, self._row, self._elementwise)
        for match in (*first, *kinds, self._slice, self._concat, self._lookup):
            for node in self.graph.nodes:
                if node.output not in self.taken:
                    match(node)
        self._check_cover()
        ordered = sorted(self.kernels, key=lambda k: self.position[k.nodes[-1].output])
        return [replace(k, name=f"k{i}_{k.kind}") for i, k in enumerate(ordered)]

    def _take(self, kernel: Kernel) -> None:
        self.kernels.append(kernel)
        self.taken.update(n.output for n in kernel.nodes)
        self.ends.add(kernel.output)

    def _resize(self, node: Node) -> None:
        """Tokens as several narrower ones, or back; a product gathers its tokens without help."""
        if not isinstance(node.op, Reshape):
            return
        source, output = self.graph.tensors[node.inputs[0]], self.graph.tensors[node.output]
        if len(source.shape) != 2 or len(output.shape) != 2 or output.shape[0] == 1 or source.is_constant:
            return
        wide, narrow = source.shape[1], output.shape[1]
        if wide > narrow and wide % narrow == 0:
            self._take(Split("", self.graph, (node,), (source.id,), output.id, self.clock_mhz, head=node))
        elif wide < narrow and narrow % wide == 0 and not self._gathered(output.id):
            self._take(Join("", self.graph, (node,), (source.id,), output.id, self.clock_mhz, head=node))

    def _gathered(self, id: str) -> bool:
        """Whether products with constants alone read a tensor."""
        readers = self.graph.consumers.get(id, ())
        products = [r for r in readers if isinstance(r.op, MatMul) and self.graph.tensors[r.inputs[1]].is_constant]
        return 0 < len(products) == len(readers) and id not in self.graph.outputs

    def _attention(self, node: Node) -> None:
        """``node`` is the product of scores: rows between it and the product of the context, heads by addressing."""
        if not isinstance(node.op, MatMul) or len(self.dynamic(node)) != 2:
            return
        row = self.row_group(node.output)
        exits = self.exits(row)
        context = self.only_reader(exits[0]) if len(exits) == 1 else None
        if context is None or not isinstance(context.op, MatMul) or context.inputs[0] != exits[0]:
            return
        (q, q_at, q_moves), (k, k_at, k_moves) = (self.trace(i) for i in node.inputs)
        v, v_at, v_moves = self.trace(context.inputs[1])
        widths = [self.graph.tensors[i].shape[-1] for i in (q, k, v)]
        heads = {split_heads(at, w) for at, w in zip((q_at, np.swapaxes(k_at, -1, -2), v_at), widths, strict=True)}
        (count,) = heads if len(heads) == 1 else (None,)
        inner = self.tail(context.output, per_channel=False)
        after = None if count is None else self._joining(inner[-1] if inner else context, context, count)
        if count is None or after is None:
            return
        outer = self.tail(after[-1].output) if after else ()
        nodes = (*q_moves, *k_moves, *v_moves, node, *row, context, *inner, *after, *outer)
        output = nodes[-1].output
        tail = (*inner, *outer) if not after or not outer else self._joined(inner, after, outer)
        self._take(
            Attention(
                "", self.graph, tuple(dict.fromkeys(nodes)), (q, k, v), output, self.clock_mhz,
                heads=count, scores=node, context=context, row_nodes=row, tail=tail,
            )
        )  # fmt: skip

    def _joining(self, last: Node, context: Node, heads: int) -> tuple[Node, ...] | None:
        """The movement behind ``last`` that joins the heads, as long as possible; what follows it is the reader's."""
        after = self.movement_after(last.output)
        parts = (after[:end] for end in range(len(after), -1, -1))
        return next((part for part in parts if self._joins_heads(context, part, heads)), None)

    def _joins_heads(self, context: Node, after: tuple[Node, ...], heads: int) -> bool:
        """Whether (H, T, d) leaves as tokens of H * d elements."""
        shape = self.graph.tensors[context.output].shape
        tokens, each = shape[-2:]
        order = np.arange(heads * tokens * each)
        end = after[-1].output if after else context.output
        if after:
            order = trace(self.graph.producers, self.graph.tensors, end, {after[0].inputs[0]})[1].ravel()
        joined = np.arange(order.size).reshape(heads, tokens, each).transpose(1, 0, 2).ravel()
        return self.graph.tensors[end].shape[-1] == heads * each and np.array_equal(order, joined)

    def _joined(self, inner: tuple[Node, ...], after: tuple[Node, ...], outer: tuple[Node, ...]) -> tuple[Node, ...]:
        """The tail as one chain: the first node behind the movement reads what went into it."""
        before = after[0].inputs[0]
        first = replace(outer[0], inputs=tuple(before if i == after[-1].output else i for i in outer[0].inputs))
        return (*inner, first, *outer[1:])

    def _linear(self, node: Node) -> None:
        """A constant on the right, of tokens in order or of the flattened frame."""
        if not isinstance(node.op, MatMul) or not self.graph.tensors[node.inputs[1]].is_constant:
            return
        base, positions, moves = self.trace(node.inputs[0])
        weights, source = self.graph.tensors[node.inputs[1]], self.graph.tensors[base]
        if len(weights.shape) != 2 or not in_order(positions) or weights.shape[0] % source.shape[-1]:
            return
        tail = self.tail(node.output)
        nodes = (*moves, node, *tail)
        self._take(Linear("", self.graph, nodes, (base,), nodes[-1].output, self.clock_mhz, head=node, tail=tail))

    def _token_mix(self, node: Node) -> None:
        """A constant on the left of tokens in order."""
        if not isinstance(node.op, MatMul) or not self.graph.tensors[node.inputs[0]].is_constant:
            return
        if any(len(self.graph.tensors[i].shape) != 2 for i in node.inputs):
            return
        tail = self.tail(node.output)
        nodes = (node, *tail)
        self._take(
            TokenMix("", self.graph, nodes, (node.inputs[1],), nodes[-1].output, self.clock_mhz, head=node, tail=tail)
        )

    def _window(self, node: Node) -> None:
        """The pixels under a sliding kernel, of an image that comes row by row."""
        if isinstance(node.op, Window) and self._streams(node.inputs[0]):
            self._take(WindowKernel("", self.graph, (node,), node.inputs, node.output, self.clock_mhz))

    def _streams(self, id: str) -> bool:
        """Whether a kernel upstream gives the beats of a tensor as they are."""
        base, positions, _ = self.trace(id)
        return in_order(positions) and self.graph.tensors[base].shape[-1:] == self.graph.tensors[id].shape[-1:]

    def _pool(self, node: Node) -> None:
        """A reduction over the tokens of a frame or of each group, of which a factor per token and channel may come."""
        if not isinstance(node.op, REDUCTIONS) or node.op.axis != -2:
            return
        front = self._factor(node)
        source = self.dynamic(front[0])[0] if front else node.inputs[0]
        if len(self.graph.tensors[source].shape) > 2 and not self._streams(source):
            return
        tail = self.tail(node.output)
        nodes = (*front, node, *tail)
        self._take(
            Pool(
                "", self.graph, nodes, (source,), nodes[-1].output, self.clock_mhz,
                head=node, tail=tail, front=front,
            )
        )  # fmt: skip

    def _factor(self, node: Node) -> tuple[Node, ...]:
        """The product with constants, the same for every group, that ``node`` alone reads; or ()."""
        before, tensors = self.graph.producers.get(node.inputs[0]), self.graph.tensors
        if before is None or not isinstance(before.op, Mul) or before.output in self.taken:
            return ()
        dynamic = self.dynamic(before)
        groups = [t.shape[:-2] for t in self.graph.inputs_of(before) if t.is_constant]
        same = len(dynamic) == 1 and tensors[dynamic[0]].shape == tensors[before.output].shape
        alone = self.only_reader(before.output) is not None
        return (before,) if same and alone and all(set(axes) <= {1} for axes in groups) else ()

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

    def _slice(self, node: Node) -> None:
        """A range of channels or of tokens, in their order."""
        if isinstance(node.op, Slice) and node.op.step > 0:
            inputs, output = node.inputs, node.output
            self._take(SliceKernel("", self.graph, (node,), inputs, output, self.clock_mhz, head=node))

    def _concat(self, node: Node) -> None:
        """Channels or tokens; constants are no ports."""
        if isinstance(node.op, Concat):
            kind = ConcatChannels if node.op.axis == -1 else ConcatTokens
            streams = tuple(i for i in node.inputs if not self.graph.tensors[i].is_constant)
            self._take(kind("", self.graph, (node,), streams, node.output, self.clock_mhz, head=node))

    def _lookup(self, node: Node) -> None:
        """Rows of a constant table by the tokens of one number."""
        if isinstance(node.op, Lookup) and self.dynamic(node) == [node.inputs[0]]:
            inputs = node.inputs[:1]
            self._take(LookupKernel("", self.graph, (node,), inputs, node.output, self.clock_mhz, head=node))

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

    def _check_cover(self) -> None:
        left = [n for n in self.graph.nodes if n.output not in self.taken and not self._is_wire(n)]
        if left:
            names = [
                f"{type(n.op).__name__} {list(self.graph.tensors[n.output].shape)} "
                f"({self.graph.names.get(n.output, n.output)!r})"
                for n in left[:20]
            ]
            raise UserError(
                "model",
                f"{len(left)} node(s) that no hardware kernel covers: {'; '.join(names)}",
                "linear layers, attention, row normalisation, pooling and element-wise ops on tokens",
                "Rewrite the nodes named.",
            )

    def _is_wire(self, node: Node) -> bool:
        """A movement that keeps the row-major order needs no hardware."""
        return isinstance(node.op, PERMUTATIONS) and in_order(self.trace(node.output)[1])
