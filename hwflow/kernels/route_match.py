"""Finds what only moves beats: other widths, parts, joined streams, rows of a table."""

from __future__ import annotations

from hwflow.ir.graph import Node
from hwflow.ir.ops import Concat, Lookup, MatMul, Reshape, Slice
from hwflow.kernels.concat import ConcatChannels, ConcatTokens
from hwflow.kernels.lookup import Lookup as LookupKernel
from hwflow.kernels.match import Matcher
from hwflow.kernels.reshape import Join, Split
from hwflow.kernels.slice import Slice as SliceKernel


class RouteMatcher(Matcher):
    """Adds the kernels it finds to ``kernels``."""

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
