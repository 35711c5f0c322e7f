"""The files of a build folder against the hashes that its record keeps of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.files import sha256_file
from hwflow.record.evidence import HLS, RTL, TESTBENCH, group_of, stale, voided
from hwflow.record.model import BuildRecord

_SHOWN = 5
_WRITTEN = ("hls/build_opt.tcl",)  # anew before each run of Vitis
_READ = (".h", ".hh", ".hpp", ".c", ".cc", ".cpp", ".inc", ".txt", ".tcl", ".sh", ".sv", ".svh", ".v", ".vh", ".hex")
"""Endings of what a tool may read without being told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as the record says, and how: changed, missing, added or a link."""

    file: str
    how: str

    def __str__(self) -> str:
        return f"{self.file} {self.how}"


def check_files(folder: Path, record: BuildRecord, groups: Collection[str] | None = None) -> None:
    """Compare files with their hashes, and what the results rest on with it.

    Args:
        groups: what to look at (`hwflow.record.evidence`); by default all.

    Raises GateFailed that names the files, and the stages whose results they void.
    """
    found = [each for each in differences(folder, record) if groups is None or group_of(each.file) in groups]
    if found:
        raise GateFailed(_text(record, found))
    if wrong := list(stale(record)):
        raise GateFailed(f"{folder / 'build.json'}: {'; '.join(wrong[:_SHOWN])}. Build it again: hwflow build.")


def differences(folder: Path, record: BuildRecord) -> Iterator[Difference]:
    """Every file that differs; of those that hls/ and rtl/ have besides, every link and what a tool may read."""
    for file, digest in {**record.inputs, **record.artefacts}.items():
        if how := _difference(folder, file, digest):
            yield Difference(file, how)
    for name in (HLS, RTL):
        for file in files_below(folder, name):
            if file not in record.artefacts and may_be_read(folder, file):
                yield Difference(file, "was added")


def hashes(folder: Path, names: Collection[str] = (HLS, RTL), group: str | None = None) -> dict[str, str]:
    """SHA-256 of the files below sub-folders, by their paths from ``folder``: of all, or of those of one group."""
    files = [file for name in names for file in sorted(files_below(folder, name)) if group in (None, group_of(file))]
    return {file: sha256_file(folder / file) for file in files}


def with_testbench(record: BuildRecord, folder: Path) -> BuildRecord:
    """The record with the testbench and its data as C simulation has just written and run them."""
    kept = {file: digest for file, digest in record.artefacts.items() if group_of(file) != TESTBENCH}
    return record.model_copy(update={"artefacts": {**kept, **hashes(folder, [HLS], TESTBENCH)}})


def may_be_read(folder: Path, file: str) -> bool:
    """A link, or what a compiler may find beside what it is given; not what Vitis makes in a folder of its own."""
    parts = file.split("/")
    near = len(parts) == 2 or parts[1] == "firmware"
    return (near and file.endswith(_READ)) or (folder / file).is_symlink()


def _difference(folder: Path, file: str, digest: str) -> str | None:
    path = folder / file
    if any(part.is_symlink() for part in (path, *path.parents[: file.count("/")])):
        return "is a link"
    if not path.is_file():
        return "is missing"
    return None if sha256_file(path) == digest else "changed"


def files_below(folder: Path, name: str) -> Iterator[str]:
    """Paths from ``folder`` of all but what tools report; links are named, not followed."""
    for at, folders, files in os.walk(folder / name):
        links = [each for each in folders if Path(at, each).is_symlink()]
        paths = (Path(at, each).relative_to(folder).as_posix() for each in (*files, *links))
        yield from (path for path in paths if path not in _WRITTEN and not path.endswith(".log"))


def _text(record: BuildRecord, found: list[Difference]) -> str:
    shown = ", ".join(map(str, found[:_SHOWN]))
    more = f" and {len(found) - _SHOWN} more files differ" if len(found) > _SHOWN else ""
    changed = {group_of(each.file) for each in found}
    void = dict.fromkeys(stage for group in sorted(changed) for stage in voided(record, group))
    results = f"the results of {', '.join(void)} are void" if void else "no result rests on it"
    remedy = (
        "run hwflow csim again" if changed == {TESTBENCH} else "build it again (hwflow build), then run these again"
    )
    return f"the folder is not what the record says: {shown}{more}: {results}; {remedy}"
