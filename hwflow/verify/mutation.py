"""Whether the checks of cosimulation would find a fault: Yosys puts many into the RTL, one of which is active.

All are in one netlist, chosen at run time by an input, so that it is translated and compiled once.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwflow.errors import GateFailed
from hwflow.processes import run_tool
from hwflow.synthesis.script import read_lines, run_script
from hwflow.synthesis.simulator import build_program
from hwflow.synthesis.sources import closure
from hwflow.verify.cosim.beats import Words
from hwflow.verify.cosim.manifest import Manifest, read_manifest

SELECT = "hwflow_mutant"
_WRAPPER = "hwflow_mutation"
_LIMIT_S = 3600.0
_POLYNOMIAL = "64'hc96c5795d7870f42"  # CRC-64 of ECMA-182, bits reversed


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: what was done ("inv", "const0", ...) to which port of which cell, and the lines it comes from."""

    mode: str
    module: str
    cell: str
    port: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mode} at {self.port} of {self.cell} in {self.module} ({', '.join(self.lines) or 'no line'})"


@dataclass(frozen=True, slots=True)
class Mutation:
    """The outcome: how many mutants there were, and those that no check found."""

    total: int
    survivors: tuple[Mutant, ...]

    @property
    def caught(self) -> int:
        """How many were found."""
        return self.total - len(self.survivors)


def mutation_test(rtl: Path, inputs: Words, outputs: Words, count: int = 128, seed: int = 1) -> Mutation:
    """Run a design with ``count`` faults, one at a time, and compare outputs, every stream and cycles.

    Args:
        rtl: an RTL folder with its manifest.
        inputs, outputs: beats (frames, beats of a frame, 32-bit words of a beat); the outputs are the right ones.

    Raises:
        GateFailed: the design is wrong without any fault, or a tool refused it.
        ToolMissing: Yosys, Verilator or g++ is not there.
    """
    manifest = read_manifest(rtl)
    with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
        work = Path(name)
        mutants = _mutate(rtl, manifest, count, seed, work)
        program = build_program(
            work,
            ["mutated.v", "wrapper.sv"],
            _WRAPPER,
            Path(__file__).with_name("mutation.cpp"),
            _fresh(work / "build"),
            {},
        )
        inputs.tofile(work / "input.bin")
        outputs.tofile(work / "output.bin")
        shape = [len(inputs), inputs.shape[1], outputs.shape[1]]
        survivors = _survivors(program, work, [".", *map(str, shape)], len(mutants))
    return Mutation(len(mutants), tuple(mutants[number - 1] for number in survivors))


def _survivors(program: Path, work: Path, arguments: Sequence[str], count: int) -> list[int]:
    """Numbers of the mutants that were not found. One that ends the simulation itself is, and the next one is tried."""
    survivors, lowest = list[int](), 1
    while lowest <= count:
        lines: list[str] = []
        done = run_tool([str(program), *arguments, str(lowest), str(count)], work, _LIMIT_S, on_line=lines.append)
        if done.returncode == 3:
            raise GateFailed("mutation test: the design without a fault gives other outputs than expected")
        verdicts = [words for line in lines if (words := line.split())[:1] == ["mutant"] and len(words) == 3]
        survivors += [int(number) for _, number, verdict in verdicts if verdict == "survived"]
        lowest += len(verdicts) + (done.returncode != 0)
        if done.returncode == 0 and lowest <= count:
            raise GateFailed(f"mutation test: the simulation ended too early: {done.output_tail}")
    return survivors


def _mutate(rtl: Path, manifest: Manifest, count: int, seed: int, work: Path) -> list[Mutant]:
    """Write mutated.v and wrapper.sv into ``work``; the faults in the order of their numbers, from 1 on."""
    top = manifest.top
    files = closure(rtl, manifest.sources, top)
    for file in files.files:
        shutil.copyfile(rtl / file, work / file)
    prepare = [
        *read_lines(top, {}, files),
        f"prep -flatten -top {top}",
        f"expose {' '.join(f'w:{kernel}.m*_*' for kernel in manifest.kernels)}",  # what the kernels hand on
        "expose w:*.used w:*.reserve",  # places of the FIFOs
        "opt -full",
        "opt_clean -purge",  # a fault in logic that nothing uses could not be found
        "write_rtlil plain.il",
        "write_json plain.json",
        f"mutate -list {2 * count} -seed {seed} -o mutants.ys",
    ]
    run_script(work, prepare, "mutation test")
    lines = [line for line in (work / "mutants.ys").read_text().splitlines() if line.startswith("mutate ")]
    module = json.loads((work / "plain.json").read_text())["modules"][top]
    chosen = [line for line in lines if not _idle(line, module["cells"])][:count]
    width = len(chosen).bit_length()
    (work / "wrapper.sv").write_text(wrapper(top, {n: len(p["bits"]) for n, p in module["ports"].items()}, width))
    numbered = [f"{line} -ctrl {SELECT} {width} {number}" for number, line in enumerate(chosen, 1)]
    run_script(work, ["read_rtlil plain.il", *numbered, "write_verilog -noattr mutated.v"], "mutation test")
    return [_mutant(line) for line in chosen]


