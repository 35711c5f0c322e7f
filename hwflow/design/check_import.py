"""The gate called import in a build: what it found for the record, or the failure with the input that shows it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwflow import record as r
from hwflow.design.request import Progress
from hwflow.errors import GateFailed
from hwflow.files import BuildFolder, write_atomic
from hwflow.onnx_import.model import ImportedModel
from hwflow.verify.expected import Expected
from hwflow.verify.import_gate import DEFAULT_VECTORS, Fault, ImportReport, compare_import
from hwflow.verify.ports import Arrays

DIFFERING = "import: differing values"
FAULT = "import-fault.npz"

_SHOWN = 16  # elements of an input that are written out


@dataclass(frozen=True)
class Checked:
    """What was found of an import, and the values of the framework that it was compared with, if there are any."""

    results: tuple[r.Result, ...] = ()
    parity: tuple[r.Parity, ...] = ()
    expected: Expected | None = None

    def __add__(self, other: Checked) -> Checked:
        expected = self.expected if other.expected is None else other.expected
        return Checked(self.results + other.results, self.parity + other.parity, expected)


def check_import(
    model: Path, imported: ImportedModel, data: Arrays, count: int | None, folder: Path, say: Progress
) -> Checked:
    """Results and parity of the stage oracle. Nothing in near-exact mode, where the original differs by design.

    Args:
        data: the design's inputs. ``count``: inferences to compare; with 0 the record says so, and check fails.
        folder: of the build, which gets the input that shows a fault; it is made if there is one.

    Raises GateFailed, which names the first tensor that differs.
    """
    if imported.rewrites:
        return Checked()
    say("import against the model file")
    report = compare_import(model, imported, data, DEFAULT_VECTORS if count is None else count)
    if report.fault is not None:
        _store(folder, report.fault)
        raise GateFailed(_message(model, report, report.fault, folder / FAULT))
    return Checked(tuple(_results(report)), tuple(_parity(report)))


def _results(report: ImportReport) -> list[r.Result]:
    figures = {
        "import: vectors of the data": report.data,
        "import: vectors at ties and ends": report.edges,
        "import: vectors without a meaning in ONNX": report.undefined,
        "import: tensors compared": len(report.tensors),
    }
    found = [r.Result(stage="oracle", metric=metric, value=value) for metric, value in figures.items()]
    if not report.data + report.edges:
        return found
    total = sum(tensor.compared for tensor in report.tensors)
    gate = r.Result(
        stage="oracle", metric=DIFFERING, value=report.wrong, unit=f"of {total:,}", limit=0, ok=not report.wrong
    )
    return [gate, *found]


def _parity(report: ImportReport) -> list[r.Parity]:
    return [r.Parity(tensor=t.tensor, stage="oracle", compared=t.compared, mismatches=t.wrong) for t in report.tensors]


def _message(model: Path, report: ImportReport, fault: Fault, stored: Path) -> str:
    count = next(tensor for tensor in report.tensors if tensor.tensor == fault.tensor)
    others = sum(tensor.wrong > 0 for tensor in report.tensors) - 1
    where = f"its element {list(fault.index)} is {fault.expected:g}, in golden.onnx {fault.found:g}"
    shape = "its shape is another one in golden.onnx"
    return (
        f"import: tensor {fault.tensor!r} of {model} is imported wrongly: {where if fault.index else shape} "
        f"({count.wrong:,} of {count.compared:,} values differ, and {others} further tensors), for the input "
        f"{'; '.join(f'{name!r} = {_shown(array)}' for name, array in fault.inputs.items())}, which --data {stored} "
        "gives again. This is a defect of hwflow; please report it with the model."
    )


def _shown(array: np.ndarray) -> str:
    values = [float(value) for value in np.asarray(array).ravel()[:_SHOWN]]
    return f"[{', '.join(f'{value:.9g}' for value in values)}{', ...' if np.size(array) > _SHOWN else ''}]"


def _store(folder: Path, fault: Fault) -> None:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(array)[None] for name, array in fault.inputs.items()}
    np.savez(buffer, **arrays)
    write_atomic(BuildFolder.create(folder).path / FAULT, buffer.getvalue())
