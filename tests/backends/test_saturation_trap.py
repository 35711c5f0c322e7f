"""hls4ml 1.3.0 narrows the fraction of a saturating quantiser to that of its input, even where clipping can happen.

+max then becomes 2^i - 2^-f_in instead of 2^i - 2^-f_out. hwflow states every type itself, so its requantiser is right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hls4ml.model import ModelGraph
from hls4ml.utils.config import create_config
from onnx import TensorProto, helper

import hwflow

INPUT = np.array([[3.75, 4.5, 7.9375, -8.0]], np.float32)  # fixed<8,4>
GOLDEN = [3.75, 3.96875, 3.96875, -4.0]  # fixed<8,3> saturates at 4 - 2^-5


def two_quantisers(path: Path) -> Path:
    """input -> Quant fixed<8,4> -> Quant fixed<8,3>, in QONNX."""
    scales = {"fine": 2.0**-4, "finer": 2.0**-5, "zero": 0.0, "bits": 8.0}
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in scales.items()]
    nodes = [
        helper.make_node("Quant", [x, scale, "zero", "bits"], [y], domain="qonnx.custom_op.general", signed=1, narrow=0)
        for x, scale, y in (("input", "fine", "a"), ("a", "finer", "output"))
    ]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("input", "output")]
    graph = helper.make_graph(nodes, "trap", ports[:1], ports[1:], constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.mark.parametrize("io_type", ["io_stream", "io_parallel"])
def test_hwflow_saturates_right(tmp_path: Path, io_type: str) -> None:
    design = hwflow.convert(
        two_quantisers(tmp_path / "m.onnx"),
        output_dir=tmp_path / "d",
        clock_mhz=200,
        io_type=io_type,  # type: ignore[arg-type]
    )
    design.compile()
    assert design.predict(INPUT).tolist() == [GOLDEN]
    design.csim(200)
    design.check()


def test_the_trap_is_still_there(tmp_path: Path) -> None:
    """The same two quantisers as hls4ml's own layers, with a ReLU between: if this fails, hls4ml has mended it."""
    quantiser = {"class_name": "FixedPointQuantizer", "SAT": "SAT", "RND": "RND_CONV", "fusible": None, "overrides": {}}
    bits = {"a": (7, 4, 3), "b": (7, 5, 2)}  # k + i + f: magnitude bits, fraction
    layers: list[dict[str, object]] = [{"name": "source", "class_name": "InputLayer", "input_shape": [4]}]
    for name, (_, frac, integer) in bits.items():
        mask = tuple(np.array([v]) for v in (1, 1 + integer + frac, 1 + integer))
        layers.append({**quantiser, "name": name, "inputs": [layers[-1]["name"]], "mask_kbi": mask})
        if name == "a":
            relu = {"name": "relu", "class_name": "Activation", "activation": "relu", "n_in": 4, "inputs": ["a"]}
            layers.append(relu)
    config = create_config(output_dir=str(tmp_path / "p"), backend="Vitis", io_type="io_parallel", project_name="trap")
    config["HLSConfig"] = {"Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency"}}
    model = ModelGraph.from_layer_list(config, layers, ["source"], ["b"])
    model.compile()
    assert model.predict(INPUT).ravel().tolist() == [3.75, 3.9375, 3.9375, 0.0]
