"""What a stranger brings: every tensor exact behind the rewrites, every node in a kernel, little change measured."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("brevitas")

from brevitas.export import export_onnx_qcdq, export_qonnx  # noqa: E402
from torch import nn  # noqa: E402

from hwflow.ir import reference  # noqa: E402
from hwflow.kernels.network import kernel_graph  # noqa: E402
from hwflow.onnx_import.model import ImportedModel, import_model  # noqa: E402
from hwflow.verify.near_exact import NearExactReport, measure  # noqa: E402
from tests.strangers import models  # noqa: E402
from tests.support.exact import assert_exact  # noqa: E402

EXPORTS: dict[str, Callable[..., object]] = {"qonnx": export_qonnx, "qcdq": export_onnx_qcdq}


def exported(folder: Path, model: nn.Module, shape: tuple[int, ...], form: str, opset: int) -> Path:
    """Calibrate on seeded inputs and export; norms get affine parameters of a trained model."""
    torch.set_num_threads(1)
    for layer in model.modules():
        if isinstance(layer, (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(layer.weight, 0.3, 1.5)
            nn.init.normal_(layer.bias, 0, 0.3)
    batch = shape.index(1)
    for _ in range(5):
        model(torch.randn(*shape[:batch], 16, *shape[batch + 1 :]))
    path = folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        args = torch.zeros(*shape)
        EXPORTS[form](model.eval(), args=args, export_path=str(path), dynamo=False, opset_version=opset)
    return path


def checked(model: ImportedModel, *shape: int, count: int = 200) -> NearExactReport:
    """Exact behind the rewrites, covered by kernels that compute the same, and measured."""
    inputs = np.random.default_rng(1).normal(size=(count, *shape))
    graph = model.graph
    ports = model.ports.to_port(inputs).reshape(count, *graph.tensors[graph.inputs[0]].shape)
    assert_exact(model, ports[:30])
    design = kernel_graph(graph, 200.0)
    expected, found = (
        reference.run(each, {port: reference.quantise_input(each, port, ports) for port in each.inputs})
        for each in (graph, design.graph)
    )
    assert np.array_equal(expected[graph.outputs[0]], found[design.graph.outputs[0]])
    return measure(model, inputs)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("batch_first", [True, False], ids=["batch first", "tokens first"])
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "separate"])
@pytest.mark.parametrize("quantisers", [models.POWER_OF_TWO, models.FLOAT], ids=["power of two", "float"])
def test_an_encoder_layer(
    tmp_path: Path, quantisers: models.Quantisers, packed: bool, batch_first: bool, form: str
) -> None:
    """Brevitas' attention, torch's LayerNorm and GELU. Measured: 5e-5 to 3e-4 of the
    elements with power-of-two scales, 5e-5 to 8e-4 with real ones, by one or two steps."""
    model = models.EncoderLayer(quantisers, packed, batch_first)
    shape = (1, 6, 16) if batch_first else (6, 1, 16)
    path = exported(tmp_path, model, shape, form, 17)
    report = checked(import_model(path, "near-exact"), *(n for n in shape if n > 1))
    assert report.output_rate < 3e-3
    assert report.max_step_difference <= 2
    assert report.top1_changes is None  # tokens are no classes


@pytest.mark.parametrize(("form", "opset"), [("qonnx", 13), ("qcdq", 13), ("qonnx", 20)])
def test_an_encoder_layer_of_other_operator_sets(tmp_path: Path, form: str, opset: int) -> None:
    """LayerNormalization in parts before opset 17, Gelu as an operator from 20 on."""
    path = exported(tmp_path, models.EncoderLayer(models.FLOAT, True, True), (1, 6, 16), form, opset)
    assert checked(import_model(path, "near-exact"), 6, 16).output_rate < 3e-3


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("quantisers", [models.POWER_OF_TWO, models.FLOAT], ids=["power of two", "float"])
def test_a_mixer(tmp_path: Path, quantisers: models.Quantisers, form: str) -> None:
    """Products along the token axis on both sides of a ReLU. Measured: 0."""
    path = exported(tmp_path, models.Mixer(quantisers), (1, 6, 16), form, 17)
    report = checked(import_model(path, "near-exact"), 6, 16)
    assert report.output_rate < 3e-3


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("quantisers", [models.POWER_OF_TWO, models.FLOAT], ids=["power of two", "float"])
def test_batch_norm(tmp_path: Path, quantisers: models.Quantisers, form: str) -> None:
    """Between transposes, as torch wants channels. Measured: 0 to 5e-5."""
    path = exported(tmp_path, models.Normed(quantisers), (1, 6, 16), form, 17)
    assert checked(import_model(path, "near-exact"), 6, 16).output_rate < 1e-3


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("quantisers", [models.POWER_OF_TWO, models.FLOAT], ids=["power of two", "float"])
def test_an_image_network(tmp_path: Path, quantisers: models.Quantisers, form: str) -> None:
    """Convolutions with batch norms, pools of torch. Measured: 0 of 1,000 elements, in every form."""
    path = exported(tmp_path, models.ImageNetwork(quantisers), (1, 3, 8, 8), form, 17)
    assert checked(import_model(path, "near-exact"), 3, 8, 8).output_rate < 1e-3


@pytest.mark.parametrize("form", EXPORTS)
def test_zero_points_and_scales_per_channel(tmp_path: Path, form: str) -> None:
    """Measured: 0."""
    path = exported(tmp_path, models.Asymmetric(), (1, 6, 16), form, 17)
    assert checked(import_model(path, "near-exact"), 6, 16).output_rate < 1e-3


def test_a_block_with_quantised_weights_only(tmp_path: Path) -> None:
    """Every quantiser of an activation is hwflow's own, calibrated on samples; nothing is equal, everything is near."""
    path = exported(tmp_path, models.WeightsOnly(), (1, 6, 16), "qonnx", 17)
    samples = np.random.default_rng(2).normal(size=(64, 6, 16))
    model = import_model(path, "near-exact", samples=samples)
    report = checked(model, 6, 16)
    step = model.graph.tensors[model.graph.outputs[0]].type.step
    assert report.max_step_difference * step < 0.01
    assert report.top1_changes is None  # tokens are no classes


@pytest.mark.parametrize("form", EXPORTS)
def test_a_bias_of_32_bits_with_a_real_scale(tmp_path: Path, form: str) -> None:
    """It has more than 24 bits, but no integers that float32 could lose. Measured: 0."""
    path = exported(tmp_path, models.WideBias(), (1, 6, 16), form, 17)
    assert checked(import_model(path, "near-exact"), 6, 16).output_rate < 1e-3
