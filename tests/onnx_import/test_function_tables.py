"""Unary chains become tables, each entry correctly rounded; movement in between changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.ir.graph import Graph
from hwflow.ir.ops import Table
from hwflow.limits import LIMITS
from hwflow.onnx_import.handlers.unary import FUNCTIONS
from hwflow.onnx_import.model import import_model
from tests.support.exact import LEVELS, assert_exact, imported, outputs_at
from tests.support.qonnx import ModelBuilder

Chain = Callable[[ModelBuilder, str], str]


def gelu(m: ModelBuilder, x: str) -> str:
    erf = m.node("Erf", m.node("Div", x, m.const(np.sqrt(2.0))))
    return m.node("Mul", m.node("Mul", x, m.node("Add", erf, m.const(1.0))), m.const(0.5))


def silu(m: ModelBuilder, x: str) -> str:
    return m.node("Mul", x, m.node("Sigmoid", x))


def reciprocal_root(m: ModelBuilder, x: str) -> str:
    square = m.node("Mul", x, x)
    return m.node("Reciprocal", m.node("Sqrt", m.node("Add", square, m.const(1e-5))))


def tanh_gelu(m: ModelBuilder, x: str) -> str:
    cubed = m.node("Mul", m.node("Pow", x, m.const(3.0)), m.const(0.044715))
    inner = m.node("Mul", m.node("Add", x, cubed), m.const(0.7978845608))
    return m.node("Mul", m.node("Mul", x, m.const(0.5)), m.node("Add", m.node("Tanh", inner), m.const(1.0)))


def softplus_of_negative(m: ModelBuilder, x: str) -> str:
    return m.node("Softplus", m.node("Neg", m.node("Clip", x, m.const(-3.0), m.const(1.7))))


CHAINS: dict[str, Chain] = {f.__name__: f for f in (gelu, silu, reciprocal_root, tanh_gelu, softplus_of_negative)}


def tables(graph: Graph) -> int:
    return sum(isinstance(n.op, Table) for n in graph.nodes)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("bits", [6, 10])
def test_a_chain_is_one_table(tmp_path: Path, name: str, bits: int) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 5, 13), bits, bits - 4)
    model = imported(tmp_path, m, m.quant(CHAINS[name](m, x), 8, 4))
    assert [type(n.op) for n in model.graph.nodes] == [Table]


@pytest.mark.parametrize("op", [f for f in FUNCTIONS if f not in ("Gelu", "Swish", "Mish", "HardSwish")])
def test_every_function(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 33), 8, 4)
    model = imported(tmp_path, m, m.quant(m.node(op, m.node("Add", m.node("Abs", x), m.const(0.0625))), 8, 4))
    assert tables(model.graph) == 1


@pytest.mark.parametrize("op", ["Gelu", "Mish", "HardSwish"])
def test_functions_of_newer_operator_sets(tmp_path: Path, op: str) -> None:
    m = ModelBuilder(opset=20)
    model = imported(tmp_path, m, m.quant(m.node(op, m.quant(m.input(1, 33), 8, 4)), 8, 4))
    assert tables(model.graph) == 1


@pytest.mark.parametrize("op", ["Div", "Pow", "Sub", "Max"])
def test_a_function_with_a_constant_on_either_side(tmp_path: Path, op: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 9), 8, 4, signed=False)
    shifted = m.node("Add", x, m.const(0.0625))
    y, z = m.node(op, m.const(1.3), shifted), m.node(op, shifted, m.const([[0.7]]))
    model = imported(tmp_path, m, m.quant(y, 8, 2), m.quant(z, 8, 2))
    assert tables(model.graph) == 2


def test_golden_holds_tables_instead_of_functions(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 6), 8, 4)
    first = m.quant(m.node("Exp", m.node("Transpose", x, perm=[0, 2, 1])), 8, 4)
    second = m.quant(silu(m, first), 8, 4, name="second")
    model = imported(tmp_path, m, m.quant(softplus_of_negative(m, second), 30, 20))
    nodes = onnx.load_from_string(model.golden).graph.node
    assert not {node.op_type for node in nodes} & {*FUNCTIONS, "Neg"} - {"Round"}
    assert [node.op_type for node in nodes].count("Gather") == 3
    assert "second" in {name for node in nodes for name in node.output}


@pytest.mark.parametrize("length", [1, 3, 16, 100])
def test_a_value_does_not_depend_on_how_many_there_are(tmp_path: Path, length: int) -> None:
    """log(243.5) lies beside a tie at 2^-9, on whose sides the logarithms of onnxruntime are."""
    m = ModelBuilder()
    x = m.quant(m.input(1, length), 9, 1, signed=False)
    model = imported(tmp_path, m, m.quant(m.node("Log", m.node("Max", x, m.const(0.5))), 13, 9))
    inputs = np.full((2, length), 243.5, np.float32)
    assert all(np.all(found == 2813 / 512) for level in LEVELS for found in outputs_at(model, inputs, level))


def test_the_work_for_one_table_is_bounded(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.input(1, 3), 20, 8)
    for _ in range(17):
        y = m.node("Tanh", y)
    with pytest.raises(UserError, match="a chain of 17 functions of 20 bits, over 16777216 values to compute; put a"):
        import_model(m.save(tmp_path, m.quant(y, 8, 7)))


def test_movement_between_a_function_and_its_quantiser(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 6), 8, 5)
    y = m.node("Transpose", m.node("Sigmoid", x), perm=[0, 2, 1])
    y = m.node("Unsqueeze", m.node("Reshape", y, m.ints(1, 3, 8)), m.ints(1))
    first, second = m.nodes_of("Split", 2, m.node("Exp", y), axis=-1)
    third = m.node("Gather", m.node("Slice", second, m.ints(1), m.ints(3), m.ints(3)), m.const(1, np.int64), axis=2)
    model = imported(tmp_path, m, m.quant(first, 8, 5), m.quant(m.node("Neg", third), 8, 6))
    assert tables(model.graph) == 2


def test_an_exact_step_in_a_chain_that_needs_double(tmp_path: Path) -> None:
    """x times a 20-bit constant needs over 24 bits: golden and the table compute the sigmoid behind it in double."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 50), 14, 11)
    y = m.node("Sigmoid", m.node("Mul", x, m.const((2**20 - 1) * 2.0**-20), name="fine"))
    model = imported(tmp_path, m, m.quant(y, 16, 16, signed=False))
    assert "fine" in model.wide


