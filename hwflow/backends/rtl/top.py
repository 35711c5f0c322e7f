"""The top module: the kernels wired stream by stream, between AXI4-Stream ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwflow.backends.rtl.control import control_instance, control_ports
from hwflow.kernels.base import Kernel
from hwflow.kernels.base import width as elements
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.schedule.dataflow import Port
from hwflow.schedule.schedule import Schedule

TOP = "hwflow_top"


def top_text(network: KernelGraph, schedule: Schedule, design: int | None = None) -> str:
    """SystemVerilog of the top; with ``design``, the number of the design, it has AXI4-Lite registers that show it."""
    width = {c.name: c.width for c in network.channels}
    nets = {name: f"c{i}" for i, name in enumerate(width)}
    control = [] if design is None else control_instance(network, schedule, design)
    lines = [*_header(network, schedule), *_ports(network, width, control_ports() if control else [])]
    lines += ["    wire clk = aclk;", "    wire rst = !aresetn;", ""]
    for name, net in nets.items():
        lines += [f"    logic {net}_valid, {net}_ready;", f"    logic {_vector(width[name])}{net}_data;"]
    for channel in network.inputs:
        lines += _input(channel, width[channel], schedule.fifo_depths[channel], nets[channel])
    for kernel in network.kernels:
        lines += _kernel(kernel, nets, schedule)
    for port in network.sinks:
        lines += _output(port, width[port.channel], nets[port.channel])
    return "\n".join([*lines, *control, "endmodule", ""])


def bytes_of(bits: int) -> int:
    """Width of tdata: whole bytes."""
    return 8 * -(-bits // 8)


def stream(channel: str, side: str) -> str:
    """The prefix of a port's signals. ``side``: s (taken) or m (given)."""
    return f"{side}_axis" if channel in (SOURCE, SINK) else f"{side}_axis_{channel}"


def _header(network: KernelGraph, schedule: Schedule) -> list[str]:
    return [
        f"// {len(network.kernels)} kernels for {schedule.clock_mhz:g} MHz. Predicted, in cycles: first output after "
        f"{schedule.first_output}, last after {schedule.latency}, a frame every {schedule.ii}.",
        "//",
        *(f"// {_beats(network, port, 's')}, element 0 lowest; tlast is not needed." for port in network.sources),
        *(f"// {_beats(network, port, 'm')}; tlast with the last one." for port in network.sinks),
        "// aresetn is used synchronously. A reset drops every frame on its way.",
    ]


def _beats(network: KernelGraph, port: Port, side: str) -> str:
    tensor = network.graph.tensors[network.tensor_of[port.channel]]
    return f"{stream(port.channel, side)}: {port.beats} beats a frame of {elements(tensor)} x {tensor.type}"


def _ports(network: KernelGraph, width: Mapping[str, int], control: Sequence[str]) -> list[str]:
    lines = [f"module {TOP} (", "    input  logic aclk,", "    input  logic aresetn,"]
    for channel in network.inputs:
        lines += _source(stream(channel, "s"), width[channel])
    sinks = [line for channel in network.outputs for line in _sink(stream(channel, "m"), width[channel])]
    return [*lines, ",\n".join((*sinks, *control)), ");"]


def _source(name: str, bits: int) -> list[str]:
    unused = bytes_of(bits) > bits
    return [
        *(["    /* verilator lint_off UNUSEDSIGNAL */  // padding to whole bytes"] if unused else []),
        f"    input  logic [{bytes_of(bits) - 1}:0] {name}_tdata,",
        *(["    /* verilator lint_on UNUSEDSIGNAL */"] if unused else []),
        f"    input  logic {name}_tvalid,",
        f"    output logic {name}_tready,",
        "    /* verilator lint_off UNUSEDSIGNAL */  // frames are counted",
        f"    input  logic {name}_tlast,",
        "    /* verilator lint_on UNUSEDSIGNAL */",
    ]


def _sink(name: str, bits: int) -> list[str]:
    return [
        f"    output logic [{bytes_of(bits) - 1}:0] {name}_tdata",
        f"    output logic {name}_tvalid",
        f"    input  logic {name}_tready",
        f"    output logic {name}_tlast",
    ]


def input_fifo(channel: str) -> str:
    """The instance behind an input."""
    return f"input_fifo{_suffix(channel)}"


def _suffix(channel: str) -> str:
    return "" if channel in (SOURCE, SINK) else f"_{channel}"


def _input(channel: str, bits: int, depth: int, net: str) -> list[str]:
    name, own = stream(channel, "s"), _suffix(channel)
    accept, room = f"accept{own}", f"input_room{own}"
    return [
        f"    logic {accept}, {room};",
        f"    assign {name}_tready = {room} && aresetn;",
        f"    assign {accept} = {name}_tvalid && {name}_tready;",
        f"    hwflow_fifo #(.WIDTH({bits}), .DEPTH({depth})) {input_fifo(channel)} (",
        f"        .clk(clk), .rst(rst), .room({room}), .reserve({accept}), .write({accept}), "
        f".wdata({name}_tdata[{bits - 1}:0]),",
        f"        .m_valid({net}_valid), .m_ready({net}_ready), .m_data({net}_data));",
    ]


def _kernel(kernel: Kernel, nets: dict[str, str], schedule: Schedule) -> list[str]:
    depths = ", ".join(f".DEPTH{i}({schedule.fifo_depths[sink]})" for i, sink in enumerate(kernel.sinks))
    ports = [".clk(clk), .rst(rst)"]
    streams = [(f"s{i}", c) for i, c in enumerate(kernel.sources)] + [(f"m{i}", c) for i, c in enumerate(kernel.sinks)]
    for port, channel in streams:
        ports.append(", ".join(f".{port}_{wire}({nets[channel]}_{wire})" for wire in ("valid", "ready", "data")))
    return ["", f"    {kernel.name} #({depths}) {kernel.name} (", ",\n".join(f"        {p}" for p in ports) + ");"]


def _output(port: Port, bits: int, net: str) -> list[str]:
    name, own = stream(port.channel, "m"), _suffix(port.channel)
    padding = bytes_of(bits) - bits
    data = f"{{{padding}'b0, {net}_data}}" if padding else f"{net}_data"
    lines = [
        "",
        f"    assign {name}_tvalid = {net}_valid;",
        f"    assign {net}_ready = {name}_tready;",
        f"    assign {name}_tdata = {data};",
    ]
    if port.beats == 1:
        return [*lines, f"    assign {name}_tlast = 1'b1;"]
    return [
        *lines,
        f"    hwflow_counter #(.COUNT({port.beats})) output_beats{own} (",
        f"        .clk(clk), .rst(rst), .advance({name}_tvalid && {name}_tready), .last({name}_tlast));",
    ]


def _vector(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
