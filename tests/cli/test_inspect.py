"""``inspect`` shows what the importer makes of a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwflow.cli import main


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A quantised 4 x 3 matrix product with a ReLU, named to annoy a terminal."""
    weights = np.arange(-6, 6, dtype=np.int8).reshape(4, 3)
    constants = {"w": weights, "s": np.float32(0.25), "z": np.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wd"]),
        helper.make_node("MatMul", ["xd", "wd"], ["y\x1b[2J"]),
        helper.make_node("Relu", ["y\x1b[2J"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "s", "z"], ["rq"]),
        helper.make_node("DequantizeLinear", ["rq", "s", "z"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 2, 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    path = tmp_path / "m.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def test_inspect_counts_and_names(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(model), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["parameters"], document["macs"], document["mode"]) == (12, 24, "exact")
    assert document["wide_tensors"] == document["rewrites"] == []
    assert [kernel["kind"] for kernel in document["kernels"]] == ["linear"]
    source = document["tensors"][0]
    assert source["made_by"] == "input"
    assert (source["shape"], source["type"], source["width"]) == ([2, 4], "fixed<8,6>", 8)


def test_names_of_tensors_cannot_reach_the_terminal(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(model)]) == 0
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "12 parameters, 24 multiply-accumulates" in out


def test_a_file_that_is_no_model_is_a_user_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    assert main(["inspect", str(tmp_path / "m.onnx"), "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["error"]["expected"] == "an ONNX file"
