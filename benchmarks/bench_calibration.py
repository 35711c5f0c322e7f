"""The resource estimate of each kernel beside what Yosys finds: the zoo at 200 MHz on VCU118, output FIFOs included.

A kernel counts as within tolerance when each kind of resource is within 15 %, or within a few pieces where there are
few. ``--most 3000`` leaves out kernels of more LUTs, ``--sample 20`` draws so many of each design; names of models
choose among the zoo. The first run takes an hour or more; later ones take the netlists from the cache. Open estimate:
the worst path with 200 ps a net.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import export_untrained, print_table

from hwflow.backends.rtl.project import MANIFEST, write_rtl
from hwflow.boards import load_board
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.models import ZOO
from hwflow.onnx_import.model import import_model
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import find_schedule
from hwflow.synthesis.yosys import Module, synth_modules
from hwflow.timing import analyse
from hwflow.verify.cosim.manifest import read_manifest

CLOCK_MHZ, NET_PS, TOLERANCE = 200.0, 200, 0.15
KINDS = {"lut": 20, "ff": 20, "dsp": 1, "bram18": 1}  # with the difference that does not count
DESIGNS = (
    ("jet_tagger_n8", 400), ("jet_tagger_n8", 45), ("jet_tagger_n16", 400), ("jet_tagger_n16", 61),
    ("jet_tagger_n32", 400), ("jet_tagger_n8_linformer", 400), ("btag", 400), ("btag", 135), ("engine", 400),
    ("gw", 500), ("shvit_nano", 200_000), ("folded_asr", 80_000),
)  # fmt: skip
LARGE = (("shvit_s1", 5_000_000),)  # hours; only by name


@dataclass(frozen=True)
class Measured:
    """A kernel of a design: what was estimated, what was found."""

    design: str
    kernel: str
    fold: str
    estimate: Resources
    found: Resources
    worst_ps: int

    def error(self, kind: str) -> float:
        """Relative to what was found."""
        found = getattr(self.found, kind)
        return (getattr(self.estimate, kind) - found) / max(1, found)

    def within(self, kind: str) -> bool:
        """Whether a kind of resource keeps the tolerance."""
        difference = abs(getattr(self.estimate, kind) - getattr(self.found, kind))
        return difference <= KINDS[kind] or abs(self.error(kind)) <= TOLERANCE


def estimates(network: KernelGraph, schedule: Schedule) -> dict[str, Resources]:
    """Kernel -> its own resources with those of its output FIFOs, which lie in its module."""
    width = {channel.name: channel.width for channel in network.channels}
    return {
        kernel.name: kernel.rtl(schedule.folds[kernel.name]).resources
        + costs.fifos([schedule.fifo_depths[sink] for sink in kernel.sinks], width[kernel.sinks[0]])
        for kernel in network.kernels
    }


def measure(model: str, cycles: int, most: int, sample: int | None, folder: Path) -> Iterator[Measured]:
    """All kernels, or a ``sample``, of at most ``most`` LUTs of a model that is scheduled for a latency."""
    network = kernel_graph(import_model(export_untrained(ZOO[model], folder / "model.onnx")).graph, CLOCK_MHZ)
    board = load_board("vcu118")
    graph = (network.kernels, network.channels, network.sources, network.sinks)
    schedule = find_schedule(*graph, board, CLOCK_MHZ, latency_budget_cycles=cycles)
    write_rtl(network, schedule, folder)
    assert (folder / MANIFEST).is_file()
    guesses = {name: guess for name, guess in estimates(network, schedule).items() if guess.lut <= most}
    if sample is not None:
        drawn = random.Random(0).sample(list(guesses), min(sample, len(guesses)))
        guesses = {name: guess for name, guess in guesses.items() if name in drawn}
    modules = [Module(name, weight=guess.lut) for name, guess in guesses.items()]
    found = synth_modules(folder, read_manifest(folder).sources, modules, say=print)
    for name, guess in guesses.items():
        fold = schedule.folds[name]
        worst = analyse(found[name].netlist, CLOCK_MHZ, [NET_PS], paths=1).case(NET_PS).delay_ps
        text = f"{fold.pe} x {fold.simd}, {fold.cycles}"
        yield Measured(f"{model} {cycles}", name, text, guess, found[name].resources, worst)


def row(kernel: Measured) -> tuple[object, ...]:
    """Estimate / Yosys and the error of each kind."""
    cells = []
    for kind in KINDS:
        a, b = getattr(kernel.estimate, kind), getattr(kernel.found, kind)
        mark = "" if kernel.within(kind) else " !"
        cells.append(f"{a:,} / {b:,} {kernel.error(kind):+.0%}{mark}" if a or b else "")
    return (kernel.design, kernel.kernel, kernel.fold, *cells, kernel.worst_ps)


def summary(kernels: Sequence[Measured]) -> Iterator[str]:
    """A line for each kind of resource, and one for the clock."""
    for kind in KINDS:
        within = sum(kernel.within(kind) for kernel in kernels)
        guess, found = (sum(getattr(each, kind) for each in side) for side in zip(*_sides(kernels), strict=True))
        worst = max(kernels, key=lambda kernel: (not kernel.within(kind), abs(kernel.error(kind))))
        yield (
            f"{kind}: {within} of {len(kernels)} kernels within {TOLERANCE:.0%}; sum {guess:,} / {found:,}; "
            f"worst {worst.error(kind):+.0%} ({worst.design}, {worst.kernel})"
        )
    slowest = max(kernels, key=lambda kernel: kernel.worst_ps)
    yield f"slowest path: {slowest.worst_ps:,} ps ({slowest.design}, {slowest.kernel}), {NET_PS} ps a net"


def _sides(kernels: Sequence[Measured]) -> list[tuple[Resources, Resources]]:
    return [(kernel.estimate, kernel.found) for kernel in kernels]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help="models of the zoo; by default all but shvit_s1")
    parser.add_argument("--most", type=int, default=1 << 30, help="LUTs of the largest kernel that is synthesised")
    parser.add_argument("--sample", type=int, help="kernels drawn from each design")
    chosen = parser.parse_args()
    kernels: list[Measured] = []
    if unknown := set(chosen.models) - {model for model, _ in (*DESIGNS, *LARGE)}:
        parser.error(f"no design of {', '.join(sorted(unknown))}")
    designs = [each for each in (*DESIGNS, *LARGE) if each[0] in chosen.models] if chosen.models else DESIGNS
    for model, cycles in designs:
        with tempfile.TemporaryDirectory() as folder:
            kernels += measure(model, cycles, chosen.most, chosen.sample, Path(folder))
    columns = ("design", "kernel", "PE x SIMD, cycles", "LUT", "FF", "DSP", "BRAM18", "ps")
    print_table("Kernels with their FIFOs, estimate / Yosys; open estimate of the slowest path", columns,
                map(row, kernels), texts=3)  # fmt: skip
    print("\n".join(summary(kernels)))


if __name__ == "__main__":
    main()
