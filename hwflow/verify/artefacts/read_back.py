"""Reads the numbers of a written design back and compares them with the graph and the schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.kernels.network import KernelGraph
from hwflow.schedule.schedule import Schedule
from hwflow.verify.artefacts.text import Unreadable


@dataclass
class ReadBack:
    """How many numbers were read, and what differs, in words that begin with the file."""

    numbers: int = 0
    differing: int = 0
    wrong: list[str] = field(default_factory=list)

    def compare(self, file: str, found: IntArray, expected: IntArray) -> None:
        """Number by number; the first that differs is named."""
        if found.shape != expected.shape:
            self.fail(file, f"{found.size} numbers, expected {expected.size}")
            return
        self.numbers += found.size
        different = np.flatnonzero(found.ravel() != expected.ravel())
        if len(different):
            at = int(different[0])
            self.fail(file, f"number {at} is {found.ravel()[at]}, in the graph {expected.ravel()[at]}", len(different))

    def check(self, file: str, holds: bool, what: str, numbers: int = 1) -> None:
        """Something that is right or wrong as a whole."""
        self.numbers += numbers
        if not holds:
            self.fail(file, what)

    def fail(self, file: str, what: str, numbers: int = 1) -> None:
        """Count what differs."""
        self.differing += numbers
        self.wrong.append(f"{file}: {what}")


def read_back(network: KernelGraph, schedule: Schedule, folder: Path, streams: bool = True) -> ReadBack:
    """Compare what lies in hls/ and rtl/ of a build folder, as far as they are there.

    Args:
        streams: whether kernels are joined by FIFOs.
    """
    from hwflow.verify.artefacts.hls import read_hls
    from hwflow.verify.artefacts.rtl import read_rtl

    result = ReadBack()
    for name, read in (("hls", read_hls), ("rtl", read_rtl)):
        if not (folder / name).is_dir():
            continue
        try:
            read(network, schedule, folder / name, streams, result)
        except (OSError, UnicodeDecodeError, Unreadable, ValueError, KeyError) as error:
            result.fail(name, f"cannot be read ({error})")
    return result


def attempt(result: ReadBack, file: str, read: Callable[[], None]) -> None:
    """Read one file; what it does not hold is a difference."""
    try:
        read()
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        result.fail(file, getattr(error, "strerror", None) or str(error))
