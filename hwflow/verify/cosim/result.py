"""What a co-simulation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwflow.errors import GateFailed
from hwflow.verify.cosim.modes import Mode

Cycles = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FifoUse:
    """``high_water``: most places in use, beats in flight included. ``left``: in use at the end. ``beats``: read.

    Cycles between the first input and the last output beat in which a beat waited to be taken (``held``), none was
    there (``empty``), no place was free (``full``).
    """

    high_water: int
    left: int
    beats: int
    held: int
    empty: int
    full: int


@dataclass(frozen=True, slots=True)
class Stalls:
    """Cycles in which a kernel took nothing because a beat was missing (``starved``), or only room (``blocked``)."""

    starved: int
    blocked: int


@dataclass(frozen=True, slots=True)
class StreamParity:
    """Beats of a channel against the golden integers. ``wrong`` of ``compared`` elements differ."""

    channel: str
    compared: int
    wrong: int


@dataclass(frozen=True, slots=True)
class WrongValue:
    """The first element that differs: of the first kernel in graph order, where intermediate streams are known."""

    kernel: str
    channel: str
    frame: int
    beat: int
    element: int
    got: int
    expected: int

    def __str__(self) -> str:
        place = f"frame {self.frame}, beat {self.beat}, element {self.element}"
        return f"kernel {self.kernel}, channel {self.channel}, {place}: got {self.got}, expected {self.expected}"


@dataclass(frozen=True)
class ModeResult:
    """One run. ``inputs`` and ``outputs``: by channel, the data first, the cycle of each beat (frames, beats), from the
    one that accepts the first of the data; a deadlock leaves them short, with the frames that are whole.

    ``failures``: in words, each with the mode. ``resets``: how many were made.
    """

    mode: Mode
    cycles: int
    inputs: Mapping[str, Cycles]
    outputs: Mapping[str, Cycles]
    resets: int
    wrong_bits: int
    fifos: Mapping[str, FifoUse]
    kernels: Mapping[str, Stalls]
    parity: tuple[StreamParity, ...]
    wrong: WrongValue | None
    deadlock: bool
    failures: tuple[str, ...]

    @property
    def accepted(self) -> Cycles:
        """Of the data."""
        return next(iter(self.inputs.values()))

    @property
    def handed(self) -> Cycles:
        """Of the data."""
        return next(iter(self.outputs.values()))

    @property
    def latency(self) -> int:
        """Cycles from the first input beat to the last output beat of the first frame, which finds the design idle."""
        return int(self.handed[0, -1])

    @property
    def first_output(self) -> int:
        """Cycles from the first input beat to the first output beat of the first frame."""
        return int(self.handed[0, 0])

    @property
    def ii(self) -> int:
        """Largest distance between ends of neighbouring frames, at any output, in the second half of the run; 0 for one
        frame."""
        ends = [cycles[:, -1] for cycles in self.outputs.values()]
        return max(int(np.diff(each)[(len(each) - 1) // 2 :].max(initial=0)) for each in ends)


@dataclass(frozen=True)
class CosimResult:
    """Every run, in order. ``wave``: the FST waveform of the frame with the first wrong bit."""

    frames: int
    runs: tuple[ModeResult, ...]
    wave: Path | None = None

    @property
    def nominal(self) -> ModeResult | None:
        """The run that measures latency, II and FIFO marks; None if it was not asked for, or halted."""
        return next((run for run in self.runs if run.mode.name == "nominal" and not run.deadlock), None)

    @property
    def wrong_bits(self) -> int:
        """Output bits that differ, over all runs."""
        return sum(run.wrong_bits for run in self.runs)

    @property
    def failures(self) -> tuple[str, ...]:
        """What went wrong, in words."""
        return tuple(failure for run in self.runs for failure in run.failures)

    def check(self) -> None:
        """Raise GateFailed if anything went wrong."""
        if self.failures:
            wave = f"\nwaveform of that frame: {self.wave}" if self.wave else ""
            raise GateFailed("cosim: " + "\n".join(self.failures) + wave)
