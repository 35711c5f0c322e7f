"""Vivado's text reports: utilisation, utilisation by instance, timing summary.

Format: as in versions 2020.1 to 2024.2 (report_utilization and report_timing_summary, UG835). The names of the rows
differ between 7-series ("Slice LUTs") and UltraScale+ ("CLB LUTs").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hwflow.schedule.resources import Resources
from hwflow.schedule.resources import total as sum_of
from hwflow.synthesis.report_file import damaged, read_text, rows

_KIND = "a utilisation report of Vivado"
_BY_INSTANCE = "a utilisation report of Vivado by instance"
_TIMING = "a timing summary of Vivado"
_NEEDED = {"lut", "ff", "dsp", "ramb36", "ramb18", "uram"}
_ROW = {
    "CLB LUTs": "lut",
    "Slice LUTs": "lut",
    "CLB Registers": "ff",
    "Slice Registers": "ff",
    "DSPs": "dsp",
    "RAMB36/FIFO": "ramb36",
    "RAMB18": "ramb18",
    "URAM": "uram",
}
_COLUMN = {
    "Total LUTs": "lut",
    "FFs": "ff",
    "DSP Blocks": "dsp",
    "DSP48 Blocks": "dsp",
    "DSPs": "dsp",
    "RAMB36": "ramb36",
    "RAMB18": "ramb18",
    "URAM": "uram",
}
_NO_URAM = {"uram": 0}  # chips without any have no row and no column for it


def read_utilisation(path: Path) -> tuple[str, Resources]:
    """Version of Vivado, and what the design takes. Raises UserError for a damaged report."""
    text = read_text(path, _KIND)
    counts = dict(_NO_URAM)
    for cells in rows(text):
        name = _ROW.get(cells[0].rstrip("*"))
        if name and len(cells) > 1 and name not in counts.keys() - _NO_URAM.keys():
            counts[name] = _whole(path, cells[1])
    return _version(text), _resources(path, counts, _KIND)


def read_hierarchy(path: Path, kernels: Sequence[str]) -> dict[str | None, Resources]:
    """What each kernel takes, and under None what the rest does. Raises UserError if a kernel has no row."""
    header, *body = [cells for cells in rows(read_text(path, _BY_INSTANCE)) if len(cells) > 5] or [[]]
    if header[:2] != ["Instance", "Module"] or not body:
        raise damaged(path, "no table of instances", _BY_INSTANCE)
    used = {cells[1]: _instance(path, header, cells) for cells in body if not cells[0].startswith("(")}
    if missing := [name for name in kernels if name not in used]:
        raise damaged(path, f"no row for {', '.join(missing)}", _BY_INSTANCE)
    parts: dict[str | None, Resources] = {name: used[name] for name in kernels}
    whole, inside = _instance(path, header, body[0]).as_dict(), sum_of(parts.values()).as_dict()
    parts[None] = Resources(**{kind: max(0, count - inside[kind]) for kind, count in whole.items()})
    return parts


def read_timing(path: Path) -> float | None:
    """The worst setup slack in ns; None where there is no path to have one. Raises UserError for a damaged report."""
    text = read_text(path, _TIMING)
    match = re.search(r"^\s*WNS\(ns\).*\n[\s-]*\n\s*(\S+)", text, re.MULTILINE)
    if match is None or not re.fullmatch(r"-?\d+\.\d+|NA", match[1]):
        raise damaged(path, "no worst negative slack", _TIMING)
    return None if match[1] == "NA" else float(match[1])


def _instance(path: Path, header: list[str], cells: list[str]) -> Resources:
    if len(cells) != len(header):
        raise damaged(path, f"{len(cells)} cells in the row of {cells[0]}", f"{len(header)}, as in the table's head")
    pairs = ((_COLUMN[name], cell) for name, cell in zip(header, cells, strict=True) if name in _COLUMN)
    return _resources(path, _NO_URAM | {name: _whole(path, cell) for name, cell in pairs}, _BY_INSTANCE)


def _resources(path: Path, counts: dict[str, int], kind: str) -> Resources:
    if missing := _NEEDED - counts.keys():
        raise damaged(path, f"no count of {', '.join(sorted(missing))}", kind)
    bram18 = 2 * counts["ramb36"] + counts["ramb18"]
    return Resources(counts["lut"], counts["ff"], counts["dsp"], bram18, counts["uram"])


def _whole(path: Path, cell: str) -> int:
    try:
        return int(cell.partition("(")[0])
    except ValueError:
        raise damaged(path, repr(cell), "a count") from None


def _version(text: str) -> str:
    match = re.search(r"Vivado v\.(\S+)", text)
    return match[1] if match else "unknown"
