"""Finds attention: the product of scores, rows behind it, the product of the context."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hwflow.ir.graph import Node
from hwflow.ir.ops import MatMul
from hwflow.kernels.attention import Attention
from hwflow.kernels.match import Matcher, split_heads
from hwflow.passes.movement import trace


class AttentionMatcher(Matcher):
    """Adds the kernels it finds to ``kernels``."""

    def _attention(self, node: Node) -> None:
        """``node`` is the product of scores: rows between it and the product of the context, heads by addressing."""
        if not isinstance(node.op, MatMul) or len(self.dynamic(node)) != 2:
            return
        row = self.row_group(node.output)
        exits = self.exits(row)
        context = self.only_reader(exits[0]) if len(exits) == 1 else None
        if context is None or not isinstance(context.op, MatMul) or context.inputs[0] != exits[0]:
            return
        if len(self.dynamic(context)) != 2:  # constant values are weights, which no buffer is loaded with
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
        return self.graph.tensors[end].shape[-1:] == (heads * each,) and np.array_equal(order, joined)

    def _joined(self, inner: tuple[Node, ...], after: tuple[Node, ...], outer: tuple[Node, ...]) -> tuple[Node, ...]:
        """The tail as one chain: the first node behind the movement reads what went into it."""
        before = after[0].inputs[0]
        first = replace(outer[0], inputs=tuple(before if i == after[-1].output else i for i in outer[0].inputs))
        return (*inner, first, *outer[1:])
