"""RTL of the trigger models at 200 MHz on VCU118, cosimulated, beside the published designs.

Cycles are measured by Verilator over ten frames (stage cosim), every output bit compared with onnxruntime; resources
are the estimate of the schedule, or with ``--yosys`` those of open synthesis, which takes about 5 ms of a core for a
LUT. Published figures as in bench_schedules.py.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_schedules import PUBLISHED, Row
from common import export_untrained, print_table

import hwflow
from hwflow.design import Design
from hwflow.models import ZOO, Precision

NARROW = Precision(weight=4, activation=5, table=6)
COLUMNS = ("model", "design", "stage", "first output", "us", "II", "wrong bits", "resources", "LUT", "FF", "DSP")
# name in the table: zoo model, its precision (None: the default), budgets in cycles of latency and of II
GOALS = {
    "btag": ("btag", None, 135, 15),
    "jet_tagger_n8": ("jet_tagger_n8", None, 50, 8),
    "jet_tagger_n8, 4-bit weights": ("jet_tagger_n8", NARROW, 50, 8),
    "jet_tagger_n16, 4-bit weights": ("jet_tagger_n16", NARROW, 70, 16),
    "jet_tagger_n32, 4-bit weights": ("jet_tagger_n32", NARROW, 105, 32),
}


def rows(title: str, folder: Path, yosys: bool) -> Iterator[Row]:
    """Our design and the published one."""
    name, precision, cycles, interval = GOALS[title]
    config = ZOO[name] if precision is None else ZOO[name].model_copy(update={"precision": precision})
    model = export_untrained(config, folder / f"{len(list(folder.iterdir()))}.onnx")
    design = hwflow.convert(
        model, output_dir=model.with_suffix(""), clock_mhz=200.0, latency_budget_us=cycles / 200, ii_budget=interval
    )
    measured = design.cosim(10, ("nominal",)).nominal
    assert measured is not None
    stage, (lut, ff, dsp) = _resources(design, yosys)
    us = f"{measured.first_output / 200:.3f}"
    wrong = measured.wrong_bits
    yield (title, "hwflow", "cosim", measured.first_output, us, measured.ii, wrong, stage, lut, ff, dsp)
    published = PUBLISHED[name]
    yield ("", *published[:5], "", "?", *published[5:8])


def _resources(design: Design, yosys: bool) -> tuple[str, tuple[int, int, int]]:
    if not yosys:
        use = design.schedule.resources
        return "estimate", (use.lut, use.ff, use.dsp)
    from hwflow.design.synthesise import synthesise

    (figures,) = synthesise(design, "yosys", progress=print)
    return "yosys", (figures.total.lut, figures.total.ff, figures.total.dsp)


def main() -> None:
    """Build, cosimulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--yosys", action="store_true", help="synthesise as well")
    parser.add_argument("--only", choices=list(GOALS), help="one model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        titles = [options.only] if options.only else list(GOALS)
        table = [row for title in titles for row in rows(title, Path(folder), options.yosys)]
    print_table("VCU118 at 200 MHz, beside published designs", COLUMNS, table, texts=3)


if __name__ == "__main__":
    main()
