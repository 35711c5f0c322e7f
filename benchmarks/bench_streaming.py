"""Jet taggers trained with narrow weights, streaming: II at most N, beside a tenth of the unrolled designs' LUTs.

Trained on generated jets; accuracies of the float and of the quantized model are on their validation part. Cycles are
measured by Verilator over ten frames (stage cosim), every output bit compared with onnxruntime; LUTs and DSPs are the
schedule's estimate. The published designs (Laatu et al., arXiv 2510.24784) have a trained width for each weight, no
DSP and a new frame every cycle.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_schedules import PUBLISHED
from common import print_table

import hwflow
from hwflow.frontends.brevitas.export import export_run
from hwflow.frontends.brevitas.run import run_config
from hwflow.frontends.brevitas.train import train
from hwflow.models import Precision

DESIGNS = (
    ("jet_tagger_n8", Precision(weight=3, activation=5, table=6)),
    ("jet_tagger_n8", Precision(weight=2, activation=4, table=5)),
    ("jet_tagger_n16", Precision(weight=2, activation=4, table=5)),
    ("jet_tagger_n32", Precision(weight=2, activation=4, table=5)),
)
LATENCY_US = 1.0
COLUMNS = ("model", "weights", "float", "quantized", "first output", "II", "wrong bits", "LUT", "a tenth", "DSP")


def row(name: str, precision: Precision, folder: Path) -> tuple[object, ...]:
    """Train, export, build, simulate."""
    config = run_config(name)
    config = config.model_copy(update={"model": config.model.model_copy(update={"precision": precision})})
    scores = train(config, folder / "run", quiet=True)
    model = export_run(folder / "run")
    particles = config.model.input_shape[0]
    design = hwflow.convert(
        model, output_dir=folder / "design", clock_mhz=200.0, latency_budget_us=LATENCY_US, ii_budget=particles
    )
    measured = design.cosim(10, ("nominal",)).nominal
    assert measured is not None
    accuracy = (f"{each.accuracy:.1%}" for each in (scores.float_model, scores.quantized_model))
    use, published = design.schedule.resources, PUBLISHED[name][5]
    assert isinstance(published, int)
    cycles = (measured.first_output, measured.ii, measured.wrong_bits)
    return (name, f"{precision.weight} bits", *accuracy, *cycles, use.lut, published // 10, use.dsp)


def rows() -> Iterator[tuple[object, ...]]:
    """One design after the other."""
    for name, precision in DESIGNS:
        with tempfile.TemporaryDirectory() as folder:
            yield row(name, precision, Path(folder))


if __name__ == "__main__":
    print_table("VCU118 at 200 MHz: cycles cosim, LUT and DSP estimate", COLUMNS, rows(), texts=2)
