"""A free-running pipeline: library modules in a row, with registers where the clock period ends.

Every instance is placed in the first cycle in which its inputs are there and its delay still fits; what comes too
early is carried along by registers, or by a ring in memory when the way is long. The structure that is written to
SystemVerilog is the one that depth and resources are counted from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from itertools import pairwise

import numpy as np

from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources

GUARD = 0.02  # part of the period kept for what the estimate does not see
FIFO_PS = 370  # a word at the output of a FIFO, after the read pointer: net, memory
_CLOCKED = "    always_ff @(posedge clk) begin"


@dataclass(frozen=True, slots=True)
class Memory:
    """Contents of a read-only memory: ``words`` (count, lanes) of integers of ``width`` bits, lane 0 lowest."""

    file: str
    words: IntArray
    width: int


@dataclass
class Pipeline:
    """Collects instances, registers and memories of one kernel, and what they cost."""

    kernel: str
    clock_mhz: float
    nets: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    memories: list[Memory] = field(default_factory=list)
    resources: Resources = field(default_factory=Resources)
    wide: set[str] = field(default_factory=set)  # nets that repeat a signal's lanes
    _delays: dict[str, tuple[Signal, int]] = field(default_factory=dict)
    _rings: set[str] = field(default_factory=set)
    _files: set[str] = field(default_factory=set)

    @property
    def limit_ps(self) -> float:
        """Picoseconds between two registers that a cycle has room for."""
        return 1e6 / self.clock_mhz * (1 - GUARD) - costs.FLIP_FLOP_PS

    def place(self, inputs: Sequence[Signal], delay_ps: int) -> tuple[list[Signal], int, int]:
        """The inputs in the cycle in which a delay after them fits; that cycle, and the time when it is over."""
        cycle = max(s.cycle for s in inputs)
        ps = max(s.ps for s in inputs if s.cycle == cycle)
        if ps + delay_ps > self.limit_ps and ps > 0:
            cycle, ps = cycle + 1, 0
        return [self.at(s, cycle) for s in inputs], cycle, ps + delay_ps

    def at(self, signal: Signal, cycle: int) -> Signal:
        """The signal as it is seen in a later cycle."""
        wait = cycle - signal.cycle
        if wait == 0:
            return signal
        if signal.still:
            return changed(signal, cycle=cycle, ps=0)
        if wait < 0:
            raise ValueError(f"{self.kernel}: {signal.name} is not there before cycle {signal.cycle}")
        if wait >= costs.RING_CYCLES and not signal.resets and signal.bits > 4:
            return self._ring(signal, wait)
        self._delays[signal.name] = (signal, max(wait, self._delays.get(signal.name, (signal, 0))[1]))
        return changed(signal, name=f"{signal.name}_{wait}", cycle=cycle, ps=0, terms=())

    def _ring(self, signal: Signal, wait: int) -> Signal:
        late = changed(signal, name=f"{signal.name}_{wait}", cycle=signal.cycle + wait, ps=0, terms=())
        if late.name not in self._rings:
            self._rings.add(late.name)
            self.declare(late)
            ports = {"clk": "clk", "rst": "rst", "d": signal.name, "q": late.name}
            block = int(costs.delay_in_block(signal.bits, wait))
            parameters = {"WIDTH": signal.bits, "CYCLES": wait, "BLOCK": block}
            self.instance("hwflow_delay", f"{late.name}_ring", parameters, ports)
            self.spend(costs.delay_line(signal.bits, wait))
        return late

    def declare(self, signal: Signal) -> Signal:
        """A net for it."""
        what = f"{signal.lanes} x {signal.type}" if signal.lanes > 1 else str(signal.type)
        self.nets.append(f"    logic {_vector(signal.bits)}{signal.name};  // cycle {signal.cycle}: {what}")
        return signal

    def instance(self, module: str, name: str, parameters: Mapping[str, object], ports: Mapping[str, str]) -> None:
        """A library module."""
        self.modules.add(module)
        settings = ", ".join(f".{key}({value})" for key, value in parameters.items())
        wiring = ", ".join(f".{key}({value})" for key, value in ports.items())
        self.lines.append(f"    {module} #({settings}) {name} (\n        {wiring});")

    def spend(self, cost: Cost | Resources) -> None:
        """Count resources."""
        self.resources += cost.resources if isinstance(cost, Cost) else cost

    def combinational(
        self, module: str, name: str, output: tuple[int, FixedType], inputs: Mapping[str, Signal],
        parameters: Mapping[str, object], cost: Cost, *, terms: tuple[str, ...] = (),
    ) -> Signal:  # fmt: skip
        """An instance without registers; ``output`` is lanes and type, ``cost`` of all its lanes."""
        placed, cycle, ps = self.place(list(inputs.values()), cost.delay_ps)
        result = self.declare(Signal(name, *output, cycle, ps, terms=terms))
        ports = {port: signal.name for port, signal in zip(inputs, placed, strict=True)}
        self.instance(module, f"{name}_op", parameters, {**ports, "y": name})
        self.spend(cost)
        return result

    def memory(self, name: str, words: IntArray, width: int) -> str:
        """A memory of the kernel with these contents; its file name."""
        file = f"{self.kernel}_{name}.hex"
        if file not in self._files:
            self._files.add(file)
            self.memories.append(Memory(file, np.atleast_2d(words), width))
        return file

    def finish(self) -> tuple[list[str], list[str]]:
        """The nets, and the lines with the registers."""
        chains = [(s, [s.name, *(f"{s.name}_{n}" for n in range(1, wait + 1))]) for s, wait in self._delays.values()]
        nets = [f"    logic {_vector(s.bits)}{', '.join(names[1:])};" for s, names in chains]
        plain = [move for s, names in chains if not s.resets for move in _moves(names)]
        resetting = [move for s, names in chains if s.resets for move in _moves(names)]
        lines = list(self.lines)
        if plain:
            lines += [_CLOCKED, *(f"        {move}" for move in plain), "    end"]
        if resetting:
            cleared = [f"            {move.split()[0]} <= 1'b0;" for move in resetting]
            moved = [f"            {move}" for move in resetting]
            lines += [
                _CLOCKED,
                "        if (rst) begin",
                *cleared,
                "        end else begin",
                *moved,
                "        end",
                "    end",
            ]
        return [*self.nets, *nets], lines

    @property
    def total(self) -> Resources:
        """Instances and registers."""
        registers = (signal.bits * wait for signal, wait in self._delays.values())
        return self.resources + Resources(ff=sum(registers))


def _moves(names: Sequence[str]) -> list[str]:
    return [f"{later} <= {earlier};" for earlier, later in pairwise(names)]


def _vector(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
