"""Writes a scheduled model as a design: its files, the reference against onnxruntime, HLS, RTL, the record."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from hwflow import record as r
from hwflow.design import layout
from hwflow.design.artefacts import artefact_results, read_design
from hwflow.design.check_import import FAULT, Checked
from hwflow.design.describe import (
    bit_widths,
    board_summary,
    estimate_results,
    kernel_rows,
    model_summary,
    output_names,
    totals,
)
from hwflow.design.design import Design
from hwflow.design.parity import verify_reference
from hwflow.design.request import Progress, Request
from hwflow.design.vectors import save_vectors
from hwflow.files import BuildFolder, sha256_file, write_atomic
from hwflow.ir import serialise
from hwflow.kernels.network import KernelGraph
from hwflow.onnx_import.model import ImportedModel
from hwflow.record.evidence import FILES
from hwflow.schedule.schedule import Schedule
from hwflow.verify.evaluation import Evaluation


def write_design(
    folder: BuildFolder,
    model: Path,
    imported: ImportedModel,
    network: KernelGraph,
    schedule: Schedule,
    request: Request,
    data: Evaluation,
    checked: Checked,
    tolerance: r.Tolerance,
    say: Progress,
) -> Design:
    """Fill a build folder, whose lock is held: what was imported, vectors, HLS and RTL, the record and its report.

    ``checked``: what comparing the import with the file, and with the values that the framework ``expected``, found.
    """
    path = folder.path
    (path / r.FILE).unlink(missing_ok=True)  # without its record an interrupted build is no design
    (path / FAULT).unlink(missing_ok=True)  # of a build that failed
    if model.resolve() != (path / layout.MODEL).resolve():
        shutil.copyfile(model, path / layout.MODEL)
    write_atomic(path / layout.GOLDEN, imported.golden)
    write_atomic(path / layout.GRAPH, serialise.dumps(imported.graph))
    write_atomic(path / layout.NAMES, json.dumps(dict(imported.names), indent=1))
    write_atomic(path / layout.SCHEDULE, schedule.to_json())
    write_atomic(path / layout.BOARD, request.board.model_dump_json(indent=1))
    say("reference against onnxruntime")
    vectors, parity, results, accuracy = verify_reference(imported, network, data)
    if (expected := checked.expected) is not None:
        pairs = (tuple(expected.inputs.values()), tuple(expected.outputs.values()))
        vectors = replace(vectors, expected=pairs)
    save_vectors(path / layout.VECTORS, vectors)
    if request.style == "streaming":
        _write_projects(folder, network, schedule, request, say)
    else:
        shutil.rmtree(path / layout.HLS, ignore_errors=True)  # of an earlier build
    design = Design(
        folder, network, schedule, _record(model, imported, network, schedule, request, tolerance), imported.names
    )
    say("artefacts read back")
    results += artefact_results(read_design(design))
    say("report")
    build = design.record.model_copy(
        update={
            "inputs": {name: sha256_file(path / name) for name in FILES},
            "artefacts": r.hashes(path),
            "parity": (*checked.parity, *parity),
            "accuracy": tuple(accuracy),
            "results": (*design.record.results, *checked.results, *results),
        }
    )
    design.save(r.anchored(build))
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
    model: Path,
    imported: ImportedModel,
    network: KernelGraph,
    schedule: Schedule,
    request: Request,
    tolerance: r.Tolerance,
) -> r.BuildRecord:
    return r.BuildRecord(
        versions=r.tool_versions(),
        inputs={},
        model=model_summary(_title(model), imported, network),
        board=board_summary(request.board),
        clock_mhz=request.clock_mhz,
        io_type=request.io_type,
        style=request.style,
        axi_lite=request.axi_lite,
        outputs=output_names(network),
        budgets=request.budgets,
        tolerance=tolerance,
        totals=totals(schedule),
        kernels=() if request.style == "unrolled" else tuple(kernel_rows(network, schedule, request.io_type)),
        bit_widths=tuple(bit_widths(network)),
        results=tuple(estimate_results(schedule, request.board, request.budgets)),
    )
