"""Models of a user's own: every tensor equals onnxruntime, and so does the C++ behind every kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.model import import_model

from .checks import CLOCK_MHZ, assert_csim_passes, assert_every_tensor_equals
from .own_models import PlainMasked, PostNorm, PreNorm, export

KERNELS = {
    PreNorm: {"attention": 1, "elementwise": 2, "linear": 8, "pool": 1, "row": 1},
    PostNorm: {"attention": 1, "linear": 7, "pool": 1, "row": 1, "token_mix": 2},
    PlainMasked: {"attention": 1, "elementwise": 1, "linear": 6, "pool": 1},
}


@pytest.fixture(params=KERNELS, ids=lambda kind: kind.__name__, scope="module")
def kind(request: pytest.FixtureRequest) -> type[nn.Module]:
    chosen: type[nn.Module] = request.param
    return chosen


@pytest.fixture(scope="module")
def model(kind: type[nn.Module], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(kind, tmp_path_factory.mktemp("own") / "model.onnx")


def test_every_tensor_equals_onnxruntime(model: Path) -> None:
    assert_every_tensor_equals(model, inputs=10_000, tensors=40)


def test_few_kernels_cover_it(model: Path, kind: type[nn.Module]) -> None:
    kinds = [kernel.kind for kernel in kernel_graph(import_model(model).graph, CLOCK_MHZ).kernels]
    assert {each: kinds.count(each) for each in kinds} == KERNELS[kind]


def test_csim_passes(model: Path, tmp_path: Path) -> None:
    assert_csim_passes(model, tmp_path / "design")
