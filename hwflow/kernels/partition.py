"""Covers the integer graph with kernels, kind after kind; the matches are in ``*_match.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, Node
from hwflow.ir.ops import MatMul, Transpose
from hwflow.kernels.attention_match import AttentionMatcher
from hwflow.kernels.base import Kernel
from hwflow.kernels.port_order import movement_at_outputs
from hwflow.kernels.product_match import ProductMatcher
from hwflow.kernels.route_match import RouteMatcher
from hwflow.kernels.row_match import RowMatcher
from hwflow.limits import LIMITS
from hwflow.passes.movement import PERMUTATIONS, in_order


def partition(graph: Graph, clock_mhz: float) -> list[Kernel]:
    """Kernels in topological order, without forks and channels. UserError names nodes that no kernel covers."""
    return _Partition(graph, clock_mhz).run()


class _Partition(AttentionMatcher, ProductMatcher, RowMatcher, RouteMatcher):
    def run(self) -> list[Kernel]:
        """Match kind after kind; later kinds see what earlier ones left."""
        first = (self._frame_norm, self._window, self._resize)
        kinds = (self._attention, self._linear, self._token_mix, self._pool, self._row, self._elementwise)
        for match in (*first, *kinds, self._slice, self._concat, self._lookup):
            for node in self.graph.nodes:
                if node.output not in self.taken:
                    match(node)
        self._check_cover()
        self._check_lengths()
        ordered = sorted(self.kernels, key=lambda k: self.position[k.nodes[-1].output])
        return [replace(k, name=f"k{i}_{k.kind}") for i, k in enumerate(ordered)]

    def _check_cover(self) -> None:
        ports = movement_at_outputs(self.graph)
        nodes = (n for n in self.graph.nodes if n.output not in self.taken and n.output not in ports)
        left = [n for n in nodes if not self._is_wire(n)]
        if left:
            names = [
                f"{type(n.op).__name__} {list(self.graph.tensors[n.output].shape)} "
                f"({self.graph.names.get(n.output, n.output)!r})"
                for n in left[:20]
            ]
            raise UserError(
                "model",
                f"{len(left)} node(s) that no hardware kernel covers: {'; '.join(names)}",
                "layers, convolutions, attention, norms, pools, slices, concatenations, element-wise ops on tokens",
                _remedy(self.graph, left),
            )

    def _check_lengths(self) -> None:
        """The stages of a pipeline are those of all its ops, one after the other at worst."""
        longest = max(self.kernels, key=lambda kernel: len(kernel.nodes), default=None)
        if longest is not None and len(longest.nodes) > LIMITS.kernel_nodes:
            raise UserError(
                f"tensor {self.graph.names.get(longest.output, longest.output)!r}",
                f"{len(longest.nodes)} operations in a row without a layer between them",
                f"at most {LIMITS.kernel_nodes}, the ops of one kernel",
                "Leave out those that do nothing.",
            )

    def _is_wire(self, node: Node) -> bool:
        """A movement that keeps the row-major order needs no hardware."""
        return isinstance(node.op, PERMUTATIONS) and in_order(self.trace(node.output)[1])


def _remedy(graph: Graph, left: Sequence[Node]) -> str:
    """What to do about nodes without a kernel, in the words of what users meant by them."""
    advice = []
    if any(isinstance(n.op, Transpose) and n.inputs[0] in graph.inputs for n in left):
        advice.append("Leave out the Transpose at an input: tokens or pixels pass one by one, channels last.")
    products = [n for n in left if isinstance(n.op, MatMul) and not any(graph.tensors[i].is_constant for i in n.inputs)]
    if products:
        advice.append("Attention has a softmax, and as many heads of keys and values as of queries.")
    return " ".join(advice) or "Rewrite the nodes named."