def test_a_function_that_the_sign_of_zero_matters_to_is_refused(tmp_path: Path) -> None:
    """A quantiser in float makes -0 of a small negative number, and 1 / -0 is minus infinity."""
    for signed in (True, False):
        m = ModelBuilder()
        y = m.quant(m.node("Reciprocal", m.quant(m.input(1, 9), 8, 4, signed=signed, name="x8")), 8, 2)
        if signed:
            with pytest.raises(UserError, match="it is not a number where 'x8' is 0"):
                import_model(m.save(tmp_path, y))
        else:
            assert tables(import_model(m.save(tmp_path, y)).graph) == 1


def test_two_quantisers_of_one_function_are_two_tables(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Tanh", m.quant(m.input(1, 8), 8, 5))
    assert tables(imported(tmp_path, m, m.quant(y, 8, 7), m.quant(y, 4, 2)).graph) == 2


@pytest.mark.parametrize("name", CHAINS)
def test_golden_gives_the_same_bits_with_and_without_graph_optimisation(tmp_path: Path, name: str) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 64), 10, 6)
    y = m.quant(CHAINS[name](m, x), 12, 8)
    model = imported(tmp_path, m, m.quant(m.node("MatMul", m.node("Transpose", y, perm=[0, 2, 1]), x), 16, 8))
    every = np.arange(-512, 512).reshape(4, 4, 64) / 64
    assert_exact(model, every.astype(np.float32))
    plain, fused = (outputs_at(model, every.astype(np.float32), level) for level in LEVELS)
    assert all(np.array_equal(a, b) for a, b in zip(plain, fused, strict=True))


@pytest.mark.parametrize("length", [200, 3000])
def test_a_chain_of_any_length_ends_in_a_table_or_a_refusal(tmp_path: Path, length: int) -> None:
    m = ModelBuilder()
    y = m.quant(m.input(1, 3), 6, 3)
    for _ in range(length):
        y = m.node("Sin", y)
    if length < 256:
        assert tables(imported(tmp_path, m, m.quant(y, 8, 7)).graph) == 1
    else:
        with pytest.raises(UserError, match="ends a function of over 256 values; quantise in between"):
            import_model(m.save(tmp_path, m.quant(y, 8, 7)))


def test_a_source_that_is_too_wide_for_a_table_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Exp", m.quant(m.input(1, 3), LIMITS.table_bits + 1, 8), label="boom")
    with pytest.raises(UserError, match="node 1 Exp 'boom': its input has too many bits for a table; put a"):
        import_model(m.save(tmp_path, m.quant(y, 8, 4)))
