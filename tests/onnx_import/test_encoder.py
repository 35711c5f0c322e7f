"""A whole encoder: every tensor exact, the same bits at every optimisation level, and kernels for all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.onnx_import.model import ImportedModel, import_model
from tests.kernels.covered import covered, kinds
from tests.support.encoder import Encoder
from tests.support.exact import LEVELS, assert_exact, outputs_at, real_inputs


@pytest.fixture(scope="module", params=[(1, False), (2, True), (4, False)], ids=str)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ImportedModel:
    heads, softmax = request.param
    encoder = Encoder()
    output = encoder.model(heads, softmax=softmax)
    return import_model(encoder.m.save(tmp_path_factory.mktemp("encoder"), output))


def test_every_tensor_is_exact(model: ImportedModel) -> None:
    golden = assert_exact(model, real_inputs(model.graph, count=100))
    assert len(golden) > 50
    (output,) = model.graph.outputs
    assert len(np.unique(golden[output])) > 8  # the comparison is not one of zeros


def test_golden_gives_the_same_bits_at_every_optimisation_level(model: ImportedModel) -> None:
    inputs = real_inputs(model.graph, count=100, seed=1)
    (plain,), (fused,) = (outputs_at(model, inputs, level) for level in LEVELS)
    assert np.array_equal(plain, fused)


def test_the_import_is_deterministic(tmp_path: Path) -> None:
    paths = []
    for _ in range(2):
        encoder = Encoder()
        paths.append(encoder.m.save(tmp_path, encoder.model(2)))
    first, second = (import_model(path) for path in paths)
    assert first.golden == second.golden and first.names == second.names


def test_kernels_cover_it(model: ImportedModel) -> None:
    found = kinds(covered(model.graph))
    assert found["attention"] == found["pool"] == 1 and found["linear"] == 8 and found["row"] >= 1
