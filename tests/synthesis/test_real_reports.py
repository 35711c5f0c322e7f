"""Reports that the tools themselves wrote, where HWFLOW_REPORTS names a folder with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hwflow.synthesis.vitis import Cosimulation, csynth_figures, read_cosim
from hwflow.synthesis.vivado_reports import read_utilisation

FOLDER = Path(os.environ.get("HWFLOW_REPORTS", "/nonexistent"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="HWFLOW_REPORTS names no folder")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("layernorm-project/csynth.xml", [3408, 2130, 48, 16, 0]),
        ("layernorm-project/myproject_csynth.xml", [3408, 2130, 48, 16, 0]),
        ("vivado-2020.1/myproject_csynth.xml", [2532, 7969, 73, 0, 0]),
    ],
)
def test_csynth(name: str, counts: list[int]) -> None:
    assert list(csynth_figures(FOLDER / name).total.as_dict().values()) == counts


def test_cosimulation_that_passed_without_measuring() -> None:
    assert read_cosim(FOLDER / "layernorm-project/myproject_cosim.rpt") == Cosimulation(True, None, None)


def test_utilisation_of_a_chip_without_ultraram() -> None:
    version, used = read_utilisation(FOLDER / "vivado-2020.1/vivado_synth.rpt")
    assert (version, list(used.as_dict().values())) == ("2020.1", [1526, 2428, 66, 0, 0])
