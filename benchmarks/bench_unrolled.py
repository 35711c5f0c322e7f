"""The jet tagger fully unrolled, a new frame every cycle, beside the published designs of the same model.

    python benchmarks/bench_unrolled.py [--yosys] [--clock MHZ] [PARTICLES ...]

Published: Laatu et al., arXiv 2510.24784, on an XCU250 with II 1 and no DSP slice. Those models are trained with a
width and a sparsity for every single weight; ours are untrained and of one width ("4/5": weights of 4 bits, activations
of 5), so that the area is that of dense random weights, an upper bound for a trained model of these widths. The weights
of the queries are scaled up, lest the attention of an untrained model be uniform and vanish from the circuit.

Stages: "estimate" is before synthesis (period: open delays of each operation; LUT: alkaid's cost times a factor that
was measured with Yosys; DSP: products of at least 9 bits); with --yosys every pipeline stage is synthesised and timed
(200 ps a net), which takes about 10 CPU seconds for 1,000 LUTs the first time. Figures of "?" do not say.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from common import print_table

from hwflow.backends.unrolled import UnrolledDesign, write_unrolled
from hwflow.models import JetTaggerConfig, Precision, build_model
from hwflow.onnx_import.model import import_model

warnings.filterwarnings("ignore")  # notices of libraries

PRECISIONS = {
    "7/8": Precision(weight=7),
    "4/5": Precision(weight=4, activation=5, table=6, bias=12, sum=8),
}
PUBLISHED = {8: (104, 246), 16: (98, 279), 32: (83, 180)}  # ns, kLUT
COLUMNS = ("design", "bits", "stage", "cycles", "period ns", "latency ns", "LUT", "FF", "DSP", "CPU s")
QUERY_GAIN = 64.0
NET_PS = 200
Row = tuple[object, ...]


def export_attentive(config: JetTaggerConfig, path: Path) -> Path:
    """An untrained model whose scores spread over the input of the exponential, calibrated on noise."""
    import torch

    from hwflow.frontends.brevitas.calibrate import calibrate
    from hwflow.frontends.brevitas.export import export_qonnx

    torch.manual_seed(0)
    model = build_model(config)
    with torch.no_grad():
        model.get_submodule("attention.query").get_parameter("weight").mul_(QUERY_GAIN)
    calibrate(model, torch.randn(256, *config.input_shape))
    return export_qonnx(model, path, config.input_shape)


def rows(particles: int, clock_mhz: float, yosys: bool, folder: Path) -> Iterator[Row]:
    """Our designs of one model and the published one."""
    for bits, precision in PRECISIONS.items():
        rtl = folder / f"{particles}_{bits.replace('/', '_')}"
        rtl.mkdir()
        model = export_attentive(JetTaggerConfig(particles=particles, precision=precision), rtl / "model.onnx")
        began = time.process_time()
        built = write_unrolled(import_model(model).graph, clock_mhz, rtl)
        name, seconds = f"jet_tagger_n{particles}", round(time.process_time() - began)
        use, cycles = built.resources, built.latency
        figures = (f"{built.period_ns:.2f}", f"{cycles * built.period_ns:.0f}", use.lut, use.ff, use.dsp, seconds)
        yield (name, bits, "estimate", cycles, *figures)
        if yosys:
            yield (name, bits, "yosys, open estimate", cycles, *measured(built))
    ns, kilo_lut = PUBLISHED[particles]
    yield ("Laatu et al.", "mixed", "?", "", "", ns, 1000 * kilo_lut, "", 0, "")


def measured(built: UnrolledDesign) -> Row:
    """Every stage through Yosys, one after another; the slowest gives the period."""
    from hwflow.synthesis.design import synth_design
    from hwflow.synthesis.yosys import synth_module
    from hwflow.verify.cosim.manifest import read_manifest

    began = time.process_time()
    manifest = read_manifest(built.folder)
    total = synth_design(built.folder, say=lambda _: None).total
    stages = [synth_module(built.folder, manifest.sources, name).netlist for name in manifest.kernels]
    period = max(_stage_ns(netlist, built.clock_mhz, index == 0) for index, netlist in enumerate(stages))
    figures = (f"{period:.2f}", f"{built.latency * period:.0f}", total.lut, total.ff, total.dsp)
    return (*figures, round(time.process_time() - began))


def _stage_ns(netlist: Path, clock_mhz: float, first: bool) -> float:
    """All paths of a stage start at its ports. The analysis takes a FIFO to lie there; most stages have a register."""
    from hwflow.timing import analyse
    from hwflow.timing.delays import load_delays

    fifo_ps = 0 if first else load_delays().port.input + NET_PS
    return (analyse(netlist, clock_mhz).case(NET_PS).delay_ps - fifo_ps) / 1000


def main() -> None:
    """Build the designs that were asked for and print."""
    parser = argparse.ArgumentParser(description="The jet tagger fully unrolled, beside published designs.")
    parser.add_argument("particles", nargs="*", type=int, metavar="PARTICLES", help="8, 16 or 32")
    parser.add_argument("--clock", type=float, default=200.0, help="MHz")
    parser.add_argument("--yosys", action="store_true", help="synthesise and time every stage")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = [
            row
            for n in arguments.particles or PUBLISHED
            for row in rows(n, arguments.clock, arguments.yosys, Path(folder))
        ]
    print_table(f"Unrolled, II 1, for a clock of {arguments.clock:g} MHz", COLUMNS, table, texts=3)


if __name__ == "__main__":
    main()
