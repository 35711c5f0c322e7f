"""Analysis of netlists written by hand: pins, dedicated wires, registers inside blocks, names, and bad input."""

from __future__ import annotations

import json
import random

import pytest

from hwflow.errors import UserError
from hwflow.timing import analyse

CLOCK_TO_Q, NET, SETUP = 77, 200, 25
PINS = (35, 50, 90, 100, 125, 150)


def flip_flop(d, q):
    return ("FDRE", {"C": [2], "CE": ["1"], "R": ["0"], "D": [d], "Q": [q]})


def worst(path, **options):
    return analyse(path, 200.0, [NET], ports=False, **options).cases[0].paths[0]


def lut(inputs, out):
    return (f"LUT{len(inputs)}", {f"I{pin}": [net] for pin, net in enumerate(inputs)} | {"O": [out]})


def test_the_last_input_of_a_lut_takes_the_fastest_pin(write_netlist):
    registers = {f"r{net}": flip_flop("0", net) for net in range(10, 20)}
    cells = {"first": lut(range(10, 16), 30), "second": lut([30, 16, 17], 31), "q": flip_flop(31, 32)}
    path = worst(write_netlist(registers | cells, {"mid": [30], "q": [32]}))
    assert path.delay_ps == CLOCK_TO_Q + NET + PINS[5] + NET + PINS[0] + 50 + SETUP
    assert path.end == "q"
    assert [(step.cell, step.net, step.wire_ps, step.cell_ps) for step in path.steps[1:3]] == [
        ("LUT6", "mid", NET, PINS[5]),
        ("LUT3", "", NET, PINS[0]),
    ]


def test_random_logic_against_recursion(write_netlist):
    choose = random.Random(7)
    cells = {f"r{net}": flip_flop("0", net) for net in range(3, 13)}
    fan_in = {}
    for net in range(13, 213):
        fan_in[net] = choose.sample(range(max(3, net - 20), net), choose.randint(1, 6))
        cells[f"lut{net}"] = lut(fan_in[net], net)
    cells["end"] = flip_flop(212, 300)
    at = dict.fromkeys(range(3, 13), CLOCK_TO_Q)
    for net, inputs in fan_in.items():
        late = sorted((at[each] + NET for each in inputs), reverse=True)
        at[net] = max(time + ps for time, ps in zip(late, PINS, strict=False))
    assert worst(write_netlist(cells)).delay_ps == at[212] + 50 + SETUP


def carry(s, di, sums):
    return ("CARRY4", {"CI": ["0"], "CYINIT": ["0"], "DI": di, "S": s, "O": sums, "CO": ["x"] * 4})


def test_what_is_no_lut_reaches_a_carry_through_one(write_netlist):
    cells = {
        "r": flip_flop("0", 3),
        "end": flip_flop(20, 21),
        "c": carry([3, "0", "0", "0"], ["0"] * 4, [20, 22, 23, 24]),
    }
    through = worst(write_netlist(cells))
    assert through.delay_ps == CLOCK_TO_Q + NET + 35 + 15 + 65 + 25 + SETUP
    cells |= {"l": lut([3], 4), "c": carry([4, "0", "0", "0"], ["0"] * 4, [20, 22, 23, 24])}
    assert worst(write_netlist(cells)).delay_ps == through.delay_ps


@pytest.mark.parametrize(("inputs", "packed"), [((3, 5, 6), True), ((3, 5, 6, 7), False)])
def test_two_luts_before_a_carry_bit_share_one_if_they_fit(write_netlist, inputs, packed):
    registers = {f"r{net}": flip_flop("0", net) for net in range(3, 10)}
    luts = {"s": lut([3, 8, 9], 4), "d": lut(inputs, 10)}
    cells = {"c": carry([4, "0", "0", "0"], [10, "0", "0", "0"], [30, 31, 32, 33]), "end": flip_flop(31, 40)}
    pins = PINS[len(inputs) - 1]
    assert worst(write_netlist(registers | luts | cells)).delay_ps == max(
        CLOCK_TO_Q + NET + PINS[2] + 15 + 96 + 25 + SETUP,  # S0 to O1
        CLOCK_TO_Q + NET + pins + (15 if packed else NET) + 81 + 25 + SETUP,  # DI0 to O1
    )


def test_inner_registers_of_a_dsp(write_netlist):
    def design(**registers):
        block = ("DSP48E2", {"A": [3], "B": [4], "P": [5], "CLK": [2]})
        path = write_netlist({"a": flip_flop("0", 3), "b": flip_flop("0", 4), "dsp": block, "end": flip_flop(5, 6)})
        data = json.loads(path.read_text())
        data["modules"]["t"]["cells"]["dsp"]["parameters"] = dict.fromkeys(registers, "01")
        path.write_text(json.dumps(data))
        return worst(path)

    to_flip_flop = NET + 100 + SETUP
    assert design().delay_ps == CLOCK_TO_Q + NET + 819 + 47 + 585 + 109 + to_flip_flop
    assert design(AREG=1, BREG=1).delay_ps == 936 + 47 + 585 + 109 + to_flip_flop
    assert design(MREG=1).delay_ps == 865 + 109 + to_flip_flop
    assert design(PREG=1).delay_ps == CLOCK_TO_Q + NET + 819 + 47 + 585 - 10
    every = design(AREG=1, BREG=1, MREG=1, PREG=1)
    assert (every.delay_ps, every.start, every.end) == (936 + 47, "dsp", "dsp")


