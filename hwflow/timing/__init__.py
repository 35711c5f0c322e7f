"""Timing without a vendor: static timing analysis of Yosys netlists with published delays."""

from hwflow.timing.analyse import analyse
from hwflow.timing.report import NetCase, Path, Step, TimingReport

__all__ = ["NetCase", "Path", "Step", "TimingReport", "analyse"]
