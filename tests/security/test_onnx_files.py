"""Files that are not ONNX, or ONNX that is not a plain graph (threats 3 and 5)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hwflow.errors import UserError
from hwflow.onnx_import.model import import_model
from tests.security.refused import refused
from tests.support.qonnx import ModelBuilder, weights


def small() -> ModelBuilder:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    m.quant(m.node("MatMul", x, m.weights(weights(4, 3))), 8, 4, name="y")
    return m


def field(tag: int, data: bytes) -> bytes:
    """A length-delimited field of protobuf."""
    length, rest = b"", len(data)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([tag << 3 | 2]) + length + bytes([rest]) + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, world\n",
        b"\x00" * 64,
        random.Random(0).randbytes(4096),
        b"PK\x03\x04" + b"0" * 99,
        b"<!DOCTYPE html><html></html>",
    ],
)
def test_a_file_that_is_not_onnx(tmp_path: Path, content: bytes) -> None:
    error = refused(tmp_path, content)
    assert error.subject.endswith("model.onnx")
    assert error.expected in ("an ONNX file", "an ONNX model", f"9 to {onnx.defs.onnx_opset_version()}")


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    whole = small().proto("y").SerializeToString()
    for end in range(1, len(whole) - 1, 41):
        refused(tmp_path, whole[:end])


def test_bytes_that_were_changed_never_crash_the_import(tmp_path: Path) -> None:
    whole, rng, refusals = small().proto("y").SerializeToString(), random.Random(1), 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / "model.onnx").write_bytes(damaged)
        try:
            import_model(tmp_path / "model.onnx")
        except UserError:
            refusals += 1
    assert refusals > 50


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(UserError, match=r"found no such file; expected an ONNX file. Check the path."):
            import_model(path)


def test_a_protobuf_nested_too_deep(tmp_path: Path) -> None:
    data = b""
    for _ in range(300):
        for tag in (6, 5, 1):  # a graph in an attribute in a node of a graph
            data = field(tag, data)
    assert "not an ONNX model" in refused(tmp_path, field(7, data)).found


def test_an_operator_set_that_is_too_old_or_not_known(tmp_path: Path) -> None:
    for opset in (7, 8, 999, 2**40):
        m = small()
        m.opset = opset
        error = refused(tmp_path, m.proto("y"))
        assert (error.found, error.expected) == (f"operator set {opset}", f"9 to {onnx.defs.onnx_opset_version()}")


@pytest.mark.parametrize(
    ("shape", "said"), [((1, "tokens"), r"shape [1, tokens], not static"), (("", 4), "shape [?, 4], not static")]
)
def test_dynamic_shapes(tmp_path: Path, shape: tuple[int | str, ...], said: str) -> None:
    m = ModelBuilder()
    m.quant(m.input(*shape), name="y")
    error = refused(tmp_path, m.proto("y"))
    assert (error.subject, error.found, error.expected) == ("input 'x'", said, "static sizes")


def test_an_input_without_a_shape_or_of_another_type(tmp_path: Path) -> None:
    m = ModelBuilder()
    m.quant(m.input(1, 4), name="y")
    model = m.proto("y")
    model.graph.input[0].type.tensor_type.ClearField("shape")
    assert refused(tmp_path, model).found == "no shape, not static"
    for type, said in (
        (TensorProto.DOUBLE, "DOUBLE"),
        (TensorProto.STRING, "STRING"),
        (0, "no tensor"),
        (99, "no tensor"),
    ):
        model.graph.input[0].type.tensor_type.elem_type = type
        assert refused(tmp_path, model).found == f"elements of type {said}"


def test_a_missing_initialiser(tmp_path: Path) -> None:
    model = small().proto("y")
    gone = model.graph.initializer[3]
    model.graph.initializer.remove(gone)
    error = refused(tmp_path, model)
    assert (error.found, error.expected) == (
        f"input {gone.name!r} that nothing defines",
        "an initialiser, a graph input or a node's output",
    )


def test_a_cycle(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4))
    m.node("Add", x, "b", name="a")
    m.node("Relu", "a", name="b")
    error = refused(tmp_path, m.proto("b"))
    assert (error.subject, error.found, error.expected) == ("graph", "a cycle", "a directed acyclic graph")


def twice_computed(m: ModelBuilder) -> None:
    m.node("Relu", "y", name="y")


def computed_and_constant(m: ModelBuilder) -> None:
    m.const(1.0, name="y")


def two_constants(m: ModelBuilder) -> None:
    m.initializers += [m.initializers[0]]


def computed_input(m: ModelBuilder) -> None:
    m.node("Relu", "y", name="x")


@pytest.mark.parametrize("spoil", [twice_computed, computed_and_constant, two_constants, computed_input])
def test_a_name_that_is_given_twice(tmp_path: Path, spoil: Callable[[ModelBuilder], None]) -> None:
    m = small()
    spoil(m)
    assert "defined twice" in refused(tmp_path, m.proto("y")).found


def test_names_that_are_no_text(tmp_path: Path) -> None:
    whole = small().proto("y").SerializeToString()
    for name in (b"MatMul", b"qonnx.custom_op.general", b"rounding_mode", b"v4"):
        assert refused(tmp_path, whole.replace(name, b"\xff" * len(name))).expected == "UTF-8 text"


def test_control_flow(tmp_path: Path) -> None:
    m = small()
    branch = helper.make_graph(
        [helper.make_node("Identity", ["y"], ["b"])], "b", [], [helper.make_tensor_value_info("b", 1, [1])]
    )
    m.nodes.append(helper.make_node("If", [m.const(True, bool)], ["z"], then_branch=branch, else_branch=branch))
    error = refused(tmp_path, m.proto("z"))
    assert (error.subject, error.found) == ("node 'z' (If)", "control flow (If, Loop or Scan)")


def test_local_functions(tmp_path: Path) -> None:
    model = small().proto("y")
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(helper.make_function("own", "Relu", ["a"], ["b"], body, [helper.make_opsetid("", 17)]))
    assert refused(tmp_path, model).found == "1 local functions"


def test_sparse_initialisers_and_attributes(tmp_path: Path) -> None:
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    sparse = helper.make_sparse_tensor(values, helper.make_tensor("i", TensorProto.INT64, [1], [0]), [4, 3])
    m = small()
    model = m.proto("y", sparse_initializer=[sparse])
    assert refused(tmp_path, model).found == "sparse data"
    m.nodes.append(helper.make_node("Constant", [], ["w"], sparse_value=sparse))
    assert refused(tmp_path, m.proto("y")).found == "a sparse tensor"


def test_an_attribute_of_a_function_outside_a_function(tmp_path: Path) -> None:
    model = small().proto("y")
    attribute = model.graph.node[-1].attribute[0]
    attribute.ref_attr_name = "outer"
    assert refused(tmp_path, model).found == "a reference to a function's attribute"


@pytest.mark.parametrize("type", [0, 17, 99])
def test_an_initialiser_of_an_odd_type(tmp_path: Path, type: int) -> None:
    model = small().proto("y")
    model.graph.initializer[0].data_type = type
    refused(tmp_path, model)


def test_training_info_notes_and_claims_of_shapes_are_dropped(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    y = m.node("ReduceMean", m.node("Relu", x, name="r"), axes=[1])
    model = m.proto(m.quant(y, 8, 6))
    model.graph.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 1000]))
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 77
    model.graph.node[0].doc_string = "secret of the builder"
    helper.set_model_props(model, {"path": "secret of the builder"})
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    imported = import_model(tmp_path / "model.onnx")
    assert b"secret" not in imported.golden
    sums = [n.op.exponent for n in imported.graph.nodes if type(n.op).__name__ == "Shift"]
    assert sums == [-2]  # a mean of 4, not of 1000
    onnx.checker.check_model(onnx.load_from_string(imported.golden))


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 2), 8, 4)
    y = m.node("MatMul", x, m.const(np.array([[np.nan], [np.inf]])), label="fc")
    assert "MatMul 'fc'" in refused(tmp_path, m.proto(m.quant(y))).subject
