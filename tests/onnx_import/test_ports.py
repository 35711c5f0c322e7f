"""Models with several inputs and outputs, such as caches that go round: names and order are the file's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.ir.types import FixedType
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.onnx_import.ports import INPUT_SCALE, per_port
from tests.support.exact import assert_exact, imported, real_inputs
from tests.support.qonnx import ModelBuilder, weights


def names_of(model: ImportedModel, ids: tuple[str, ...]) -> list[str]:
    return [model.graph.names[id] for id in ids]


def streaming(m: ModelBuilder) -> tuple[str, str]:
    """The new rows join a cache of three; the result is a product, the new cache the last three rows."""
    x, cache = m.input(1, 2, 4, name="x"), m.input(1, 3, 4, name="cache")
    held = m.quant(cache, 6, 3)  # read first: the order is the file's all the same
    keys = m.node("Concat", held, m.quant(x, 8, 4), axis=1)
    kept = m.node("Slice", keys, m.ints(2), m.ints(5), m.ints(1))
    y = m.quant(m.node("MatMul", keys, m.weights(weights(4, 3))), 8, 3, name="y")
    return y, m.quant(kept, 6, 3, name="new_cache")


def test_ports_keep_names_and_order_and_have_quantisers_of_their_own(tmp_path: Path) -> None:
    m = ModelBuilder()
    model = imported(tmp_path, m, *streaming(m))
    graph = model.graph
    assert names_of(model, graph.inputs) == ["x", "cache"]
    assert names_of(model, graph.outputs) == ["y", "new_cache"]
    assert [graph.tensors[i].type for i in graph.inputs] == [FixedType(True, 8, 4), FixedType(True, 6, 3)]
    golden = onnx.load_from_string(model.golden).graph
    assert ([v.name for v in golden.input], [v.name for v in golden.output]) == (["x", "cache"], ["y", "new_cache"])


def test_an_output_that_is_another_port_too_is_passed_through(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    same = [m.quant(x, 8, 4, name=f"same{i}") for i in range(2)]
    model = imported(tmp_path, m, *same)
    assert names_of(model, model.graph.outputs) == ["same0", "same1"]
    assert len({*model.graph.inputs, *model.graph.outputs}) == 3


def test_an_output_has_its_own_name_where_its_quantiser_changes_nothing(tmp_path: Path) -> None:
    m = ModelBuilder()
    inner = m.quant(m.node("Relu", m.quant(m.input(1, 4), 8, 4), name="inner"), 8, 4, name="y")
    model = imported(tmp_path, m, inner)
    assert names_of(model, model.graph.outputs) == ["y"]


def test_an_input_that_nothing_reads_is_refused_by_name(tmp_path: Path) -> None:
    m = ModelBuilder()
    m.input(1, 3, name="spare")
    with pytest.raises(UserError, match="input 'spare': nothing reads it"):
        import_model(m.save(tmp_path, m.quant(m.input(1, 4), 8, 4)))


def test_data_are_one_array_for_each_port(tmp_path: Path) -> None:
    x = np.zeros((2, 3))
    assert per_port(x, ["x"])[0] is x
    for bad in (x, [x], [x, x[:1]], [x, x, x]):
        with pytest.raises(UserError, match=r"one array for each input \(a, b\), of the same number of inferences"):
            per_port(bad, ["a", "b"])


def test_each_port_of_a_near_exact_model_has_its_own_scale(tmp_path: Path) -> None:
    m = ModelBuilder()
    x, state = (m.quant(m.input(1, 4, name=n), 8, scale=s) for n, s in (("x", 0.0271), ("state", 0.0193)))
    y = m.quant(m.node("Add", x, state), 8, scale=0.05, name="y")
    z = m.quant(m.node("Relu", state), 8, 5, name="z")
    samples = [np.random.default_rng(i).normal(size=(20, 4)) for i in range(2)]
    model = import_model(m.save(tmp_path, y, z), "near-exact", samples=samples)
    assert_exact(model, [model.ports.to_port(data, i) for i, data in enumerate(samples)])
    assert [float(s) for s in model.ports.inputs] == pytest.approx([0.0271 * 32, 0.0193 * 64], rel=1e-6)
    assert [float(s) for s in model.ports.outputs] == pytest.approx([0.05 * 16, 1.0], rel=1e-6)
    entries = {e.key: e.value for e in onnx.load_from_string(model.golden).metadata_props}
    assert list(json.loads(entries[INPUT_SCALE])) == ["x", "state"]


def test_inputs_without_a_quantiser_get_one_each_in_near_exact_mode(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node(
        "MatMul", m.node("Add", m.input(1, 3, 4, name="x"), m.input(1, 3, 4, name="s")), m.weights(weights(4, 2))
    )
    model = import_model(m.save(tmp_path, y), "near-exact")
    assert_exact(model, [real_inputs(model.graph, port=i) for i in range(2)])
    assert names_of(model, model.graph.inputs) == ["x", "s"]
