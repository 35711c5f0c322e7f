"""The zoo: parameter counts, configurations, and torch = onnxruntime on the exported file, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hwflow.errors import UserError
from hwflow.frontends.brevitas.batch_norm import fold_batch_norms, liven_norms
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_qonnx
from hwflow.models import (
    ZOO,
    EncoderConfig,
    Precision,
    build_model,
    config_for,
    from_json,
    mac_count,
    parameter_count,
    to_json,
)
from hwflow.onnx_import.model import import_model
from hwflow.verify.golden import golden_runner

from .lowering import constants, quant_nodes, run

BATCH_NORMS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)

COUNTS = {
    "jet_tagger_n8": 5701,
    "jet_tagger_n16": 7749,
    "jet_tagger_n32": 11845,
    "jet_tagger_n8_linformer": 5701 + 4 * 8,
    "jet_tagger_n16_linformer": 7749 + 4 * 16,
    "jet_tagger_n32_linformer": 11845 + 4 * 32,
    "btag": 9124,  # stated: 9,135
    "engine": 3303,  # stated: 3,244
    "gw": 3358,  # stated: 3,394
    "folded_asr": 23979,
    "folded_asr_plain": 36619,
    "folded_asr_all2": 11339,
    "folded_asr_all4": 4843,
    "shvit_nano": 39930,
    "shvit_nano32": 40074,
    "shvit_s1": 6308660,
    "shvit_s2": 11443648,
    "shvit_s3": 14210010,
    "shvit_s4": 16546248,
}
STATED = {"s1": (6.3e6, 241e6), "s2": (11.4e6, 366e6), "s3": (14.2e6, 601e6), "s4": (16.5e6, 986e6)}
ALLOWED_OPS = {
    *("Quant", "MatMul", "Gemm", "Add", "Sub", "Mul", "Relu", "Neg", "Exp", "Reciprocal", "Sqrt"),
    *("ReduceMax", "ReduceSum", "ReduceMean", "Reshape", "Transpose", "Flatten"),
    *("Conv", "Sigmoid", "Slice", "Concat"),
}


def exported(name: str, path: Path, precision: Precision | str = "default") -> tuple[torch.nn.Module, np.ndarray]:
    """The calibrated model of the zoo, exported to ``path``, and random inputs in its float type."""
    torch.manual_seed(0)
    config = config_for(name, precision=precision)  # type: ignore[arg-type]
    if isinstance(config, EncoderConfig):
        config = config.model_copy(update={"blocks": 1})  # the others are the same
    model = build_model(config)
    liven_norms(model)
    fold_batch_norms(model)
    dtype = next(model.parameters()).dtype
    calibrate(model, torch.randn(256, *config.input_shape, dtype=dtype))
    export_qonnx(model, path, config.input_shape)
    return model, (2 * torch.randn(100, *config.input_shape, dtype=dtype)).numpy()


@pytest.mark.parametrize("name", ZOO)
def test_parameter_counts(name: str) -> None:
    assert parameter_count(ZOO[name]) == COUNTS[name]


@pytest.mark.parametrize("name", STATED)
def test_shvit_has_the_parameters_and_products_of_the_paper(name: str) -> None:
    """Within 1 % of arXiv 2401.16456, BatchNorms folded; or two parameters a channel instead of a bias."""
    config, (parameters, macs) = ZOO[f"shvit_{name}"], STATED[name]
    norms = sum(m.num_features for m in build_model(config, quantized=False).modules() if isinstance(m, BATCH_NORMS))
    assert parameter_count(config) == pytest.approx(parameters, rel=0.01)
    assert parameter_count(config) + norms == pytest.approx(parameters, rel=0.01)
    assert mac_count(config) == pytest.approx(macs, rel=0.01)


@pytest.mark.parametrize(
    "name",
    ["jet_tagger_n8", "jet_tagger_n8_linformer", "btag", "engine", "gw", "shvit_nano32"],
)
def test_torch_equals_onnxruntime_bit_for_bit(name: str, tmp_path: Path) -> None:
    model, inputs = exported(name, tmp_path / "model.onnx")
    with torch.no_grad():
        expected = model(torch.from_numpy(inputs)).numpy()
    assert len(np.unique(expected)) > 20  # a constant output would prove nothing
    np.testing.assert_array_equal(run(tmp_path / "model.onnx", inputs), expected)
    np.testing.assert_array_equal(run(tmp_path / "model.onnx", inputs, optimise=False), expected)
    with torch.no_grad():  # the same bits in double: no fp32 intermediate was rounded
        np.testing.assert_array_equal(model.double()(torch.from_numpy(inputs).double()).numpy(), expected)


def test_paper_precision_is_exact_in_double(tmp_path: Path) -> None:
    """20 bits everywhere: golden.onnx computes what float32 cannot hold in double, as torch does in float64."""
    model, inputs = exported("btag", tmp_path / "model.onnx", "paper")
    assert inputs.dtype == np.float64
    inputs = inputs.astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(inputs).double()).numpy()
    imported = import_model(tmp_path / "model.onnx")
    assert len(imported.wide) > 20
    (output,) = imported.graph.outputs
    golden = golden_runner(imported, [output]).run(inputs)[output] * imported.graph.tensors[output].type.step
    np.testing.assert_array_equal(golden, expected)


@pytest.mark.parametrize("name", ["jet_tagger_n16_linformer", "engine", "shvit_nano"])
def test_the_exported_graph_is_static_quantized_and_power_of_two(name: str, tmp_path: Path) -> None:
    exported(name, tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    values = constants(graph)
    assert {node.op_type for node in graph.node} <= ALLOWED_OPS
    for node in quant_nodes(graph):
        scale = values[node.input[1]]
        assert scale.size == 1
        assert np.frexp(scale.item())[0] == 0.5  # a power of two
        assert np.all(values[node.input[2]] == 0)
    produced = {output: node for node in graph.node for output in node.output}
    assert produced[graph.output[0].name].op_type == "Quant"
    assert [value.name for value in graph.input if value.name not in values] == ["input"]
    assert [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim] == [1, *ZOO[name].input_shape]


def test_bit_widths_are_overridden_by_the_longest_matching_name() -> None:
    precision = Precision(weight=7, overrides={"head0": 5, "attention": 4, "attention.softmax.exp": 9})
    assert precision.bits("weight", "embed0") == 7
    assert precision.bits("weight", "head0") == 5
    assert precision.bits("table", "attention.softmax.exp") == 9
    assert precision.bits("table", "attention.softmax.reciprocal") == 4


def test_an_override_reaches_the_exported_file(tmp_path: Path) -> None:
    exported("jet_tagger_n8", tmp_path / "model.onnx", Precision(overrides={"head0": 3, "relu0": 5}))
    graph = onnx.load(tmp_path / "model.onnx").graph
    values = constants(graph)
    widths = {node.name: float(values[node.input[3]]) for node in quant_nodes(graph)}
    assert next(width for name, width in widths.items() if name.startswith("/head0/weight")) == 3
    assert next(width for name, width in widths.items() if name.startswith("/relu0/")) == 5
    assert next(width for name, width in widths.items() if name.startswith("/relu1/")) == 8


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("precision", ["default", "paper"])
def test_configurations_survive_json(name: str, precision: str) -> None:
    config = config_for(name, precision=precision)  # type: ignore[arg-type]
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid JSON"),
        ('{"family": "jet_tagger", "particles": 0}', "greater than or equal to 1 at jet_tagger.particles"),
        ('{"family": "jet_tagger", "colour": 1}', "Extra inputs are not permitted at jet_tagger.colour"),
        ('{"family": "other"}', "does not match any of the expected tags"),
    ],
)
def test_a_bad_configuration_names_the_place(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        from_json(text)


def test_an_unknown_model_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UserError, match="'bert'; expected one of jet_tagger_n8"):
        config_for("bert")


def test_configurations_import_no_torch() -> None:
    code = "import sys, hwflow.models, hwflow.data, hwflow.verify.scores; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