def test_distributed_memory(write_netlist):
    ports = {"ADDRA": [3, 4, 5, 6, 7], "ADDRH": [8, 9, 10, 11, 12], "DIA": [13, 14], "WE": [15], "DOA": [20, 21]}
    cells = {f"r{net}": flip_flop("0", net) for net in range(3, 16)}
    cells |= {"memory": ("RAM32M16", ports), "end": flip_flop(20, 30)}
    paths = analyse(write_netlist(cells), 200.0, [NET], ports=False, paths=99).cases[0].paths
    delay = {path.end: path.delay_ps for path in paths}
    assert delay["memory (WE)"] == CLOCK_TO_Q + NET + 180
    assert delay["memory (ADDRH)"] == CLOCK_TO_Q + NET + 117
    assert delay["memory (DIA)"] == CLOCK_TO_Q + NET + 81
    assert delay["end"] == CLOCK_TO_Q + NET + 165 + 50 + SETUP


def test_a_register_without_a_name_is_told_by_its_neighbours(write_netlist):
    cells = {"$a": flip_flop("0", 3), "$l": lut([3], 4), "$b": flip_flop(4, 5)}
    path = worst(write_netlist(cells, {"unit.sum": [4], "deeper.unit.alias": [4]}))
    assert (path.start, path.end) == ("FDRE near unit.sum", "FDRE near unit.sum")


def test_black_boxes_are_like_ports(write_netlist):
    cells = {"a": flip_flop("0", 3), "$l": lut([3], 4), "k0": ("k0_linear", {"x": [4], "O": [5]}), "b": flip_flop(5, 6)}
    netlist = write_netlist(cells)
    paths = analyse(netlist, 200.0, [NET], black_boxes=["k0_linear"]).cases[0].paths
    assert {(path.start, path.end) for path in paths} == {("k0.O", "b"), ("a", "k0.x")}
    with pytest.raises(UserError, match="cell k0 of the type k0_linear"):
        analyse(netlist, 200.0)


def test_the_report(write_netlist):
    netlist = write_netlist({"a": flip_flop("0", 3), "b": flip_flop(3, 4)}, {"q": [4]})
    report = analyse(netlist, 2500.0, ports=False)
    assert [case.net_ps for case in report.cases] == [150, 200, 300]
    assert [report.meets(case.net_ps) for case in report.cases] == [True, False, False]
    assert report.case(200).slack_ps == 400 - (CLOCK_TO_Q + NET + 100 + SETUP)
    assert report.case(200).fmax_mhz == pytest.approx(1e6 / 402)
    text = "\n".join(report.lines())
    assert "open estimate" in text and "speed grade -2" in text and "a -> q: 402 ps" in text
    assert json.loads(json.dumps(report.as_dict()))["label"] == "open estimate"


def test_nothing_between_registers(write_netlist):
    report = analyse(write_netlist({"$l": lut(["0"], 4)}), 200.0, ports=False)
    assert report.case(200).paths == () and report.case(200).slack_ps is None and report.meets(200)


def test_a_loop_is_named(write_netlist):
    loop = {"$l": lut([4, 3], 5), "$m": lut([5], 4), "$after": lut([4], 6), "end": flip_flop(6, 7)}
    with pytest.raises(UserError, match=r"combinational loop through (ready, start|start, ready)"):
        analyse(write_netlist(loop, {"start": [5], "ready": [4], "y": [6]}), 200.0)


def test_an_unknown_cell_is_named(write_netlist):
    with pytest.raises(UserError, match="cell x of the type PLLE4_BASE and 1 more types, whose timing is not known"):
        analyse(write_netlist({"x": ("PLLE4_BASE", {"O": [3]}), "y": ("ZZ", {"O": [4]})}), 200.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"modules": {"t": {"attributes": {"top"', "no netlist"),
        ("[]", "no netlist"),
        ('{"modules": []}', "no netlist"),
        ('{"modules": {"t": {"attributes": {}}}}', "0 top modules in 1"),
        ('{"modules": {"t": {"attributes": {"top": "1"}, "ports": {}}}}', "KeyError: 'cells'"),
    ],
)
def test_a_bad_file(tmp_path, text, found):
    path = tmp_path / "netlist.json"
    path.write_text(text)
    with pytest.raises(UserError, match=found):
        analyse(path, 200.0)
    with pytest.raises(UserError, match="No such file"):
        analyse(tmp_path / "other.json", 200.0)
