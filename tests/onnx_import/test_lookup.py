"""Embeddings: a constant table by the tokens of an integer input, against onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from hwflow.errors import UserError
from hwflow.ir import reference
from hwflow.ir.ops import Lookup
from hwflow.ir.serialise import dumps, loads
from hwflow.ir.types import FixedType
from hwflow.onnx_import.model import import_model
from hwflow.verify.near_exact import measure
from tests.support.exact import assert_exact, imported
from tests.support.qonnx import ModelBuilder, weights


def embedding(m: ModelBuilder, rows: int = 11, *shape: int, axis: int = 0, type: int = TensorProto.INT64) -> str:
    tokens = m.input(*(shape or (1, 5)), type=type)
    return m.node("Gather", m.weights(weights(rows, 4)), tokens, axis=axis)


@pytest.mark.parametrize("shape", [(1, 5), (5,), (1,), (2, 3)])
@pytest.mark.parametrize("type", [TensorProto.INT64, TensorProto.INT32])
def test_tokens_name_rows_and_those_beyond_the_table_its_last(
    tmp_path: Path, shape: tuple[int, ...], type: int
) -> None:
    m = ModelBuilder()
    y = m.quant(m.node("MatMul", embedding(m, 11, *shape, type=type), m.weights(weights(4, 3))), 8, 2)
    graph = imported(tmp_path, m, y).graph
    (port,) = graph.inputs
    assert (graph.tensors[port].shape, graph.tensors[port].type) == ((int(np.prod(shape)), 1), FixedType(False, 4, 0))
    assert sum(isinstance(n.op, Lookup) for n in graph.nodes) == 1


def test_rows_come_out_as_they_are(tmp_path: Path) -> None:
    m = ModelBuilder()
    model = import_model(m.save(tmp_path, m.quant(m.node("Relu", embedding(m)), 8, 4)))
    (port,), (output,) = model.graph.inputs, model.graph.outputs
    tokens = np.array([[0, 3, 10, 12, 15]])[..., None]
    table = next(t.values for t in model.graph.tensors.values() if t.is_constant)
    found = reference.run(model.graph, {port: reference.quantise_input(model.graph, port, tokens)})[output]
    assert np.array_equal(found[0], np.maximum(table[[0, 3, 10, 10, 10]], 0))
    assert_exact(model, tokens)


def test_negative_tokens_count_from_the_end_of_the_table(tmp_path: Path) -> None:
    m = ModelBuilder()
    model = import_model(m.save(tmp_path, m.quant(m.node("Relu", embedding(m)), 8, 4)))
    (port,), (output,) = model.graph.inputs, model.graph.outputs
    tokens = np.array([[-1, -11, -12, 4, -7]])[..., None]
    table = next(t.values for t in model.graph.tensors.values() if t.is_constant)
    again = loads(dumps(model.graph))
    found = reference.run(again, {port: reference.quantise_input(again, port, tokens)})[output]
    assert np.array_equal(found[0], np.maximum(table[[10, 0, 0, 4, 4]], 0))
    assert_exact(model, tokens)


def test_one_sequence_of_tokens_and_a_position_table(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Add", embedding(m), m.weights(weights(5, 4, seed=1)))
    imported(tmp_path, m, m.quant(y, 8, 3))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda m: embedding(m, axis=1), r"takes along axis 1 of \[11, 4\], not rows of a table"),
        (lambda m: m.quant(m.node("Cast", m.input(1, 3, type=TensorProto.INT64), to=1)), "Cast .*not supported"),
        (lambda m: m.quant(m.input(1, 3, type=TensorProto.INT64)), "which is integers; only a Gather of a table reads"),
        (
            lambda m: m.node("Gather", m.weights(weights(5, 4)), m.node("Transpose", m.input(2, 3, type=7))),
            "is transposed before; transpose the rows behind it",
        ),
        (
            lambda m: m.node("Add", m.node("Gather", m.weights(weights(5, 4)), m.input(1, 3, type=7)),
                             m.node("Gather", m.weights(weights(6, 4)), "x")),
            "names rows of tables of 5 and 6 rows; use one length",
        ),
        (lambda m: m.node("Gather", m.const(weights(5, 4)), m.input(1, 3, type=7)), "float weights .* quantise them"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(tmp_path: Path, build: object, text: str) -> None:
    m = ModelBuilder()
    y = build(m)  # type: ignore[operator]
    with pytest.raises(UserError, match=text):
        import_model(m.save(tmp_path, m.quant(m.node("Relu", y), 8, 3)))


@pytest.mark.parametrize("table", ["power of two", "real scale", "float"])
def test_near_exact_mode_takes_tokens(tmp_path: Path, table: str) -> None:
    """In front of a LayerNorm; the rows of a table of real scale stay integers, float ones take 16 bits."""
    m, rows = ModelBuilder(), weights(11, 16)
    constants = {
        "power of two": m.weights,
        "real scale": lambda x: m.quant(m.const(x), 8, scale=0.0271),
        "float": m.const,
    }
    x = m.node("Gather", constants[table](rows), m.input(1, 5, type=TensorProto.INT64), axis=0)
    y = m.node("LayerNormalization", m.node("Mul", x, m.const(1.3)), m.const(np.ones(16)), axis=-1)
    model = import_model(m.save(tmp_path, m.quant(y, 8, 4)), "near-exact")
    tokens = np.random.default_rng(0).integers(11, size=(100, 5))
    assert_exact(model, tokens[..., None])
    assert any(isinstance(n.op, Lookup) for n in model.graph.nodes)
    report = measure(model, tokens)
    assert report.output_rate < (5e-3 if table != "float" else 3e-2)
    assert report.max_step_difference <= 1
