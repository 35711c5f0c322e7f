"""C++ of element-wise and row functions from the integer nodes that they cover.

Every node becomes one statement on exact ``ap_fixed`` types: the compiler has nothing left to round.
Names are made of tensor ids only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from hwflow.ir.graph import Graph, Node, Tensor
from hwflow.ir.ops import Add, Clamp, Mul, ReduceMax, ReduceSum, Requantise, Shift, Sub, Table
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HlsWeight

Operand = Callable[[str], str]
_INFIX: dict[type, str] = {Add: "+", Sub: "-", Mul: "*"}


def cpp_type(type: FixedType, requantise: Requantise | None = None) -> str:
    """The ``ap_fixed`` of a type; with the modes of a requantiser where one assigns to it."""
    modes = ""
    if requantise is not None:
        rounding = "AP_RND_CONV" if requantise.rounding == "half_even" else "AP_TRN"
        modes = f", {rounding}, {'AP_SAT_SYM' if requantise.narrow else 'AP_SAT'}"
    return f"{'ap_fixed' if type.signed else 'ap_ufixed'}<{type.width}, {type.integer_bits}{modes}>"


def literal(tensor: Tensor) -> str:
    """A scalar constant, exactly: integers below 2**53 and powers of two survive a double."""
    assert tensor.values is not None
    return f"{cpp_type(tensor.type)}({float(int(tensor.values.ravel()[0])) * tensor.type.step!r})"


def config(name: str, numbers: dict[str, int], types: dict[str, FixedType], body: str) -> str:
    """A CONFIG struct."""
    lines = [f"    static const unsigned {key} = {value};" for key, value in numbers.items()]
    lines += [f"    typedef {cpp_type(type)} {key};" for key, type in types.items()]
    return f"struct {name} {{\n" + "\n".join(lines) + f"\n{body}}};\n"


class FunctionWriter:
    """Writes the functions of one kernel's CONFIG and collects the constants that they read."""

    def __init__(self, kernel: str, graph: Graph) -> None:
        self.kernel, self.graph = kernel, graph
        self._tables: dict[str, HlsWeight] = {}

    @property
    def tables(self) -> tuple[HlsWeight, ...]:
        """Constants read by name."""
        return tuple(self._tables.values())

    def element(self, nodes: Sequence[Node], inputs: Sequence[str], output: str, name: str = "apply") -> str:
        """``name(inputs..., token, n)``: one element. ``output`` gives the type of the result, moved or not."""
        types = {i: self.graph.tensors[i].type for i in inputs}
        arguments = [f"const {cpp_type(type)} &{id}" for id, type in types.items()]
        result = cpp_type(self.graph.tensors[output].type)
        lines = [f"const {self._type(node)} {node.output} = {self._expression(node, self._scalar)};" for node in nodes]
        signature = f"static {result} {name}({', '.join([*arguments, 'unsigned token', 'unsigned n'])})"
        return function(signature, [*lines, f"return {nodes[-1].output if nodes else inputs[0]};"])

    def row(self, nodes: Sequence[Node], sources: Sequence[str], output: str) -> str:
        """``row(in..., out, head, token)``: one token with reductions over its elements."""
        width = self.graph.tensors[sources[0]].shape[-1]
        lines: list[str] = []
        for node in nodes:
            lines += self._row_statement(node, width)
        lines += [f"for (unsigned n = 0; n < {self._width(output)}; n++)", f"    out[n] = {output}[n];"]
        inputs = ", ".join(f"const {cpp_type(self.graph.tensors[id].type)} *{id}" for id in sources)
        result = cpp_type(self.graph.tensors[output].type)
        signature = f"static void row({inputs}, {result} *out, unsigned head, unsigned token)"
        return function(signature, lines)

    def _row_statement(self, node: Node, width: int) -> list[str]:
        size, type = self._width(node.output), self._type(node)
        declare = [f"{type} {node.output}[{size}];", f"#pragma HLS ARRAY_PARTITION variable = {node.output} complete"]
        if isinstance(node.op, (ReduceSum, ReduceMax)):
            call = "sum" if isinstance(node.op, ReduceSum) else "max"
            inner = (
                type if call == "sum" else cpp_type(self.graph.tensors[node.inputs[0]].type)
            )  # holds the smaller ones
            return [*declare, f"{node.output}[0] = hwflow::Tree<{inner}, {width}>::{call}({node.inputs[0]});"]
        return [
            *declare,
            f"for (unsigned n = 0; n < {size}; n++) {{",
            "#pragma HLS UNROLL",
            f"    {node.output}[n] = {self._expression(node, self._in_row)};",
            "}",
        ]

    def _expression(self, node: Node, operand: Operand) -> str:
        op = node.op
        if type(op) in _INFIX:
            return f" {_INFIX[type(op)]} ".join(operand(i) for i in node.inputs)
        value, source = operand(node.inputs[0]), self.graph.tensors[node.inputs[0]].type
        if isinstance(op, Requantise):
            return "0" if _vanishes(op, source, self.graph.tensors[node.output].type) else value
        if isinstance(op, Shift):
            return f"hwflow::reinterpret<{self._type(node)}>({value})"
        if isinstance(op, Clamp):
            return self._clamp(op, value, source, self._type(node))
        if isinstance(op, Table):
            return f"{self._constant(node.inputs[1])}[hwflow::address({value})]"
        raise NotImplementedError(f"{type(op).__name__} is not element-wise")

    @staticmethod
    def _clamp(op: Clamp, value: str, source: FixedType, result: str) -> str:
        source = op.compared(source)
        text, at = value, cpp_type(source)
        if op.lo is not None:
            inner = result if op.hi is None else at
            text = f"hwflow::at_least<{inner}, {at}>({text}, {float(max(op.lo, source.lo)) * source.step!r})"
        if op.hi is not None:
            text = f"hwflow::at_most<{result}, {at}>({text}, {float(min(op.hi, source.hi)) * source.step!r})"
        return text

    def _scalar(self, id: str) -> str:
        return self._indexed(id) if self.graph.tensors[id].is_constant else id

    def _in_row(self, id: str) -> str:
        tensor = self.graph.tensors[id]
        return self._indexed(id) if tensor.is_constant else f"{id}[{'n' if tensor.shape[-1] > 1 else '0'}]"

    def _indexed(self, id: str) -> str:
        """A constant at (head, token, n); axes of size 1 broadcast."""
        tensor = self.graph.tensors[id]
        if tensor.size == 1:
            return literal(tensor)
        position = "0"
        for size, index in zip(tensor.shape[-3:], ("head", "token", "n")[-len(tensor.shape) :], strict=True):
            position = position if size == 1 else index if position == "0" else f"({position}) * {size} + {index}"
        return f"{self._constant(id)}[{position}]"

    def _constant(self, id: str) -> str:
        tensor = self.graph.tensors[id]
        assert tensor.values is not None
        name = f"{self.kernel}_{id}"
        self._tables[id] = HlsWeight(name, tensor.values, tensor.type)
        return name

    def _width(self, id: str) -> int:
        return self.graph.tensors[id].shape[-1]

    def _type(self, node: Node) -> str:
        requantise = node.op if isinstance(node.op, Requantise) else None
        return cpp_type(self.graph.tensors[node.output].type, requantise)


