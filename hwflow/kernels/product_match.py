"""Finds products with constants, and windows and reductions over tokens."""

from __future__ import annotations

import math

from hwflow.errors import UserError
from hwflow.ir.graph import Node
from hwflow.ir.ops import MatMul, Mul, Window
from hwflow.kernels.linear import Linear
from hwflow.kernels.match import REDUCTIONS, Matcher
from hwflow.kernels.pool import Pool
from hwflow.kernels.token_mix import TokenMix
from hwflow.kernels.window import Window as WindowKernel
from hwflow.passes.movement import in_order


class ProductMatcher(Matcher):
    """Adds the kernels it finds to ``kernels``."""

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
        weights, source = self.graph.inputs_of(node)
        if len(weights.shape) != 2 or math.prod(source.shape[:-2]) != 1 or not self._streams(source.id):
            return
        tail = self.tail(node.output)
        nodes = (node, *tail)
        self._take(
            TokenMix("", self.graph, nodes, (node.inputs[1],), nodes[-1].output, self.clock_mhz, head=node, tail=tail)
        )

    def _window(self, node: Node) -> None:
        """The pixels under a sliding kernel, of an image that comes row by row."""
        if isinstance(node.op, Window) and self._streams(node.inputs[0]):
            kernel = WindowKernel("", self.graph, (node,), node.inputs, node.output, self.clock_mhz)
            if not any(kernel.buffer.kept):
                name = self.graph.names.get(node.output, node.output)
                found, expected = "windows that meet padding alone", "at least one row of the image under them"
                raise UserError(f"tensor {name!r}", found, expected, "Leave the layer out: what it gives is constant.")
            self._take(kernel)

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
