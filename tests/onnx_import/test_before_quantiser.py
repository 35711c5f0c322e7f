"""What stands between an input and its quantiser, and zeros in front of a Conv: against onnxruntime and the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from hwflow.errors import UserError
from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.before_quantiser import commute_with_quantisers
from hwflow.onnx_import.model import import_model
from hwflow.onnx_import.quantiser import is_quant
from hwflow.verify.import_gate import compare_import
from tests.support.exact import assert_exact, real_inputs
from tests.support.qonnx import ModelBuilder, weights


def slices(m: ModelBuilder) -> str:
    x = m.input(1, 4, 8)
    parts = [m.quant(m.node("Slice", x, m.ints(a), m.ints(b), m.ints(2))) for a, b in ((0, 3), (3, 8))]
    return m.node("Concat", *parts, axis=-1)


def joined(m: ModelBuilder) -> str:
    return m.quant(m.node("Concat", m.input(1, 4, 3), m.input(1, 4, 5, name="y"), axis=-1))


def relu(m: ModelBuilder) -> str:
    return m.quant(m.node("Transpose", m.node("Relu", m.input(1, 8, 4)), perm=[0, 2, 1]), signed=False)


def padded(m: ModelBuilder) -> str:
    return m.quant(m.node("Pad", m.node("Reshape", m.input(1, 28), m.ints(1, 4, 7)), m.ints(0, 0, 1, 0, 0, 0)))


@pytest.mark.parametrize("front", [slices, joined, relu, padded])
def test_what_commutes_with_the_quantiser_of_an_input(tmp_path: Path, front: Callable[[ModelBuilder], str]) -> None:
    m = ModelBuilder()
    path = m.save(tmp_path, m.quant(m.node("MatMul", front(m), m.weights(weights(8, 4))), 8, 3))
    model = import_model(path)
    assert_exact(model)
    graph = model.graph
    data = [real_inputs(graph, 40, port=port) for port in range(len(graph.inputs))]
    assert not compare_import(path, model, data).wrong


@pytest.mark.parametrize("early", [True, False])
def test_zeros_in_front_of_a_conv_are_its_pads(tmp_path: Path, early: bool) -> None:
    """As causal convolutions are exported; two zeros in front, and one that the Conv has itself."""
    m = ModelBuilder()
    x, pads = m.input(1, 3, 9), m.ints(0, 0, 2, 0, 0, 0)
    x = m.quant(m.node("Pad", x, pads)) if early else m.node("Pad", m.quant(x), pads)
    y = m.node("Conv", x, m.weights(weights(4, 3, 3)), kernel_shape=[3], pads=[0, 1])
    y = m.node("Relu", m.quant(y, 8, 3))
    path = m.save(tmp_path, m.quant(m.node("MatMul", m.node("Flatten", y), m.weights(weights(40, 5))), 8, 1))
    model = import_model(path)
    assert_exact(model)
    kernel_graph(model.graph, 200.0)
    assert not compare_import(path, model, [real_inputs(model.graph, 40).reshape(40, 1, 3, 9)]).wrong


def test_other_zero_points_and_fillings_stay_where_they_are(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("Pad", m.input(1, 4, 7), m.ints(0, 0, 1, 0, 0, 0), m.const(0.5)))
    with pytest.raises(UserError, match="before a quantiser"):
        import_model(m.save(tmp_path, m.quant(m.node("MatMul", y, m.weights(weights(8, 4))), 8, 3)))


@pytest.mark.parametrize("use", ["output", "reader"])
def test_what_is_needed_unquantised_too_stays_where_it_is(tmp_path: Path, use: str) -> None:
    m = ModelBuilder()
    rectified = m.node("Relu", m.input(1, 4, 8))
    y = m.quant(m.node("MatMul", m.quant(rectified, signed=False), m.weights(weights(8, 4))), 8, 3)
    other = rectified if use == "output" else m.node("Sigmoid", rectified)
    with pytest.raises(UserError, match=r"before a quantiser|not quantised|no quantiser"):
        import_model(m.save(tmp_path, y, other))


def test_near_exact_mode_does_not_advise_itself(tmp_path: Path) -> None:
    m = ModelBuilder(21)
    x, affine = m.quant(m.input(1, 8, 4, 4)), (m.const(np.ones(8)), m.const(np.zeros(8)))
    y = m.node("GroupNormalization", x, *affine, num_groups=2)
    with pytest.raises(UserError) as refused:
        import_model(m.save(tmp_path, m.quant(y, 8, 4)), "near-exact")
    assert "GroupNormalization" in str(refused.value)
    assert "no mode normalises groups" in str(refused.value)
    assert "import in near-exact mode" not in str(refused.value)


@pytest.mark.parametrize("quantised", [1, 60])
def test_what_is_above_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, quantised: int) -> None:
    """A chain of ReLUs, a quantiser behind each or behind the last only: the work grows with the chain."""
    nodes = []
    for n in range(60):
        nodes.append(ir.Node("", "Relu", [nodes[-1].outputs[0] if nodes else ir.Input("x")]))
        if n >= 60 - quantised:
            parameters = [ir.Value(name="p", const_value=ir.tensor(np.float32(p))) for p in (0.25, 0, 8)]
            nodes.append(ir.Node("qonnx.custom_op.general", "Quant", [nodes[-1].outputs[0], *parameters]))
    graph, calls, producer = ir.Graph([], [nodes[-1].outputs[0]], nodes=nodes), [0], ir.Value.producer

    def counted(value: ir.Value) -> ir.Node | None:
        calls[0] += 1
        return producer(value)

    monkeypatch.setattr(ir.Value, "producer", counted)
    commute_with_quantisers(graph)
    assert is_quant(graph[0])
    assert calls[0] <= 10 * len(nodes)
