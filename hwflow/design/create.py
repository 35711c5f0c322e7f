"""From an ONNX file to a design in a build folder: import, schedule, verify the reference, write the HLS project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hwflow import record as r
from hwflow.boards import Board, load_board
from hwflow.design import layout
from hwflow.design.describe import bit_widths, board_summary, estimate_results, kernel_rows, model_summary, totals
from hwflow.design.design import Design
from hwflow.design.inputs import evaluation, read_given, samples_of
from hwflow.design.parity import verify_reference
from hwflow.design.unrolled import unroll
from hwflow.design.vectors import save_vectors
from hwflow.errors import UserError
from hwflow.files import BuildFolder, sha256_file, write_atomic
from hwflow.ir import serialise
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.onnx_import.model import ImportedModel, Mode, import_model
from hwflow.schedule.by_hand import complete
from hwflow.schedule.parallel import parallel_schedule
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.search import find_schedule
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.ports import Given, ModelPorts

IoType = Literal["io_stream", "io_parallel"]
Style = Literal["streaming", "unrolled"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    board: Board
    clock_mhz: float
    budgets: r.Budgets
    io_type: IoType
    style: Style = "streaming"
    axi_lite: bool = False

    @property
    def latency(self) -> int | None:
        """The latency budget in cycles."""
        return self.budgets.latency_cycles(self.clock_mhz)


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

    Raises UserError for bad input and GateFailed when no schedule meets the budgets; the folder then stays as it was.
    """
    say = progress or (lambda _: None)
    chosen = load_board(board)
    request = _request(chosen, clock_mhz, latency_budget_us, ii_budget, io_type)
    if style == "unrolled":
        if schedule is not None:
            raise UserError("schedule", "one beside an unrolled design", "style streaming", "Leave one of them out.")
        request = replace(request, style=style, io_type="io_parallel")
    if axi_lite and request.io_type == "io_parallel":
        raise UserError("AXI4-Lite registers", "a design without beats", "io_stream", "Leave one of them out.")
    request = replace(request, axi_lite=axi_lite)
    say("import")
    given = read_given(vectors)
    imported = import_model(model, mode, samples=samples_of(given))
    network = kernel_graph(imported.graph, request.clock_mhz)
    data = evaluation(given, ModelPorts(imported.graph, imported.golden))
    say("schedule")
    if style == "streaming":
        found = _schedule(network, request, say) if schedule is None else _by_hand(schedule, network, request)
    folder = BuildFolder.create(Path(output_dir))
    with folder.lock():
        if style == "unrolled":
            with folder.staging(layout.RTL) as project:
                found = unroll(imported.graph, request.board, request.clock_mhz, request.latency, project, say)
        return _build(folder, Path(model), imported, network, found, request, data, say)


def _request(board: Board, clock: float | None, latency: float | None, ii: int | None, io_type: IoType) -> Request:
    clock_mhz = board.clock_mhz if clock is None else clock
    for subject, value, limits in (("clock", clock_mhz, (1.0, 1000.0)), ("latency budget", latency, (1e-3, 1e9))):
        if value is not None and not limits[0] <= value <= limits[1]:
            raise UserError(subject, f"{value:g}", f"{limits[0]:g} to {limits[1]:g}", "Give another one.")
    if ii is not None and ii < 1:
        raise UserError("initiation interval budget", str(ii), "at least 1 cycle", "Give another one.")
    if io_type not in ("io_stream", "io_parallel"):
        raise UserError("io_type", repr(io_type), "io_stream or io_parallel", "Choose one of them.")
    return Request(board, float(clock_mhz), r.Budgets(latency_us=latency, ii_cycles=ii), io_type)


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
        raise UserError("schedule", "one beside io_parallel", "io_stream", "Leave one of them out.")
    schedule = given if isinstance(given, Schedule) else Schedule.from_json(_text(Path(given)), f"schedule {given}")
    ports = (network.sources, network.sinks)
    return complete(schedule, network.kernels, network.channels, *ports, request.board, request.clock_mhz)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"schedule {path}", str(error), "a readable JSON file", "Give another one.") from error


def _build(
    folder: BuildFolder,
    model: Path,
    imported: ImportedModel,
    network: KernelGraph,
    schedule: Schedule,
    request: Request,
    data: Evaluation,
    say: Progress,
) -> Design:
    path = folder.path
    (path / r.FILE).unlink(missing_ok=True)  # without its record an interrupted build is no design
    if model.resolve() != (path / layout.MODEL).resolve():
        shutil.copyfile(model, path / layout.MODEL)
    write_atomic(path / layout.GOLDEN, imported.golden)
    write_atomic(path / layout.GRAPH, serialise.dumps(imported.graph))
    write_atomic(path / layout.NAMES, json.dumps(dict(imported.names), indent=1))
    write_atomic(path / layout.SCHEDULE, schedule.to_json())
    write_atomic(path / layout.BOARD, request.board.model_dump_json(indent=1))
    say("reference against onnxruntime")
    vectors, parity, results, accuracy = verify_reference(imported, network, data)
    save_vectors(path / layout.VECTORS, vectors)
    if request.style == "streaming":
        _write_projects(folder, network, schedule, request, say)
    else:
        shutil.rmtree(path / layout.HLS, ignore_errors=True)  # of an earlier build
    design = Design(folder, network, schedule, _record(model, imported, network, schedule, request), imported.names)
    say("report")
    hashes = {name: sha256_file(path / name) for name in layout.HASHED}
    build = design.record.model_copy(
        update={
            "inputs": hashes,
            "parity": tuple(parity),
            "accuracy": tuple(accuracy),
            "results": (*design.record.results, *results),
        }
    )
    design.save(build)
    return design


def _write_projects(
    folder: BuildFolder, network: KernelGraph, schedule: Schedule, request: Request, say: Progress
) -> None:
    """HLS, and the RTL of streams: what is unrolled over the tokens has no beats."""
    from hwflow.backends.hls.project import write_project
    from hwflow.backends.rtl.project import write_rtl

    say("HLS project")
    with folder.staging(layout.HLS) as project:
        write_project(network, schedule, request.board, request.io_type, project)
    if request.io_type == "io_parallel":
        shutil.rmtree(folder.path / layout.RTL, ignore_errors=True)
        return
    say("RTL")
    with folder.staging(layout.RTL) as project:
        write_rtl(network, schedule, project, request.axi_lite)


def _title(model: Path) -> str:
    """The file's name, or its folder's where the file is just called model.onnx."""
    return model.resolve().parent.name if model.name == layout.MODEL else model.stem


def _record(
    model: Path, imported: ImportedModel, network: KernelGraph, schedule: Schedule, request: Request
) -> r.BuildRecord:
    return r.BuildRecord(
        versions=r.tool_versions(),
        inputs={},
        model=model_summary(_title(model), imported, network),
        board=board_summary(request.board),
        clock_mhz=request.clock_mhz,
        io_type=request.io_type,
        style=request.style,
        budgets=request.budgets,
        totals=totals(schedule),
        kernels=() if request.style == "unrolled" else tuple(kernel_rows(network, schedule, request.io_type)),
        bit_widths=tuple(bit_widths(network)),
        results=tuple(estimate_results(schedule, request.board, request.budgets)),
    )
