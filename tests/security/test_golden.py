"""golden.onnx of a stranger's folder (threat 16): checked as a model is, before onnxruntime runs it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwflow.design.golden_check import read_golden
from hwflow.errors import UserError


def port(name: str, shape: list[int] | None, type: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, type, shape)


def golden(*nodes: onnx.NodeProto, constants: dict[str, np.ndarray] | None = None) -> onnx.ModelProto:
    """A model that reads ``x`` and puts out ``y``."""
    tensors = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(list(nodes), "g", [port("x", [1, 4])], [port("y", None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def loop() -> onnx.ModelProto:
    inputs = [port("i", [], TensorProto.INT64), port("c", [], TensorProto.BOOL)]
    again = helper.make_node("Identity", ["c"], ["more"])
    body = helper.make_graph([again], "body", inputs, [port("more", [], TensorProto.BOOL)])
    forever = helper.make_node("Loop", ["n", "go"], [], body=body)
    constants = {"n": np.array(2**62), "go": np.array(True)}
    return golden(forever, helper.make_node("Relu", ["x"], ["y"]), constants=constants)


def terabytes() -> onnx.ModelProto:
    shape = {"s": np.array([2**20, 2**20])}
    many = helper.make_node("ConstantOfShape", ["s"], ["c"])
    return golden(many, helper.make_node("Add", ["x", "c"], ["y"]), constants=shape)


def another_domain() -> onnx.ModelProto:
    model = golden(helper.make_node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft", transB=1))
    model.opset_import.add(domain="com.microsoft", version=1)
    return model


def data_elsewhere() -> onnx.ModelProto:
    model = golden(helper.make_node("Add", ["x", "w"], ["y"]), constants={"w": np.zeros(4, np.float32)})
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model


def odd_note() -> onnx.ModelProto:
    model = golden(helper.make_node("Relu", ["x"], ["y"]))
    model.metadata_props.add(key="hwflow.input_scale", value="[" * 100_000)
    return model


REFUSED = {
    loop: "control flow",
    terabytes: "memory|cannot be computed|refused by onnxruntime",
    another_domain: "ops of the domain 'com.microsoft'",
    data_elsewhere: "data of 'w' in another file",
    odd_note: "a note 'hwflow.input_scale' that is no JSON object",
}


@pytest.mark.parametrize("make", REFUSED)
def test_what_hwflow_would_not_write_is_refused(make: object, tmp_path: Path) -> None:
    assert callable(make)
    path = tmp_path / "golden.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(UserError) as caught:
        read_golden(path)
    assert re.search(REFUSED[make], str(caught.value))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "golden.onnx").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="found a link"):
        read_golden(tmp_path / "golden.onnx")


def test_a_plain_one_is_read(tmp_path: Path) -> None:
    data = golden(helper.make_node("Relu", ["x"], ["y"])).SerializeToString()
    (tmp_path / "golden.onnx").write_bytes(data)
    assert read_golden(tmp_path / "golden.onnx") == data
