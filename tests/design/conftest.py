"""One small design, built once for the tests of this folder, and cheap copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import hwflow
from hwflow.design import Design
from tests.support.zoo import export_untrained

VECTORS = 60


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A jet tagger of 4 particles."""
    return export_untrained("jet_tagger_n8", tmp_path_factory.mktemp("model") / "model.onnx", particles=4)


@pytest.fixture(scope="session")
def built(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build folder whose C simulation has run and passed."""
    folder = tmp_path_factory.mktemp("built") / "design"
    design = hwflow.convert(model, output_dir=folder, clock_mhz=200, latency_budget_us=2)
    design.csim(VECTORS)
    design.check()
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the built design that a test may damage."""

    def make() -> Path:
        return Path(shutil.copytree(built, tmp_path / "design"))

    return make


@pytest.fixture
def design(copy: Callable[[], Path]) -> Design:
    """The copy, opened."""
    return Design.load(copy())
