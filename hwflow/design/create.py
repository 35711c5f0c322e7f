"""From an ONNX file to a design in a build folder: import, schedule, write, verify the reference."""

from __future__ import annotations

from pathlib import Path

from hwflow.boards import load_board
from hwflow.design import layout
from hwflow.design.check_framework import check_framework
from hwflow.design.check_import import check_import
from hwflow.design.check_near_exact import check_near_exact
from hwflow.design.design import Design
from hwflow.design.inputs import evaluation, read_given, samples_of
from hwflow.design.request import IoType, Progress, Request, Style, make_request, make_tolerance
from hwflow.design.unrolled import unroll
from hwflow.design.write import write_design
from hwflow.errors import UserError
from hwflow.files import BuildFolder, read_text
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.onnx_import.model import Mode, import_model
from hwflow.record import Tolerance
from hwflow.schedule.by_hand import complete
from hwflow.schedule.parallel import parallel_schedule
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import find_schedule
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.ports import Given, ModelPorts


def convert(
    model: str | Path,
    *,
    output_dir: str | Path,
    board: str | Path = "vcu118",
    clock_mhz: float | None = None,
    latency_budget_us: float | None = None,
    ii_budget: int | None = None,
    io_type: IoType = "io_stream",
    style: Style = "streaming",
    axi_lite: bool = False,
    mode: Mode = "exact",
    vectors: Given | str | Path | Evaluation | None = None,
    schedule: Schedule | str | Path | None = None,
    oracle_vectors: int | None = None,
    max_disagreement: float = Tolerance().disagreement,
    max_mean_error: float = Tolerance().mean_error,
    progress: Progress | None = None,
) -> Design:
    """Build a design from a quantised ONNX file (QONNX or QCDQ).

    Args:
        output_dir: the build folder; it is made, or built into again.
        board: an id of ``hwflow boards`` or the path of a TOML file.
        clock_mhz: by default the board's.
        latency_budget_us, ii_budget: the schedule meets them with the least area, or is refused.
        style: of the RTL; "unrolled" gives every operation its own hardware, takes a frame a cycle and has no HLS
            project. Needs alkaid.
        axi_lite: registers beside the streams of the RTL: what the design is, cycle and frame counts.
        vectors: real inputs (count, *input shape), a .npy file of them, or labelled ones (Evaluation or its .npz file);
            of several inputs arrays by name (a mapping or an .npz file), where states may be left out: they are then
            those of the chunk before. By default 1,000 seeded ones.
        schedule: folds and FIFO depths by hand, or the schedule.json that holds them; by default they are searched.
        oracle_vectors: inferences for which what was imported is compared with the model file itself, by default 128,
            fewer of a large model. With 0 it is not compared, which the record says, and ``check`` fails.
        max_disagreement, max_mean_error: limits of near-exact mode against the model file: the share of inferences
            with another top class, and the mean error of an output in its steps.

    What the framework itself computed, which hwflow export stores beside a model file, is compared too.

    Raises UserError for bad input, and GateFailed when no schedule meets the budgets or when the import is not what the
    file says; the design in the folder then stays as it was.
    """
    say = progress or (lambda _: None)
    request = make_request(load_board(board), clock_mhz, latency_budget_us, ii_budget, io_type, style, axi_lite)
    tolerance = make_tolerance(max_disagreement, max_mean_error)
    say("import")
    given = read_given(vectors)
    imported = import_model(model, mode, samples=samples_of(given))
    network = kernel_graph(imported.graph, request.clock_mhz)
    ports = ModelPorts(imported.graph, imported.golden)
    network.check_states((state.output, state.input) for state in ports.states)
    data = evaluation(given, ports)
    checked = check_import(Path(model), imported, data.ports, oracle_vectors, Path(output_dir), say)
    checked += check_framework(Path(model), imported)
    checked += check_near_exact(Path(model), imported, None if given is None else data, tolerance, say)
    say("schedule")
    if schedule is not None:
        found = _by_hand(schedule, network, request)
    elif style == "streaming":
        found = _schedule(network, request, say)
    folder = BuildFolder.create(Path(output_dir))
    with folder.lock(say):
        if style == "unrolled":
            with folder.staging(layout.RTL) as project:
                found = unroll(network.at_ports, request.board, request.clock_mhz, request.latency, project, say)
        return write_design(folder, Path(model), imported, network, found, request, data, checked, tolerance, say)


def _schedule(network: KernelGraph, request: Request, say: Progress) -> Schedule:
    board, clock, latency = request.board, request.clock_mhz, request.latency
    if request.io_type == "io_parallel":
        return parallel_schedule(network.kernels, board, clock, latency)
    return find_schedule(
        network.kernels, network.channels, network.sources, network.sinks, board, clock, latency,
        request.budgets.ii_cycles, lambda step: say(f"schedule: {step}"),
    )  # fmt: skip


def _by_hand(given: Schedule | str | Path, network: KernelGraph, request: Request) -> Schedule:
    """The user's folds and depths; only streams have them."""
    if request.io_type == "io_parallel":
        raise UserError("schedule", "one beside io_parallel or style unrolled", "io_stream", "Leave one of them out.")
    schedule = given if isinstance(given, Schedule) else Schedule.from_json(_text(Path(given)), f"schedule {given}")
    ports = (network.sources, network.sinks)
    return complete(schedule, network.kernels, network.channels, *ports, request.board, request.clock_mhz)


def _text(path: Path) -> str:
    return read_text(path, "the schedule.json of a build", "Give another one.", named=True)
