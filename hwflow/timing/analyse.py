"""Static timing analysis of a mapped netlist, without the tools of a vendor: an open estimate before placement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from hwflow.timing.arrival import arrivals_of, levels_of
from hwflow.timing.delays import ULTRASCALE_PLUS, load_delays
from hwflow.timing.graph import build_graph
from hwflow.timing.netlist import read_netlist
from hwflow.timing.paths import PathTeller
from hwflow.timing.report import NetCase, TimingReport


def analyse(
    netlist: Path,
    clock_mhz: float,
    net_ps: Sequence[int] | None = None,
    *,
    paths: int = 10,
    ports: bool = True,
    black_boxes: Collection[str] = (),
    device: str = ULTRASCALE_PLUS,
) -> TimingReport:
    """The longest register to register paths of a module, for several delays of a routed net.

    Args:
        netlist: JSON of Yosys after ``synth_xilinx -family xcup -flatten``; the top module is analysed.
        clock_mhz: the clock of all registers.
        net_ps: delays of a routed net; by default the band of the device's data file, 150, 200 and 300 ps.
        paths: how many end points are told, the worst first.
        ports: whether paths through the ports of the module count. Beyond an input lie a read pointer of a FIFO and
            its LUT RAM, beyond an output a LUT and a register; each has one more net.
        black_boxes: modules left out in the synthesis; their pins are like ports of this module.
        device: data file in ``timing_data/``.

    What the estimate leaves out: fan-out and distance of a net, skew and jitter of the clock, pins of a LUT that two
    functions share. What it assumes: logic packed into slices as far as its wiring permits, the critical input of a
    LUT on the fastest pin.

    Raises:
        UserError: a file that is no netlist, a cell whose timing is not known, a combinational loop.
    """
    delays, design = load_delays(device), read_netlist(netlist)
    graph = build_graph(design, delays, ports=ports, black_boxes=black_boxes)
    levels = levels_of(graph, design.names)
    teller = PathTeller(graph, design.names, 1e6 / clock_mhz)
    cases = tuple(
        NetCase(each, teller.worst(arrivals_of(graph, levels, each, delays.lut.pins), paths))
        for each in (delays.net.band if net_ps is None else net_ps)
    )
    return TimingReport(
        design.module, clock_mhz, delays.name, delays.label, len(design.cells), len(graph.captures), cases
    )
