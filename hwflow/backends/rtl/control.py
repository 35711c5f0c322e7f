"""The optional AXI4-Lite registers of the top: ports, parameters, and places for the frames on their way."""

from __future__ import annotations

import re

from hwflow import __version__
from hwflow.errors import UserError
from hwflow.kernels.base import Kernel, beats
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.schedule.schedule import Schedule

MODULE = "hwflow_axi_lite"
_CHANNELS = (
    (("input ", 12, "awaddr"), ("input ", 1, "awvalid"), ("output", 1, "awready")),
    (("input ", 32, "wdata"), ("input ", 4, "wstrb"), ("input ", 1, "wvalid"), ("output", 1, "wready")),
    (("output", 2, "bresp"), ("output", 1, "bvalid"), ("input ", 1, "bready")),
    (("input ", 12, "araddr"), ("input ", 1, "arvalid"), ("output", 1, "arready")),
    (("output", 32, "rdata"), ("output", 2, "rresp"), ("output", 1, "rvalid"), ("input ", 1, "rready")),
)


def control_ports() -> list[str]:
    """Ports of the top."""
    ports = (port for channel in _CHANNELS for port in channel)
    return [f"    {way} logic {f'[{bits - 1}:0] ' if bits > 1 else ''}s_axil_{name}" for way, bits, name in ports]


def control_instance(network: KernelGraph, schedule: Schedule, design: int) -> list[str]:
    """The block, wired to its bus and to the handshakes of the streams. ``design``: what that register shows."""
    places = 1 << (frames_on_their_way(network, schedule) - 1).bit_length()
    constants = f".VERSION({_hex(packed_version())}), .DESIGN({_hex(design)}), "
    constants += f".CLOCK_KHZ(32'd{round(1000 * schedule.clock_mhz)})"
    wires = [[f".s_axil_{name}(s_axil_{name})" for _, _, name in channel] for channel in _CHANNELS]
    wires.append([f".{side}_{wire}({side}_axis_t{wire})" for side in "sm" for wire in ("valid", "ready")])
    wires[-1].append(".m_last(m_axis_tlast)")
    return [
        "",
        f"    {MODULE} #({constants}, .BEATS({network.source.beats}), .FRAMES({places})) control (",
        "        .clk(clk), .rst(rst),",
        ",\n".join(f"        {', '.join(row)}" for row in wires) + ");",
    ]


def packed_version(version: str = __version__) -> int:
    """Major, minor and patch number, eight bits each."""
    major, minor, patch = map(int, re.findall(r"\d+", version)[:3])
    return major << 16 | minor << 8 | patch


def frames_on_their_way(network: KernelGraph, schedule: Schedule) -> int:
    """An upper bound of the frames that have begun to go in and not yet come out whole.

    Along any one path from the output to the input, the progress of two neighbours, in frames, differs by at most the
    places of a channel between them, and by one frame within an actor.
    """
    frames = 2.0  # the frame that has just begun, the one that has almost ended
    for channel, kernel in _path(network):
        frames += schedule.fifo_depths[channel] / beats(network.graph.tensors[network.tensor_of[channel]])
        if kernel is not None:
            fold = schedule.folds[kernel.name]
            buffers = sum(c.depth or 0 for c in kernel.channels(fold) if not c.initial)
            frames += len(kernel.actors(fold)) + buffers
    return int(frames)


def _path(network: KernelGraph) -> list[tuple[str, Kernel | None]]:
    """Channels from the data that come out back to those that go in, each with its writer; the input has none."""
    writer = {sink: kernel for kernel in network.kernels for sink in kernel.sinks}
    paths: list[list[tuple[str, Kernel | None]]] = [[(SINK, writer[SINK])]]
    seen = {SINK}
    while paths:
        path = paths.pop()
        kernel = path[-1][1]
        if kernel is None:
            return path
        for channel in reversed([c for c in kernel.sources if c not in seen]):
            seen.add(channel)
            if channel == SOURCE or channel in writer:
                paths.append([*path, (channel, writer.get(channel))])
    remedy = "Write the RTL without the registers."
    raise UserError("AXI4-Lite registers", "an output that no data go into", "data from end to end", remedy)


def _hex(value: int) -> str:
    return f"32'h{value:08x}"
