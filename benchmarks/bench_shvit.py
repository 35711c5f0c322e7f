"""SHViT on boards: the integer graph against onnxruntime on whole images, and its schedule with weights on chip.

Everything is untrained, which changes neither the products nor the memory; ``--bits`` gives the weights' width. Frames
a second are the clock over the initiation interval, an estimate like the resources. hwflow keeps all weights on chip.
Where the schedule does not fit a board, the row is that of the least area, with the share it takes of what is usable.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from common import export_untrained, print_table

from hwflow.boards import Board, load_board
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.models import ZOO, mac_count, parameter_count
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import ScheduleRefused, find_schedule
from hwflow.verify.parity import compare_every_tensor

CLOCK_MHZ = 200.0
COLUMNS = ("board", "frames/s", "ms", "II", "LUT", "FF", "DSP", "BRAM18", "URAM", "weights on chip", "fits")
BRAM18_BITS, URAM_BITS = 18 * 1024, 288 * 1024
BEYOND = 16


def main() -> None:
    """Compare, then schedule for each board."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="shvit_s1", choices=[name for name in ZOO if name.startswith("shvit")])
    parser.add_argument("--images", type=int, default=2, help="random images to compare, 0 for none")
    parser.add_argument("--boards", nargs="*", default=["zcu102", "u250"])
    parser.add_argument("--interval", type=int, help="cycles between two frames at most")
    parser.add_argument("--bits", type=int, default=4, help="of a weight")
    arguments = parser.parse_args()
    config = ZOO[arguments.model]
    precision = config.precision.model_copy(update={"weight": arguments.bits})
    config = config.model_copy(update={"precision": precision})
    with tempfile.TemporaryDirectory() as folder:
        model = import_model(export_untrained(config, Path(folder) / "model.onnx"))
    sizes = f"{parameter_count(config):,} parameters of {arguments.bits} bits, {mac_count(config):,} MACs"
    print(f"{arguments.model}: {sizes}", flush=True)
    if arguments.images:
        compare(model, arguments.images, config.input_shape)
    network = kernel_graph(model.graph, CLOCK_MHZ)
    memory = config.precision.weight * parameter_count(config)
    rows = [row(name, network, arguments.interval, memory) for name in arguments.boards]
    print_table(f"{arguments.model} at {CLOCK_MHZ:g} MHz, {len(network.kernels)} kernels", COLUMNS, rows)


def compare(model: ImportedModel, images: int, shape: tuple[int, ...]) -> None:
    """Every tensor of the integer graph against golden.onnx, on random images."""
    inputs = np.random.default_rng(0).normal(size=(images, *shape)).astype(np.float32)
    compared = compare_every_tensor(model, inputs)
    values, wrong = (sum(getattr(each, name) for each in compared) for name in ("compared", "wrong"))
    print(f"{images} images: {wrong} of {values:,} values in {len(compared)} tensors differ", flush=True)


def row(name: str, network: KernelGraph, interval: int | None, memory: int) -> tuple[object, ...]:
    """The schedule of least area, on the board or beyond it."""
    board = load_board(name)
    there = 2 * board.resources.bram36 * BRAM18_BITS + board.resources.uram * URAM_BITS
    try:
        found = schedule(network, board, interval)
    except ScheduleRefused as refusal:
        print(f"{board.name}: {refusal}", flush=True)
        found = schedule(network, without_limit(board), interval)
    used = found.resources
    rate, latency = 1e6 * CLOCK_MHZ / found.ii, found.latency / CLOCK_MHZ / 1e3
    kind, share = max(used.share_of(board).items(), key=lambda each: each[1])
    figures = (f"{rate:.1f}", f"{latency:.1f}", found.ii, used.lut, used.ff, used.dsp, used.bram18, used.uram)
    fits = "yes" if used.fits(board) else f"no: {share:.0%} of usable {kind}"
    return board.name, *figures, f"{memory / 1e6:.0f} of {there / 1e6:.0f} Mb", fits


def schedule(network: KernelGraph, board: Board, interval: int | None) -> Schedule:
    """The least area within the interval."""
    return find_schedule(
        network.kernels, network.channels, network.source, network.sink, board, CLOCK_MHZ, ii_budget=interval
    )


def without_limit(board: Board) -> Board:
    """The same chip, many times."""
    chip = {kind: BEYOND * count for kind, count in board.resources.model_dump().items()}
    return Board.model_validate(board.model_dump() | {"resources": chip})


if __name__ == "__main__":
    main()
