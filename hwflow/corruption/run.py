"""Corrupts copies of a design and asks the gates: with its hashes, with hashes made again, and with runs alone."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hwflow import record as r
from hwflow.corruption.catalogue import Corruption
from hwflow.corruption.edit import Absent
from hwflow.design import Design, layout
from hwflow.errors import GateFailed, HwflowError
from hwflow.files import sha256_file
from hwflow.record.storage import seal

NONE, ABSENT, NOT_ASKED = "NOBODY", "not in this design", ""
_COUNT = 60


@dataclass(frozen=True)
class Outcome:
    """Who noticed a corruption: while its hashes are as they were; when the attacker made hashes, seal and reports
    anew; and, of hls/, rtl/ and vectors, with neither hashes nor the folder written again: reading back, then a run."""

    corruption: Corruption
    hashed: str
    sealed: str
    run: str

    @property
    def hole(self) -> bool:
        """Whether one of them let it pass."""
        return NONE in (self.hashed, self.sealed, self.run)


def attack(
    built: Path, catalogue: Sequence[Corruption], runs: bool, say: Callable[[str], None] = lambda _: None
) -> Iterator[Outcome]:
    """Each corruption of a verified design, on copies of it.

    Args:
        runs: simulate as well, half a minute each; else reading back is the last resort, and what it does not see is
            left to the simulations.
    """
    with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
        for corruption in catalogue:
            say(corruption.name)
            yield _outcome(built, Path(name) / "design", corruption, runs)


def _outcome(built: Path, copy: Path, corruption: Corruption, runs: bool) -> Outcome:
    try:
        hashed = _noticed(_corrupted(built, copy, corruption), _checks())
    except Absent:
        return Outcome(corruption, ABSENT, ABSENT, ABSENT)
    refresh(copy, corruption.part in ("record", "report"), corruption.part == "report")
    sealed = _noticed(copy, _checks())
    steps = dict(_runs(corruption, runs))
    run = _noticed(_corrupted(built, copy, corruption), steps) if steps else NOT_ASKED
    return Outcome(corruption, hashed, sealed, NOT_ASKED if run == NONE and not runs else run)


def _corrupted(built: Path, copy: Path, corruption: Corruption) -> Path:
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(built, copy)
    corruption.apply(copy)
    return copy


def refresh(folder: Path, keep_hashes: bool = False, keep_reports: bool = False) -> None:
    """Make hashes, seal and reports anew, as one would who covers his tracks."""
    document = json.loads((folder / r.FILE).read_text())
    document.pop("seal", None)
    if not keep_hashes:
        document["inputs"] = {name: sha256_file(folder / name) for name in document["inputs"]}
        document["artefacts"] = r.hashes(folder)
    text = json.dumps(document, indent=1)
    (folder / r.FILE).write_bytes(seal(text))
    try:
        record = r.load(folder / r.FILE)
    except HwflowError:
        return  # it contradicts itself, sealed or not
    if not keep_hashes:
        r.save(r.anchored(record), folder / r.FILE)
    if not keep_reports:
        from hwflow.report import write_report

        record = r.load(folder / r.FILE)
        r.write_junit(record, folder / layout.JUNIT)
        write_report(record, folder / layout.REPORT)


def _noticed(folder: Path, steps: dict[str, Callable[[Path], object]]) -> str:
    """The first that raises."""
    for name, step in steps.items():
        try:
            step(folder)
        except HwflowError:
            return name
    return NONE


def _checks() -> dict[str, Callable[[Path], object]]:
    """The parts of ``hwflow check``, in its order."""
    from hwflow.design import recheck
    from hwflow.design.artefacts import check_projects

    return {
        "record": lambda f: r.load(f / r.FILE),
        "hashes": lambda f: r.check_files(f, r.load(f / r.FILE)),
        "gates": lambda f: r.gate(r.load(f / r.FILE)),
        "import again": lambda f: recheck.import_again(Design.load(f)),
        "written again": lambda f: check_projects(Design.load(f), layout.HLS, layout.RTL),
        "golden again": lambda f: recheck.check_golden(Design.load(f)),
        "testbench again": lambda f: recheck.check_testbench(Design.load(f)),
        "record again": lambda f: recheck.check_described(Design.load(f)),
        "reports again": lambda f: recheck.check_reports(Design.load(f)),
    }


def _runs(corruption: Corruption, simulate: bool) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """What is left when nobody compares files."""
    if corruption.part not in ("hls", "rtl", "vectors"):
        return
    if corruption.part != "vectors":
        yield "read back", _read_back
    if simulate:
        yield from {"hls": [("csim", _csim)], "rtl": [("cosim", _cosim)]}.get(
            corruption.part, [("csim", _csim), ("cosim", _cosim)]
        )


def _read_back(folder: Path) -> None:
    from hwflow.design.artefacts import read_design

    if wrong := read_design(_opened(folder)).wrong:
        raise GateFailed(wrong[0])


def _csim(folder: Path) -> None:
    from hwflow.design.simulate_c import simulate_c

    _held(simulate_c(_opened(folder), _COUNT, None))


def _cosim(folder: Path) -> None:
    from hwflow.design.cosimulate import cosimulate

    design = _opened(folder)
    cosimulate(design, _COUNT, ("nominal",))
    _held(design.record)


def _opened(folder: Path) -> Design:
    """Without a look at hashes."""
    refresh(folder)
    return Design.load(folder)


def _held(record: r.BuildRecord) -> None:
    if wrong := r.failed(record):
        raise GateFailed(str(wrong[0]))
