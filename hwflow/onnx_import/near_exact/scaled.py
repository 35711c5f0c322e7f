"""The scale that each value of the graph is kept in, and the nodes that change it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.grid import Reals, compress, to_dyadic
from hwflow.onnx_import.near_exact.queries import operand
from hwflow.onnx_import.rewrite import Replacement
from hwflow.onnx_import.values import dyadic

_ONE = np.asarray(1.0)
_EXACT_BITS = 51  # of a product, so that a sum of some stays below the 53 that a double holds


@dataclass(frozen=True)
class Scaled:
    """What stands for a value ``v = scale * e`` of the original.

    ``scale``: a number, or an array that broadcasts against e. ``frac``: fraction bits of e, if known.
    ``whole``: an upper bound of its bits in front of the point, the sign included. ``narrow``: few enough bits for a
    table. ``is_function``: e is a real function in front of its quantiser. ``port``: the graph input that e moves.
    """

    scale: Reals = field(default_factory=lambda: _ONE)
    frac: int | None = None
    whole: int = 0
    narrow: bool = False
    is_function: bool = False
    port: str | None = None

    @property
    def bits(self) -> int:
        """An upper bound of the bits of e."""
        return self.whole + (self.frac or 0)

    @property
    def is_unit(self) -> bool:
        """Whether e is v."""
        return bool(np.all(self.scale == 1))


def bits_of(array: np.ndarray) -> int:
    """Bits in front of the point that a factor or term can add to; negative for a small one."""
    largest = float(np.abs(array).max(initial=0.0))
    return math.floor(math.log2(largest)) + 1 if largest else 0


class Scales:
    """Scales of all values so far, and counts for the report."""

    def __init__(self, context: Context) -> None:
        self.context, self.options = context, context.options
        self.of: dict[ir.Value | None, Scaled] = {}
        self.seen: set[ir.Node] = set()  # nodes that were visited, or made
        self.input_scales: dict[str, float] = {}
        self.quantisers = self.multipliers = self.biases = self.weights = 0

    def constant(self, node: ir.Node, index: int, array: np.ndarray) -> None:
        """Give a node another constant operand."""
        value = Replacement(self.context.graph, node).const(np.asarray(array, np.float32))
        node.replace_input_with(index, value)

    def rescale(self, node: ir.Node, index: int, target: Reals, tables: bool = False) -> Scaled:
        """Bring an operand to the scale ``target`` by a dyadic multiplier.

        With ``tables`` a narrow operand takes the real factor: what follows it becomes a table.
        """
        value = operand(node, index)
        old = self.of[value]
        ratio = compress(old.scale / target)
        if np.all(ratio == 1):
            return old
        in_table = old.is_function or (tables and old.narrow and ratio.ndim == 0)
        product = self.multiply(node, value, ratio, target, in_table)
        node.replace_input_with(index, product)
        return self.of[product]

    def multiply(self, node: ir.Node, value: ir.Value, ratio: Reals, target: Reals, in_table: bool = False) -> ir.Value:
        """``value * ratio`` in front of a node, of the scale ``target``; dyadic unless it is part of a table."""
        r = Replacement(self.context.graph, node)
        old = self.of[value]
        if not in_table:
            value, old = self._narrowed(r, node, value, old)
        factor = np.asarray(ratio if in_table else to_dyadic(ratio, self.options.multiplier_bits), np.float32)
        product = r.op("Mul", value, r.const(factor, "multiplier"))
        product.name = f"{node.outputs[0].name}/scaled_{value.name}"
        product.shape, product.dtype = value.shape, ir.DataType.FLOAT
        self.seen.update(r.nodes)
        self.multipliers += not in_table
        frac = None if old.frac is None or in_table else old.frac + dyadic(factor)[1]
        self.of[product] = Scaled(compress(target), frac, old.whole + bits_of(factor), is_function=in_table)
        return product

    def _narrowed(self, r: Replacement, node: ir.Node, value: ir.Value, old: Scaled) -> tuple[ir.Value, Scaled]:
        """A value that the multiplier would take beyond 53 bits loses its last ones first."""
        room = _EXACT_BITS - self.options.multiplier_bits
        if old.frac is None or old.bits <= room:
            return value, old
        frac = room - old.whole
        rounded = r.quant(value, 2.0**-frac, room)
        rounded.name = f"{node.outputs[0].name}/rounded_{value.name}"
        rounded.shape, rounded.dtype = value.shape, ir.DataType.FLOAT
        return rounded, replace(old, frac=frac)

    def real(self, node: ir.Node, index: int) -> Scaled:
        """Bring an operand back to the units of the original."""
        return self.rescale(node, index, _ONE, tables=True)

    def uniform(self, node: ir.Node, index: int, *axes: int, shared: bool = False) -> Scaled:
        """Bring an operand to one scale along axes counted from the end; ``shared``: whoever else reads it too."""
        value = operand(node, index)
        scale = self.of[value].scale
        if all(-axis > scale.ndim or scale.shape[axis] == 1 for axis in axes):
            return self.of[value]
        found = self.rescale(node, index, np.asarray(scale.max()))
        if shared and not value.is_graph_output():
            for reader in [use.node for use in value.uses() if use.node not in self.seen]:
                for at, read in enumerate(reader.inputs):
                    if read is value:
                        reader.replace_input_with(at, operand(node, index))
        return found

    def drop(self, node: ir.Node, value: ir.Value) -> None:
        """Remove a node whose effect the scale of ``value`` has taken over."""
        node.outputs[0].replace_all_uses_with(value)
        self.context.graph.remove(node, safe=True)
