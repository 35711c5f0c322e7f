"""Delays of small circuits, synthesised by Yosys, against sums by hand of the published figures."""

from __future__ import annotations

import random

import pytest

from hwflow.timing import analyse

CLOCK_TO_Q, NET, SETUP = 77, 200, 25
TO_FLIP_FLOP = 50  # LUT to D in a slice
LUT6, LUT2 = 150, 50  # slowest used pin, all inputs at once


def worst(netlist, net_ps=NET, **options):
    """The worst path between registers."""
    return analyse(netlist, 200.0, [net_ps], ports=False, **options).cases[0].paths[0]


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_an_adder(synthesise, bits):
    netlist = synthesise(f"""input logic [{bits - 1}:0] x, y, output logic [{bits}:0] sum);
        logic [{bits - 1}:0] a, b;
        always_ff @(posedge clk) begin a <= x; b <= y; sum <= a + b; end""")
    first = 15 + 199 + 26  # to S0, to CO7, to the next CARRY8
    last = 56 if bits == 8 else (bits // 8 - 2) * (23 + 26) + 116  # CI to CO7 and on; at last CI to O0, O5 or O7
    path = worst(netlist)
    assert path.delay_ps == CLOCK_TO_Q + NET + LUT2 + first + last + 25 + SETUP
    assert path.start in ("a[0]", "b[0]")
    assert path.end in (["sum[8]"] if bits == 8 else [f"sum[{bits - 1}]", f"sum[{bits - 3}]"])
    assert [step.cell for step in path.steps] == ["FDRE", "LUT2", *["CARRY8"] * max(2, bits // 8), "FDRE"]


def test_a_register_after_a_register(synthesise):
    netlist = synthesise("input logic x, output logic q); logic a; always_ff @(posedge clk) begin a <= x; q <= a; end")
    path = worst(netlist)
    assert (path.start, path.end, path.levels) == ("a", "q", 0)
    assert path.delay_ps == CLOCK_TO_Q + NET + 100 + SETUP


def test_enable_and_reset_have_setups_of_their_own(synthesise):
    netlist = synthesise("""input logic [3:0] x, input logic e, r, output logic [3:0] q);
        logic [3:0] a;
        logic go, off;
        always_ff @(posedge clk) begin
            a <= x; go <= e; off <= r;
            if (off) q <= 0; else if (go) q <= a;
        end""")
    ends = {path.end: path.delay_ps for path in analyse(netlist, 200.0, [NET], ports=False, paths=99).cases[0].paths}
    assert ends["q[0] (R)"] == CLOCK_TO_Q + NET + 72
    assert ends["q[0] (CE)"] == CLOCK_TO_Q + NET + 43


def test_a_product_in_a_dsp(synthesise):
    netlist = synthesise("""input logic signed [9:0] x, y, output logic signed [19:0] p);
        logic signed [9:0] a, b;
        always_ff @(posedge clk) begin a <= x; b <= y; p <= a * b; end""")
    path = worst(netlist)
    assert path.delay_ps == CLOCK_TO_Q + NET + 1560 + NET + 100 + SETUP  # B to P is the slower input
    assert path.steps[1].cell == "DSP48E2"
    assert path.start.startswith(("a[", "b["))


def test_a_read_of_a_block_ram(synthesise):
    netlist = synthesise("""input logic we, input logic [10:0] wa, ra, input logic [7:0] d, output logic [7:0] q);
        logic [7:0] memory[2048], out; logic [10:0] address;
        always_ff @(posedge clk) begin
            if (we) memory[wa] <= d;
            address <= ra; out <= memory[address]; q <= ~out;
        end""")
    case = analyse(netlist, 200.0, [NET], ports=False, paths=99).cases[0]
    assert case.delay_ps == 1003 + NET + 35 + TO_FLIP_FLOP + SETUP
    assert case.paths[0].start == "memory.0.0"
    addresses = [path for path in case.paths if path.start.startswith("address")]
    assert {path.delay_ps for path in addresses} == {CLOCK_TO_Q + NET + 383}
    assert all(path.end.startswith("memory.0.0 (ADDR") for path in addresses)


def test_a_table_in_luts_and_muxes(synthesise):
    contents = random.Random(5).getrandbits(256)
    netlist = synthesise(f"""input logic [7:0] x, output logic q);
        logic [7:0] a;
        localparam logic [255:0] TABLE = 256'd{contents};
        always_ff @(posedge clk) begin a <= x; q <= TABLE[a]; end""")
    path = worst(netlist)
    assert [step.cell for step in path.steps] == ["FDRE", "LUT6", "MUXF7", "MUXF8", "FDRE"]
    assert path.delay_ps == CLOCK_TO_Q + NET + LUT6 + 25 + 70 + 25 + 70 + 32 + SETUP


def test_paths_through_ports_meet_assumed_logic(synthesise):
    netlist = synthesise("input logic x, output logic q); logic a; always_ff @(posedge clk) a <= x; assign q = ~a;")
    ends = {path.end: path for path in analyse(netlist, 200.0, [NET]).cases[0].paths}
    assert ends["a"].delay_ps == CLOCK_TO_Q + NET + 165 + NET + 100 + SETUP
    assert ends["a"].start == "port x"
    assert ends["port q"].delay_ps == CLOCK_TO_Q + NET + 35 + NET + 150 + TO_FLIP_FLOP + SETUP
    assert "port q" not in {path.end for path in analyse(netlist, 200.0, ports=False).cases[0].paths}
