"""Whether the netlist that Yosys makes of a module does what its RTL does: both simulated on the same random bits.

The cells are replaced by Yosys' simulation models; it has none of UltraScale+ block RAMs, so that the netlist is mapped
without them, nor of its DSP slice, for which there is one of ours.
All registers start with random values, other ones on either side; data is compared where its valid is high.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.processes import run_tool
from hwflow.synthesis.script import MAPS, read_lines, run_script, synth_lines
from hwflow.synthesis.simulator import build_program
from hwflow.synthesis.sources import closure

CYCLES = 20_000
_LIMIT_S = 1800.0
_DSP = Path(__file__).with_name("dsp48e2.v")
_CLOCKS, _RESETS = {"clk": "clk", "aclk": "clk"}, {"rst": "rst", "aresetn": "!rst"}
_ATTRIBUTES = " ".join(f"-unset {name}" for name in ("abc9_box", "abc9_flop", "lib_whitebox", "whitebox", "blackbox"))


@dataclass(frozen=True, slots=True)
class Output:
    """An output port: in how many cycles it was compared, in how many it differed, and the first of those."""

    name: str
    compared: int
    differed: int
    first: int | None


def check_equivalence(
    rtl: Path,
    sources: Sequence[str],
    module: str,
    parameters: Mapping[str, int] | None = None,
    cycles: int = CYCLES,
    seed: int = 1,
) -> list[Output]:
    """Compare RTL and netlist of ``module`` over ``cycles`` clock cycles, with a second reset half-way.

    Raises:
        GateFailed: an output differs, or one was never valid, so that nothing is known of it.
        ToolMissing: Yosys, Verilator or g++ is not there.
    """
    with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
        work = Path(name)
        files = closure(rtl, sources, module)
        for file in files.files:
            shutil.copyfile(rtl / file, work / file)
        ports = _netlist(work, read_lines(module, parameters or {}, files), module)
        (work / "miter.sv").write_text(miter(module, ports, parameters or {}))
        counts = {"INPUTS": _bits(_driven(ports)), "OUTPUTS": len(_checked(ports))}
        build = work / "build"
        build.mkdir()
        main = Path(__file__).with_name("equivalence.cpp")
        program = build_program(work, [*files.sources, "netlist.v", "miter.sv"], "miter", main, build, counts)
        lines: list[str] = []
        run_tool([str(program), str(cycles), str(seed)], work, _LIMIT_S, on_line=lines.append)
    outputs = _read(lines, list(_checked(ports)))
    _judge(module, outputs)
    return outputs


def _netlist(work: Path, read: Sequence[str], module: str) -> dict[str, tuple[str, int]]:
    """Write netlist.v, in which the cells are replaced by their models; returns port -> (direction, bits)."""
    script = [
        *read,
        *synth_lines(module, "-nobram"),
        f"rename {module} {module}_netlist",
        f"select {module}_netlist",
        "write_rtlil -selected netlist.il",
        "design -reset",
        "read_verilog +/xilinx/cells_sim.v",
        f"read_verilog -defer {_DSP.name}",
        f"setattr -mod {_ATTRIBUTES} *",
        "read_rtlil netlist.il",
        f"hierarchy -check -top {module}_netlist",
        "proc",
        "flatten",
        "opt_clean",
        "write_verilog -noattr netlist.v",
        "write_json netlist.json",
    ]
    for file in (_DSP, *MAPS):
        shutil.copyfile(file, work / file.name)
    run_script(work, script, module)
    ports = json.loads((work / "netlist.json").read_text())["modules"][f"{module}_netlist"]["ports"]
    return {name: (port["direction"], len(port["bits"])) for name, port in ports.items()}


def miter(module: str, ports: Mapping[str, tuple[str, int]], parameters: Mapping[str, int]) -> str:
    """A module that feeds RTL and netlist with ``stimulus`` and says which outputs are compared, and differ."""
    driven, checked = _driven(ports), _checked(ports)
    inputs, at = {**_CLOCKS, **_RESETS}, 0
    for name, bits in driven.items():
        inputs[name] = f"stimulus[{at}+:{bits}]"
        at += bits
    given = ", ".join(f".{name}({value})" for name, value in parameters.items())
    lines = [
        f"module miter(input logic clk, rst, input logic [{at - 1}:0] stimulus,",
        f"    output logic [{len(checked) - 1}:0] compared, differs);",
    ]
    for prefix, cell in (("rtl", f"{module} #({given})"), ("net", f"{module}_netlist")):
        lines += [f"    wire [{bits - 1}:0] {prefix}_{name};" for name, bits in checked.items()]
        pins = [
            f".{name}({inputs[name] if way == 'input' else f'{prefix}_{name}'})" for name, (way, _) in ports.items()
        ]
        lines.append(f"    {cell} {prefix} ({', '.join(pins)});")
    for index, name in enumerate(checked):
        valid = name.rpartition("_")[0] + "_valid"
        guard = "1'b1" if name == valid or valid not in checked else f"rtl_{valid}"
        lines.append(f"    assign compared[{index}] = {guard}, differs[{index}] = rtl_{name} != net_{name};")
    return "\n".join([*lines, "endmodule", ""])


def _driven(ports: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    fixed = {**_CLOCKS, **_RESETS}
    return {name: bits for name, (way, bits) in ports.items() if way == "input" and name not in fixed}


def _checked(ports: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    return {name: bits for name, (way, bits) in ports.items() if way == "output"}


def _bits(ports: Mapping[str, int]) -> int:
    return sum(ports.values())


def _read(lines: Sequence[str], names: Sequence[str]) -> list[Output]:
    counts = [[int(word) for word in line.split()[1:]] for line in lines if line.startswith("output ")]
    if len(counts) != len(names):
        raise GateFailed(f"the simulation of RTL and netlist did not reach its end: {' '.join(lines[-3:])}")
    return [Output(names[i], compared, wrong, None if first < 0 else first) for i, compared, wrong, first in counts]


def _judge(module: str, outputs: Sequence[Output]) -> None:
    wrong = [f"{each.name} in {each.differed} cycles from {each.first} on" for each in outputs if each.differed]
    if wrong:
        raise GateFailed(f"{module}: RTL and netlist differ at {', '.join(wrong)}")
    if idle := [each.name for each in outputs if not each.compared]:
        raise GateFailed(f"{module}: nothing is known of {', '.join(idle)}: never valid in the simulation")
