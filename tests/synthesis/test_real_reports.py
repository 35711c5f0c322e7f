"""Reports that the tools themselves wrote."""

from __future__ import annotations

from pathlib import Path

from hwflow.synthesis.vitis import csynth_figures
from hwflow.synthesis.vivado_reports import read_utilisation

FOLDER = Path(__file__).with_name("real_reports")


def test_csynth() -> None:
    used = csynth_figures(FOLDER / "myproject_csynth.xml").total
    assert list(used.as_dict().values()) == [2532, 7969, 73, 0, 0]


def test_utilisation_of_a_chip_without_ultraram() -> None:
    version, used = read_utilisation(FOLDER / "vivado_synth.rpt")
    assert (version, list(used.as_dict().values())) == ("2020.1", [1526, 2428, 66, 0, 0])
