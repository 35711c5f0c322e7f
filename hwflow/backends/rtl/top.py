"""The top module: the kernels wired stream by stream, between AXI4-Stream ports."""

from __future__ import annotations

from hwflow.backends.rtl.control import control_instance, control_ports
from hwflow.kernels.base import Kernel
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.schedule.schedule import Schedule

TOP = "hwflow_top"


def top_text(network: KernelGraph, schedule: Schedule, design: int | None = None) -> str:
    """SystemVerilog of the top; with ``design``, the number of the design, it has AXI4-Lite registers that show it."""
    width = {c.name: c.width for c in network.channels}
    nets = {name: f"c{i}" for i, name in enumerate(width)}
    control = [] if design is None else control_instance(network, schedule, design)
    lines = [*_header(network, schedule), *_ports(width[SOURCE], width[SINK], bool(control))]
    lines += ["    wire clk = aclk;", "    wire rst = !aresetn;", ""]
    for name, net in nets.items():
        lines += [f"    logic {net}_valid, {net}_ready;", f"    logic {_vector(width[name])}{net}_data;"]
    lines += _input(width[SOURCE], schedule.fifo_depths[SOURCE], nets[SOURCE])
    for kernel in network.kernels:
        lines += _kernel(kernel, nets, schedule)
    lines += _output(width[SINK], network.sink.beats, nets[SINK])
    return "\n".join([*lines, *control, "endmodule", ""])


def bytes_of(bits: int) -> int:
    """Width of tdata: whole bytes."""
    return 8 * -(-bits // 8)


def _header(network: KernelGraph, schedule: Schedule) -> list[str]:
    source, sink = (network.graph.tensors[network.tensor_of[name]] for name in (SOURCE, SINK))
    return [
        f"// {len(network.kernels)} kernels for {schedule.clock_mhz:g} MHz. Predicted, in cycles: first output after "
        f"{schedule.first_output}, last after {schedule.latency}, a frame every {schedule.ii}.",
        "//",
        f"// s_axis: {network.source.beats} beats a frame of {source.shape[-1]} x {source.type}, element 0 lowest; "
        "tlast is not needed.",
        f"// m_axis: {network.sink.beats} beats a frame of {sink.shape[-1]} x {sink.type}; tlast with the last one.",
        "// aresetn is used synchronously. A reset drops every frame on its way.",
    ]


def _ports(source: int, sink: int, control: bool) -> list[str]:
    unused = bytes_of(source) > source
    return [
        f"module {TOP} (",
        "    input  logic aclk,",
        "    input  logic aresetn,",
        *(["    /* verilator lint_off UNUSEDSIGNAL */  // padding to whole bytes"] if unused else []),
        f"    input  logic [{bytes_of(source) - 1}:0] s_axis_tdata,",
        *(["    /* verilator lint_on UNUSEDSIGNAL */"] if unused else []),
        "    input  logic s_axis_tvalid,",
        "    output logic s_axis_tready,",
        "    /* verilator lint_off UNUSEDSIGNAL */  // frames are counted",
        "    input  logic s_axis_tlast,",
        "    /* verilator lint_on UNUSEDSIGNAL */",
        f"    output logic [{bytes_of(sink) - 1}:0] m_axis_tdata,",
        "    output logic m_axis_tvalid,",
        "    input  logic m_axis_tready,",
        ",\n".join(["    output logic m_axis_tlast", *(control_ports() if control else [])]),
        ");",
    ]


def _input(bits: int, depth: int, net: str) -> list[str]:
    return [
        "    logic accept, input_room;",
        "    assign s_axis_tready = input_room && aresetn;",
        "    assign accept = s_axis_tvalid && s_axis_tready;",
        f"    hwflow_fifo #(.WIDTH({bits}), .DEPTH({depth})) input_fifo (",
        "        .clk(clk), .rst(rst), .room(input_room), .reserve(accept), .write(accept), "
        f".wdata(s_axis_tdata[{bits - 1}:0]),",
        f"        .m_valid({net}_valid), .m_ready({net}_ready), .m_data({net}_data));",
    ]


def _kernel(kernel: Kernel, nets: dict[str, str], schedule: Schedule) -> list[str]:
    depths = ", ".join(f".DEPTH{i}({schedule.fifo_depths[sink]})" for i, sink in enumerate(kernel.sinks))
    ports = [".clk(clk), .rst(rst)"]
    streams = [(f"s{i}", c) for i, c in enumerate(kernel.sources)] + [(f"m{i}", c) for i, c in enumerate(kernel.sinks)]
    for port, channel in streams:
        ports.append(", ".join(f".{port}_{wire}({nets[channel]}_{wire})" for wire in ("valid", "ready", "data")))
    return ["", f"    {kernel.name} #({depths}) {kernel.name} (", ",\n".join(f"        {p}" for p in ports) + ");"]


def _output(bits: int, beats: int, net: str) -> list[str]:
    padding = bytes_of(bits) - bits
    data = f"{{{padding}'b0, {net}_data}}" if padding else f"{net}_data"
    lines = [
        "",
        f"    assign m_axis_tvalid = {net}_valid;",
        f"    assign {net}_ready = m_axis_tready;",
        f"    assign m_axis_tdata = {data};",
    ]
    if beats == 1:
        return [*lines, "    assign m_axis_tlast = 1'b1;"]
    return [
        *lines,
        "    /* verilator lint_off UNUSEDSIGNAL */",
        "    logic output_first;",
        "    /* verilator lint_on UNUSEDSIGNAL */",
        f"    hwflow_counter #(.COUNT({beats})) output_beats (",
        "        .clk(clk), .rst(rst), .advance(m_axis_tvalid && m_axis_tready), .first(output_first), "
        ".last(m_axis_tlast));",
    ]


def _vector(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
