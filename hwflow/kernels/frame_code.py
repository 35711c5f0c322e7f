"""C++ of functions of a whole frame: what each pass adds up, what follows at its end, what is put out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwflow.ir.graph import Node
from hwflow.ir.ops import ReduceSum
from hwflow.kernels.code import FunctionWriter, cpp_type, function
from hwflow.kernels.match import REDUCTIONS


class FrameWriter(FunctionWriter):
    """Numbers of the frame live in ``state_t``; elements are computed anew in every pass."""

    def passes(self, nodes: Sequence[Node], source: str, level: Mapping[str, int]) -> str:
        """``state_t``, ``measure(pass, x, n, state)``, ``settle(pass, state)`` and ``element(x, n, state)``."""
        single = [node for node in nodes if self._is_single(node.output)]
        fields = [f"    {self._type(node)} {node.output};" for node in single]
        state = "    struct state_t {\n" + "".join(f"    {line}\n" for line in fields) + "    };\n"
        x = f"const {cpp_type(self.graph.tensors[source].type)} &{source}"
        measure, settle = [], []
        for number in range(max(level.values())):
            sums = [n for n in single if isinstance(n.op, REDUCTIONS) and level[n.output] == number + 1]
            rest = [n for n in single if n not in sums and level[n.output] == number + 1]
            measure += self._when(number, [*self._elements(nodes, [n.inputs[0] for n in sums]), *map(self._add, sums)])
            settle += self._when(number, [f"state.{n.output} = {self._expression(n, self._known)};" for n in rest])
        last = nodes[-1].output
        result = cpp_type(self.graph.tensors[last].type)
        return (
            state
            + function(f"static void measure(unsigned pass, {x}, unsigned n, state_t &state)", measure)
            + function("static void settle(unsigned pass, state_t &state)", settle)
            + function(
                f"static {result} element({x}, unsigned n, const state_t &state)",
                [*self._elements(nodes, [last]), f"return {last};"],
            )
        )

    def _is_single(self, id: str) -> bool:
        return self.graph.tensors[id].size == 1

    def _known(self, id: str) -> str:
        tensor = self.graph.tensors[id]
        return self._indexed(id) if tensor.is_constant else f"state.{id}" if self._is_single(id) else id

    def _elements(self, nodes: Sequence[Node], wanted: Sequence[str]) -> list[str]:
        """Statements for elements and what they are computed from."""
        needed, lines = set(wanted), []
        for node in reversed(nodes):
            if node.output in needed and not self._is_single(node.output):
                needed.update(node.inputs)
                lines.append(f"const {self._type(node)} {node.output} = {self._expression(node, self._known)};")
        return lines[::-1]

    def _add(self, node: Node) -> str:
        """The running sum or maximum; ``n`` counts the elements of the frame.

        A term may be far below what the maximum can be, and its type wider: it counts only if it is above.
        """
        total, term, type = f"state.{node.output}", node.inputs[0], self._type(node)
        if isinstance(node.op, ReduceSum):
            return f"{total} = n == 0 ? {type}({term}) : {type}({total} + {term});"
        result = self.graph.tensors[node.output].type
        least = f"{type}({float(result.lo) * result.step!r})"
        return f"{total} = n == 0 ? {least} : {total}; if ({total} < {term}) {total} = {term};"

    @staticmethod
    def _when(number: int, lines: Sequence[str]) -> list[str]:
        return [f"if (pass == {number}) {{", *(f"    {line}" for line in lines), "}"] if lines else []
