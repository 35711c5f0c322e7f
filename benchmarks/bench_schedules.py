"""Schedules of the zoo at 200 MHz on VCU118, beside the published designs of the same models.

Every figure of ours is an estimate: cycles of the token-level simulation, resources of the cost model. Published
figures come from other devices, precisions and stages, which the table names ("?" where the source does not say):
b-tag, engine and gw from Jiang et al., arXiv 2409.05207 (reuse factor 1); jet taggers from Laatu et al.,
arXiv 2510.24784, which are trained with mixed precision and unrolled for a new frame every cycle.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from common import export_untrained, print_table

from hwflow.boards import Board, load_board
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.models import ZOO
from hwflow.onnx_import.model import import_model
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import ScheduleRefused, find_schedule

CLOCK_MHZ, BUDGET_US = 200.0, 2.0
COLUMNS = ("model", "design", "stage", "cycles", "us", "II", "LUT", "FF", "DSP", "BRAM18")
Row = tuple[object, ...]


def _laatu(nanoseconds: int, kilo_lut: int) -> Row:
    return ("Laatu et al., XCU250", "?", "", f"{nanoseconds / 1000:.3f}", 1, 1000 * kilo_lut, "", 0, "")


PUBLISHED: dict[str, Row] = {
    "jet_tagger_n8": _laatu(104, 246),
    "jet_tagger_n16": _laatu(98, 279),
    "jet_tagger_n32": _laatu(83, 180),
    "jet_tagger_n8_linformer": _laatu(110, 230),
    "jet_tagger_n16_linformer": _laatu(103, 246),
    "jet_tagger_n32_linformer": _laatu(140, 267),
    "btag": ("Jiang et al., VU13P", "?", 269, "2.080", 49, "", "", "46-57 %", ""),
    "engine": ("Jiang et al., VU13P", "?", 257, "1.910", 119, "", "", "", ""),
    "gw": ("Jiang et al., VU13P, does not fit", "?", 537, "3.530", 212, "145-280 %", "", "", ""),
}


def schedule(network: KernelGraph, board: Board, cycles: int) -> Schedule | None:
    """The least-area schedule within a latency, or None."""
    try:
        return find_schedule(network.kernels, network.channels, network.source, network.sink, board, CLOCK_MHZ, cycles)
    except ScheduleRefused:
        return None


def fastest(network: KernelGraph, board: Board) -> Schedule | None:
    """The fastest schedule that fits the board, by bisection over the latency budget."""
    low, high = 0, 4096
    best = schedule(network, board, high)
    while best is not None and high - low > 1:
        middle = (low + high) // 2
        found = schedule(network, board, middle)
        best, low, high = (best, middle, high) if found is None else (found, low, min(middle, found.latency))
    return best


def rows(name: str, model: Path, board: Board) -> Iterator[Row]:
    """Two schedules of a model and the published design."""
    network = kernel_graph(import_model(model).graph, CLOCK_MHZ)
    within = schedule(network, board, int(BUDGET_US * CLOCK_MHZ))
    for goal, found in ((f"least area in {BUDGET_US:g} us", within), ("fastest that fits", fastest(network, board))):
        if found is None:
            yield (name, goal, "estimate", "refused", *[""] * 6)
        else:
            use = found.resources
            figures = (found.latency, f"{found.latency_us:.3f}", found.ii, use.lut, use.ff, use.dsp, use.bram18)
            yield (name, goal, "estimate", *figures)
    yield ("", *PUBLISHED[name])


def main() -> None:
    """Schedule every model and print."""
    board = load_board("vcu118")
    with tempfile.TemporaryDirectory() as folder:
        models = {
            name: export_untrained(config, Path(folder) / f"{name}.onnx")
            for name, config in ZOO.items()
            if name in PUBLISHED
        }
        table = [row for name, model in models.items() for row in rows(name, model, board)]
    print_table(f"{board.name} at {CLOCK_MHZ:g} MHz, beside published designs", COLUMNS, table, texts=3)


if __name__ == "__main__":
    main()
