"""Turns a simplified ONNX model into the integer graph, and proves what float32 can hold.

Every ONNX value becomes a ``Symbol``; handlers, one file per kind of op, add integer nodes. A value whose computation
can meet an integer of 24 bits or more is recorded as wide: float32 would round it, so golden.onnx computes it in
double (up to 53 bits; beyond that the model is refused and the tensor named).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph, Op
from hwflow.ir.ops import Add, Mul, Requantise, Reshape, Shift, Sub
from hwflow.ir.rounding import PortRounding
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.fold import QUANTISED_BY
from hwflow.onnx_import.lookup import ChainTable
from hwflow.onnx_import.problems import NotQuantised, Problems, Unsupported, advice
from hwflow.onnx_import.quantiser import exact_quantiser, is_quant
from hwflow.onnx_import.simplify import REWRITTEN_OPS
from hwflow.onnx_import.values import Constant, RawInput, Source, Symbol, Value, first_unit_axis

FLOAT32_EXACT = 1 << 24
FLOAT64_EXACT = 1 << 53
MAX_FRACTION = 60  # no value, and no value over a scale, leaves the range of normal float32 numbers


@dataclass(frozen=True)
class Imported:
    """``graph``; ``wide``: ONNX value name -> largest integer met, where that needs more than 24 bits;
    ``names``: ONNX value name -> tensor id, for every value that is a tensor of the graph;
    ``tables``: the functions that became tables, by the name of the quantised value."""

    graph: Graph
    wide: dict[str, int]
    names: dict[str, str]
    tables: dict[str, ChainTable]


class Importer:
    """One walk over a model. Handlers use the methods below."""

    def __init__(self, model: ir.Model, limits: Limits = LIMITS) -> None:
        self.model, self.limits = model, limits
        self.builder = GraphBuilder(limits)
        self.symbols: dict[ir.Value, Symbol] = {}
        self.inputs: dict[str, tuple[str, object]] = {}
        self.ports: dict[str, str] = {}
        self.roundings: dict[str, PortRounding] = {}  # of ports that are not rounded half to even
        self.rows: dict[str, int] = {}  # of the tables that the tokens of a port name
        self.products: dict[str, int] = {}  # see ``product``
        self.wide: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.tables: dict[str, ChainTable] = {}

    def run(self) -> Imported:
        """The integer graph. UserError lists every node that has no exact form."""
        graph, problems = self.model.graph, Problems()
        for value in graph.inputs:
            shape = value.shape.numpy() if value.shape is not None else ()
            is_tokens = value.dtype not in (ir.DataType.FLOAT, None)
            self.symbols[value] = RawInput(value.name or "", shape, shape, is_tokens=is_tokens)
        for value in graph.initializers.values():
            if value.const_value is not None:
                self.symbols[value] = Constant(value.const_value.numpy())
        for position, node in enumerate(graph):
            self._visit(position, node, problems)
        ports = [self._port(value, problems) for value in graph.inputs]
        outputs: list[str] = []
        for value in graph.outputs:
            outputs.append(self._output(value, problems, (*ports, *outputs)))
        problems.raise_if_any()
        built = self.builder.build(outputs)
        integer = replace(built, inputs=tuple(ports), roundings=self.roundings, rows=self.rows)
        names = {name: id for name, id in self.names.items() if id in integer.tensors}
        return Imported(integer, self.wide, names, self.tables)

    def _visit(self, position: int, node: ir.Node, problems: Problems) -> None:
        from hwflow.onnx_import.handlers import HANDLERS  # handlers import this module

        handler = HANDLERS.get("Quant" if is_quant(node) else node.op_type if node.domain in ("", "ai.onnx") else "")
        try:
            is_behind = any(v is not None and v not in self.symbols for v in node.inputs)
            if handler is None and is_behind and node.op_type in REWRITTEN_OPS:
                return  # it has no handler only because the shape of what is refused is not known
            if handler is None:
                raise Unsupported(advice(node.op_type))
            self._check_sizes(node)
            if is_quant(node):
                exact_quantiser(node)
            if is_behind:
                return  # behind a node that is refused: what it computes is not known
            for output, symbol in zip(node.outputs, handler(self, node), strict=False):
                self.symbols[output] = symbol
                if isinstance(symbol, Value) and symbol.id is not None and output.name:
                    self.names[output.name] = symbol.id
                    self.builder.name(symbol.id, output.name)
        except NotQuantised as refusal:
            problems.add(position, node, _by_quantiser(node) or str(refusal))
        except (Unsupported, UserError) as refusal:
            problems.add(position, node, str(refusal))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            problems.add(position, node, f"its inputs or attributes do not fit it ({type(error).__name__}: {error})")

    def _check_sizes(self, node: ir.Node) -> None:
        """Before anything of that size is made: a few bytes can ask for terabytes."""
        for output in node.outputs:
            if output.shape is not None and output.shape.is_static() and 0 not in output.shape.numpy():
                self.limits.check_shape("what it computes", output.shape.numpy())

    def _port(self, value: ir.Value, problems: Problems) -> str:
        """The graph input of an ONNX input. They keep the order of the model file."""
        name = value.name or ""
        if name not in self.ports:
            if not value.uses():
                problems.lines.append(f"input {name!r}: nothing reads it; export the model without it")
            return ""
        return self.ports[name]

    def _output(self, value: ir.Value, problems: Problems, ports: Collection[str]) -> str:
        """A tensor of its own, under its own name: what another port has is passed through."""
        symbol, name = self.symbols.get(value), value.name or ""
        if isinstance(symbol, Value) and symbol.id is not None:
            id = self.builder.add(Shift(0), symbol.id) if symbol.id in ports else symbol.id
            self.names[name] = id
            self.builder.rename(id, name)
            return id
        if symbol is not None:
            problems.lines.append(f"output {value.name!r}: not quantised; put a quantiser in front of it")
        return ""

    def emit(self, name: str, op: Op, *inputs: str) -> str:
        """Add a node on behalf of the ONNX value ``name`` and prove its precision."""
        id = self.builder.add(op, *inputs)
        frac = self.builder.tensor(id).type.frac
        peak = max(self.builder.peak(id), self._fused(op, id, inputs))
        if abs(frac) > MAX_FRACTION:
            most = f"2**-{MAX_FRACTION} to 2**{MAX_FRACTION}"
            raise Unsupported(f"its step is 2**{-frac}; steps from {most} are supported")
        if peak >= FLOAT64_EXACT:
            found = f"it reaches {peak} (over 53 bits), which no float holds"
            raise Unsupported(f"{found}; quantise its inputs to fewer bits")
        if peak >= FLOAT32_EXACT and not isinstance(op, Requantise):
            self.wide[name] = max(peak, self.wide.get(name, 0))
        return id

    def product(self, id: str, peak: int, source: str) -> None:
        """Remember the partial sums of a product where some number of ``source`` is never 0.

        Only there they can pass the bounds of the product, and of what is added to it.
        """
        bounds = self.builder.bounds(source)
        if np.any((bounds.lo > 0) | (bounds.hi < 0)):
            self.products[id] = peak

    def _fused(self, op: Op, id: str, inputs: tuple[str, ...]) -> int:
        """Largest partial sum where a runtime takes a factor or term into the product in front of it, else 0.

        onnxruntime makes one kernel of Conv or MatMul and the Mul and Add behind: its sums may start from the bias.
        """
        if not isinstance(op, (Add, Sub, Mul)) or not any(i in self.products for i in inputs):
            return 0
        peaks = [self.products.get(i) or int(self.builder.bounds(i).magnitude.max()) for i in inputs]
        frac = self.builder.tensor(id).type.frac
        steps = [1 if isinstance(op, Mul) else 1 << (frac - self.builder.tensor(i).type.frac) for i in inputs]
        terms = [peak * step for peak, step in zip(peaks, steps, strict=True)]
        self.products[id] = math.prod(terms) if isinstance(op, Mul) else sum(terms)
        return self.products[id]

    def own_source(self, id: str, name: str) -> Source | None:
        """The tensor as the start of a unary chain, if a table over its integers is small enough."""
        return Source(id, name) if self.builder.tensor(id).type.width <= self.limits.table_bits else None

    def full(self, value: Value) -> str:
        """The integer tensor in its whole ONNX shape, the batch axis included."""
        assert value.id is not None
        return value.id if value.batch is None else self.reshape(value.id, value.shape)

    def reshape(self, id: str, shape: tuple[int, ...]) -> str:
        """The tensor in another shape; a constant needs no node."""
        tensor = self.builder.tensor(id)
        if tensor.values is None:
            return self.builder.add(Reshape(shape), id)
        return self.builder.constant(tensor.values.reshape(shape), tensor.type.frac, tensor.type)

    def settle(self, id: str, shape: tuple[int, ...]) -> tuple[str, int | None]:
        """Leave out the first axis of size 1 of a tensor in full shape."""
        batch = first_unit_axis(shape)
        if batch is None:
            return id, None
        index = len(shape) + batch
        return self.reshape(id, shape[:index] + shape[index + 1 :]), batch


def _by_quantiser(node: ir.Node) -> str:
    """Why a constant that was quantised lies on no grid; empty if nothing quantised it."""
    names = [value.meta[QUANTISED_BY] for value in node.inputs if value is not None and QUANTISED_BY in value.meta]
    advice = "train with power-of-two scales or use near-exact mode"
    return f"its constant is quantised by {names[0]!r}, whose scale is not one power of two; {advice}" if names else ""


def import_integer_graph(model: ir.Model, limits: Limits = LIMITS) -> Imported:
    """The integer graph of a simplified model."""
    return Importer(model, limits).run()