def wrapper(top: str, ports: Mapping[str, int], select: int) -> str:
    """The top with a 64-bit signature of every stream, and the marks of the FIFOs.

    Ports with a dot are a kernel's, ``kernel.m0_valid``, or a FIFO's, ``kernel.fifo0.used``.
    """
    own = {name: bits for name, bits in ports.items() if "." not in name}
    fifos = [name.removesuffix(".used") for name in ports if name.endswith(".used")]
    streams = [name.removesuffix("_data") for name in ports if "." in name and name.endswith("_data")]
    ways = {name: "output" if name.startswith("m_axis") != name.endswith("tready") else "input" for name in own}
    lines = [f"module {_WRAPPER} (", f"    input logic [{select - 1}:0] {SELECT},"]
    lines += [f"    {ways[name]} logic [{bits - 1}:0] {name}," for name, bits in own.items()]
    lines.append(f"    output logic [{64 * len(streams) - 1}:0] signature,")
    lines.append(f"    output logic [{32 * len(fifos) - 1}:0] marks);")
    pins = [f".{name}({name})" for name in (SELECT, *own)]
    for i, stream in enumerate(streams):
        bits = ports[f"{stream}_data"]
        lines.append(f"    logic v{i}, r{i}; logic [{bits - 1}:0] d{i};")
        pins += [f".\\{stream}_{wire} ({net}{i})" for wire, net in (("valid", "v"), ("ready", "r"), ("data", "d"))]
        lines += [
            "    always_ff @(posedge aclk) begin",
            f"        if (!aresetn) signature[{64 * i}+:64] <= '1;",
            f"        else if (v{i} && r{i}) signature[{64 * i}+:64] <= mix{i}(signature[{64 * i}+:64], d{i});",
            "    end",
            f"    function automatic logic [63:0] mix{i}(input logic [63:0] s, input logic [{bits - 1}:0] d);",
            f"        mix{i} = s;",
            f"        for (int b = 0; b < {bits}; b++)",
            f"            mix{i} = (mix{i} >> 1) ^ (mix{i}[0] ^ d[b] ? {_POLYNOMIAL} : 64'd0);",
            "    endfunction",
        ]
    for i, fifo in enumerate(fifos):
        lines += [
            f"    logic [{ports[f'{fifo}.used'] - 1}:0] u{i}; logic t{i};",
            f"    wire [31:0] places{i} = 32'(u{i}) + 32'(t{i});",
            "    always_ff @(posedge aclk) begin",
            f"        if (!aresetn) marks[{32 * i}+:32] <= '0;",
            f"        else if (places{i} > marks[{32 * i}+:32]) marks[{32 * i}+:32] <= places{i};",
            "    end",
        ]
        pins += [f".\\{fifo}.used (u{i})", f".\\{fifo}.reserve (t{i})"]
    return "\n".join([*lines, f"    {top} top ({', '.join(pins)});", "endmodule", ""])


def _idle(line: str, cells: Mapping[str, Any]) -> bool:
    """Whether a fault is none: a constant set to what it is, a pin that a memory does not use, the other clock edge."""
    words = dict(re.findall(r"-(\w+) (\S+)", line))
    if words.get("mode") == "inv" and _name(words.get("port", "")) == "CLK":
        return True  # nothing changes between the edges
    cell = cells.get(_name(words.get("cell", "")), {"type": "", "connections": {}})
    bits = cell["connections"].get(_name(words.get("port", "")), [])
    place = int(words.get("portbit", 0))
    if place >= len(bits) or isinstance(bits[place], int):
        return False
    return bool(cell["type"].startswith("$mem") or f"const{bits[place]}" == words.get("mode"))


def _name(text: str) -> str:
    """As JSON writes it: without the mark of a public name."""
    return text.removeprefix("\\")


def _mutant(line: str) -> Mutant:
    pairs = re.findall(r"-(\w+) (\S+)", line)
    words = dict(pairs)
    port = f"{_name(words.get('port', '?'))}[{words.get('portbit', '?')}]"
    lines = tuple(value for key, value in pairs if key == "src")
    return Mutant(words.get("mode", "?"), words.get("module", "?"), words.get("cell", "?"), port, lines)


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder
