"""What the search for a schedule needs to know of a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hwflow.schedule.dataflow import Actor, Channel
from hwflow.schedule.resources import Resources


@dataclass(frozen=True, order=True)
class Fold:
    """How far a kernel is folded: ``pe`` outputs and ``simd`` inputs at a time, ``cycles`` for a beat.

    PE divides the number of outputs, SIMD that of inputs; ``cycles`` is the initiation interval.
    """

    pe: int
    simd: int
    cycles: int


class SchedulableKernel(Protocol):
    """A kernel with a choice of folds. A beat is the same under every fold, only its cycles differ."""

    @property
    def name(self) -> str:
        """Unique in the graph."""

    def folds(self) -> Sequence[Fold]:
        """Every legal fold, at least one."""

    def actors(self, fold: Fold) -> Sequence[Actor]:
        """Actors, with names that are unique in the graph; their ports are channel names."""

    def channels(self, fold: Fold) -> Sequence[Channel]:
        """Channels inside the kernel, credits included."""

    def resources(self, fold: Fold) -> Resources:
        """All of the kernel, its weights and buffers included, the FIFOs between kernels not."""


@runtime_checkable
class CostlyKernel(Protocol):
    """A kernel with folds whose resources take long to find."""

    def at_least(self, fold: Fold) -> Resources | None:
        """Resources that such a fold surely takes, at once; None for one that is found at once."""


class ParallelKernel(Protocol):
    """A kernel that can be unrolled completely, over the tokens of a frame too."""

    @property
    def name(self) -> str:
        """Unique in the graph."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Channels that it reads."""

    @property
    def sinks(self) -> tuple[str, ...]:
        """Channels that it writes."""

    @property
    def full_fold(self) -> Fold:
        """The fold that does a beat at once."""

    def unrolled(self) -> tuple[Resources, int]:
        """Resources for all the tokens of a frame at once, and pipeline stages."""
