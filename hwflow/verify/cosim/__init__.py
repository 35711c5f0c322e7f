"""Co-simulation of the RTL with Verilator: every output bit, latency, initiation interval, FIFO marks, stalls."""

from __future__ import annotations

from hwflow.verify.cosim.beats import Stream
from hwflow.verify.cosim.compare import KernelPorts
from hwflow.verify.cosim.modes import MODES, Mode, ModeName
from hwflow.verify.cosim.result import CosimResult, FifoUse, ModeResult, Stalls, StreamParity, WrongValue
from hwflow.verify.cosim.run import CosimOptions, run_cosim

__all__ = [
    "MODES",
    "CosimOptions",
    "CosimResult",
    "FifoUse",
    "KernelPorts",
    "Mode",
    "ModeName",
    "ModeResult",
    "Stalls",
    "Stream",
    "StreamParity",
    "WrongValue",
    "run_cosim",
]
