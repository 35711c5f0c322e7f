"""SystemVerilog around the stages: a register behind each, flow control, AXI4-Stream with a whole frame in a beat."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from hwflow.backends.unrolled.program import Field, Logic, Verilog

INPUT_PLACES = 2  # a beat a cycle through a FIFO that frees a place one cycle after it is read


def stage_module(stage: Logic, name: str, last: bool) -> str:
    """A stage: its logic and the register behind it, which for the last one is the output FIFO."""
    text = _LAST_STAGE if last else _STAGE
    return text.substitute(name=name, logic=stage.name, inputs=stage.inputs - 1, outputs=stage.outputs - 1)


def top_module(verilog: Verilog, names: Sequence[str], input_width: int, output_width: int) -> str:
    """``hwflow_top``. Widths: bits of each element of the input and of the output beat."""
    in_bits, out_bits = input_width * len(verilog.inputs), output_width * len(verilog.outputs)
    count = len(verilog.stages)
    return _TOP.substitute(
        cycles=count + 1,
        input_places=INPUT_PLACES,
        output_places=count + 1,
        in_bits=in_bits,
        in_last=in_bits - 1,
        in_bus=_bus(in_bits) - 1,
        out_bits=out_bits,
        out_last=out_bits - 1,
        out_bus=_bus(out_bits),
        out_bus_last=_bus(out_bits) - 1,
        last=count - 1,
        shift="" if count == 1 else _SHIFT.substitute(last=count - 1, before=count - 2),
        stages="\n".join(_chain(verilog, names, input_width)),
        results="\n".join(_results(verilog.outputs, output_width, f"after{count - 1}")),
    )


def _bus(bits: int) -> int:
    """Whole bytes."""
    return -(-bits // 8) * 8


def _chain(verilog: Verilog, names: Sequence[str], input_width: int) -> list[str]:
    """Instances of the stages, each fed by the one before."""
    lines = [
        f"    logic [{verilog.stages[0].inputs - 1}:0] operands;",
        f"    assign operands = {_used(verilog.inputs, input_width)};",
    ]
    before = "operands"
    for index, (stage, name) in enumerate(zip(verilog.stages, names, strict=True)):
        clock = "" if index == len(names) - 1 else ".clk(aclk), "
        lines.append(f"    logic [{stage.outputs - 1}:0] after{index};")
        lines.append(f"    {name} {name}_i ({clock}.operands({before}), .result(after{index}));")
        before = f"after{index}"
    return lines


def _used(fields: Sequence[Field], width: int) -> str:
    """The elements of the frame that have a field in the logic: one that nothing depends on has no width."""
    if all(field.width for field in fields):
        return "frame"
    parts = [f"frame[{index * width} +: {width}]" for index, field in enumerate(fields) if field.width]
    return "{" + ", ".join(reversed(parts)) + "}"


def _results(fields: Sequence[Field], width: int, bus: str) -> list[str]:
    """Each element at its place in the output beat, extended to its type."""
    lines, low = [], 0
    for index, field in enumerate(fields):
        lines.append(f"    assign results[{index * width} +: {width}] = {_extended(field, low, width, bus)};")
        low += field.width
    return lines


def _extended(field: Field, low: int, width: int, bus: str) -> str:
    if not field.width:
        return "'0"
    below, above = -field.frac, width - field.width + field.frac
    sign = f"{bus}[{low + field.width - 1}]" if field.signed else "1'b0"
    parts = [f"{{{above}{{{sign}}}}}"] if above else []
    parts.append(f"{bus}[{low} +: {field.width}]")
    parts += [f"{below}'b0"] if below else []
    return parts[0] if len(parts) == 1 else "{" + ", ".join(parts) + "}"


_STAGE = Template("""\
// A pipeline stage and its register: latency 1, II 1.
module $name (
    input  logic clk,
    input  logic [$inputs:0] operands,
    output logic [$outputs:0] result
);
    logic [$outputs:0] value;
    $logic value_of_stage (.model_inp(operands), .model_out(value));
    always_ff @(posedge clk) result <= value;
endmodule
""")

_LAST_STAGE = Template("""\
// The last pipeline stage: latency 0, as the output FIFO is its register.
module $name (
    input  logic [$inputs:0] operands,
    output logic [$outputs:0] result
);
    $logic value_of_stage (.model_inp(operands), .model_out(result));
endmodule
""")

_SHIFT = Template("""\

    always_ff @(posedge aclk) begin
        if (rst) running[$last:1] <= '0;
        else running[$last:1] <= running[$before:0];
    end""")

_TOP = Template("""\
// Fully unrolled design: a beat is a whole frame. II 1; a frame that finds the design idle leaves $cycles cycles after
// the one that took it. Element i of a beat lies in bits [i * width +: width] of tdata, zeros above the last.
// The pipeline never stalls: a frame starts when the output FIFO has a place for it (credits).
module hwflow_top (
    input  logic aclk,
    input  logic aresetn,
    /* verilator lint_off UNUSEDSIGNAL */  // every beat is the last of its frame; bits that only fill bytes
    input  logic [$in_bus:0] s_axis_tdata,
    input  logic s_axis_tlast,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic s_axis_tvalid,
    output logic s_axis_tready,
    output logic [$out_bus_last:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    output logic m_axis_tlast
);
    /* verilator lint_off UNUSEDSIGNAL */  // elements that no output depends on
    logic [$in_last:0] frame;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [$out_last:0] results, handed;
    logic [$last:0] running;  // bit i: a frame is in stage i
    logic rst, accepted, waiting, room, start;

    assign rst          = !aresetn;
    assign accepted     = s_axis_tvalid && s_axis_tready;
    assign start        = waiting && room;
    assign running[0]   = start;
    assign m_axis_tdata = $out_bus'(handed);
    assign m_axis_tlast = 1'b1;
$shift
    hwflow_fifo #(.WIDTH($in_bits), .DEPTH($input_places)) fifo_input (
        .clk(aclk), .rst(rst), .room(s_axis_tready), .reserve(accepted), .write(accepted),
        .wdata(s_axis_tdata[$in_last:0]), .m_valid(waiting), .m_ready(start), .m_data(frame));
    hwflow_fifo #(.WIDTH($out_bits), .DEPTH($output_places)) fifo_output (
        .clk(aclk), .rst(rst), .room(room), .reserve(start), .write(running[$last]),
        .wdata(results), .m_valid(m_axis_tvalid), .m_ready(m_axis_tready), .m_data(handed));

$stages

$results
endmodule
""")