def _vanishes(op: Requantise, source: FixedType, target: FixedType) -> bool:
    """Whether nothing is left: all lies below half a step, whose rounding makes ap_fixed read a bit that it has not.

    Or the target has a sign alone, of which the symmetric range leaves the zero; AP_SAT_SYM lets -1 pass there.
    """
    below_half = op.rounding == "half_even" and source.frac - target.frac > source.width
    return below_half or (op.narrow and target.signed and target.width == 1)


def combine(op: str, acc: FixedType, element: FixedType) -> str:
    """``combine(acc, x)`` of a pooling kernel: sum or max."""
    a, x = cpp_type(acc), cpp_type(element)
    expression = f"{a}(acc + x)" if op == "sum" else f"acc < {a}(x) ? {a}(x) : acc"
    return function(f"static {a} combine(const {a} &acc, const {x} &x)", [f"return {expression};"])


def function(signature: str, lines: Iterable[str]) -> str:
    """A static function of a CONFIG."""
    body = "\n".join(line if line.startswith("#") else f"        {line}" for line in lines)
    return f"    {signature} {{\n#pragma HLS INLINE\n{body}\n    }}\n"


def reorder_weights(values: np.ndarray, beats: int, pe: int, simd: int) -> np.ndarray:
    """Weights (beats * in, out) in the order in which a folded linear kernel reads them."""
    rows, out = values.shape
    blocks = values.reshape(beats, rows // beats // simd, simd, out // pe, pe)
    return np.ascontiguousarray(blocks.transpose(0, 3, 1, 4, 2)).ravel()
