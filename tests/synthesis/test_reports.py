"""Reports of AMD's tools say what they say, and one that was cut short is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.errors import UserError
from hwflow.schedule.resources import Resources
from hwflow.synthesis.vitis import Cosimulation, cosim_results, csynth_figures, read_cosim
from hwflow.synthesis.vivado_reports import read_hierarchy, read_timing, read_utilisation
from tests.synthesis import reports

BOMB = '<!DOCTYPE profile [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


def write(folder: Path, text: str) -> Path:
    path = folder / "report"
    path.write_text(text)
    return path


@pytest.mark.parametrize("dsp", ["DSP", "DSP48E"])  # newer and older versions
def test_csynth_in_total_and_by_kernel(tmp_path: Path, dsp: str) -> None:
    figures = csynth_figures(write(tmp_path, reports.csynth(dsp=dsp)), ["k0_scale", "k1_sum"])
    assert (figures.stage, figures.tool, figures.version) == ("csynth", "vitis_hls", "2023.2")
    assert figures.total == Resources(5000, 3000, 20, 6, 0)
    assert figures.kernels["k0_scale"] == Resources(3500, 2000, 16, 4, 0)
    assert figures.kernels[None] == Resources(500, 200, 0, 2, 0)
    assert [(r.metric, r.value, r.unit) for r in figures.results] == [
        ("latency", 41, "cycles"),
        ("initiation interval", 9, "cycles"),
        ("clock period", 3.65, "ns"),
    ]


def test_a_latency_that_csynth_does_not_know_is_left_out(tmp_path: Path) -> None:
    figures = csynth_figures(write(tmp_path, reports.csynth(latency="undef")))
    assert [r.metric for r in figures.results] == ["initiation interval", "clock period"]


def test_csynth_is_not_by_kernel_if_one_is_not_found(tmp_path: Path) -> None:
    assert csynth_figures(write(tmp_path, reports.csynth()), ["k0_scale", "k2_linear"]).kernels == {}


def test_cosimulation_that_measured(tmp_path: Path) -> None:
    found = read_cosim(write(tmp_path, reports.cosim()))
    assert found == Cosimulation(True, (40, 42), (8, 9))
    verdict, latency, interval = cosim_results(found, latency=41)
    assert (verdict.ok, latency.value, interval.value) == (True, 42, 9)
    assert (latency.ok, latency.limit, interval.ok) == (False, 41, None)


def test_a_pass_without_a_latency_is_no_measurement(tmp_path: Path) -> None:
    found = read_cosim(write(tmp_path, reports.cosim(values="NA|NA|NA|NA|NA|NA|NA")))
    assert found == Cosimulation(True, None, None)
    assert [r.metric for r in cosim_results(found, latency=9)] == ["failures"]


def test_a_failed_cosimulation_fails_its_gate(tmp_path: Path) -> None:
    (verdict, *_) = cosim_results(read_cosim(write(tmp_path, reports.cosim(status="Fail"))))
    assert verdict.ok is False


def test_a_cosimulation_that_never_ran_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no row of a simulated language"):
        read_cosim(write(tmp_path, reports.cosim(status="NA")))


def test_utilisation(tmp_path: Path) -> None:
    version, used = read_utilisation(write(tmp_path, reports.utilisation(uram=3)))
    assert (version, used) == ("2023.2", Resources(4500, 2600, 18, 5, 3))


def test_utilisation_by_kernel(tmp_path: Path) -> None:
    found = read_hierarchy(write(tmp_path, reports.kernels()), ["k0_scale", "k1_sum"])
    assert found == {
        "k0_scale": Resources(3400, 1900, 16, 5, 0),
        "k1_sum": Resources(1000, 600, 2, 0, 0),
        None: Resources(100, 100, 0, 0, 0),
    }
    with pytest.raises(UserError, match="no row for k2_linear"):
        read_hierarchy(tmp_path / "report", ["k2_linear"])


@pytest.mark.parametrize(("slack", "found"), [("1.250", 1.25), ("-0.031", -0.031), ("NA", None)])
def test_timing(tmp_path: Path, slack: str, found: float | None) -> None:
    assert read_timing(write(tmp_path, reports.timing(slack))) == found


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.8])
@pytest.mark.parametrize(
    ("read", "text"),
    [
        (csynth_figures, reports.csynth()),
        (read_utilisation, reports.utilisation()),
        (lambda path: read_hierarchy(path, ["k0_scale", "k1_sum"]), reports.kernels()),
        (read_cosim, reports.cosim()),
        (read_timing, reports.timing()[:600]),
    ],
    ids=["csynth", "utilisation", "kernels", "cosim", "timing"],
)
def test_a_report_that_was_cut_short_is_one_clear_error(tmp_path: Path, read: object, text: str, part: float) -> None:
    path = write(tmp_path, text[: int(part * len(text))])
    with pytest.raises(UserError, match=rf"{path}: found .*; expected .*run the tool again"):
        read(path)  # type: ignore[operator]


def test_a_report_that_is_not_there_or_not_text_is_one_too(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        csynth_figures(tmp_path / "report")
    (tmp_path / "report").write_bytes(b"\xff\xfe<\x00p\x00")
    with pytest.raises(UserError, match="no UTF-8 text"):
        csynth_figures(tmp_path / "report")


@pytest.mark.parametrize("declaration", [BOMB, BOMB.lower(), '<!  ENTITY x SYSTEM "file:///etc/passwd">'])
def test_entities_are_refused_before_they_are_read(tmp_path: Path, declaration: str) -> None:
    head, _, body = reports.csynth().partition("\n")
    with pytest.raises(UserError, match="document type or entity"):
        csynth_figures(write(tmp_path, f"{head}\n{declaration}\n{body}"))


def test_our_reader_and_defusedxml_agree(tmp_path: Path) -> None:
    etree = pytest.importorskip("defusedxml.ElementTree")
    path = write(tmp_path, reports.csynth())
    assert csynth_figures(path).total.lut == int(etree.parse(path).findtext("AreaEstimates/Resources/LUT"))
