"""What the primitives of the datapaths cost: measured with Yosys and the open timing estimate, beside the formulas.

Combinational primitives stand between registers, which are not counted. Delay: what the primitive adds to a path
between two registers, with 200 ps for each net. The first run synthesises some 100 circuits (minutes); later ones
take them from the cache.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from common import print_table

from hwflow.data_folder import data_folder
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources
from hwflow.synthesis.yosys import Module, synth_modules
from hwflow.timing import analyse

NET_PS = 200
RANDOM = np.random.default_rng(1)


@dataclass(frozen=True)
class Case:
    """A circuit and its estimate. ``registers`` of the module ``text`` do not count; ``memory``: hexadecimal words."""

    kind: str
    size: str
    estimate: Cost
    text: str
    registers: int = 0
    memory: str = ""

    @property
    def name(self) -> str:
        """Of the module."""
        return "bench_" + "".join(c if c.isalnum() else "_" for c in f"{self.kind}_{self.size}")


def between_registers(
    kind: str, size: str, estimate: Cost, ports: tuple[Mapping[str, int], int], body: str, memory: str = ""
) -> Case:
    """A circuit with the input ports (name -> bits) and the output y, a register at each."""
    inputs, bits = ports
    declared = "".join(f"input logic [{width - 1}:0] {port}_d, " for port, width in inputs.items())
    nets = "".join(f"logic [{width - 1}:0] {port};" for port, width in inputs.items())
    moves = "".join(f"{port} <= {port}_d;" for port in inputs)
    text = (
        f"module NAME(input logic clk, {declared} output logic [{bits - 1}:0] y_q);\n{nets} logic [{bits - 1}:0] y;\n"
        f"always_ff @(posedge clk) begin {moves} y_q <= y; end\n{body}\nendmodule\n"
    )
    return Case(kind, size, estimate, text, sum(inputs.values()) + bits, memory)


def alone(kind: str, size: str, estimate: Cost, unit: tuple[str, Mapping[str, int]], ports: tuple[str, str]) -> Case:
    """A library module with registers of its own; ``ports``: inputs and outputs, "valid data[8]"."""
    ways = (("input", f"clk rst {ports[0]}"), ("output", ports[1]))
    names = [(way, *port.rstrip("]").partition("[")[::2]) for way, listed in ways for port in listed.split()]
    declared = ", ".join(f"{way} logic [{int(bits or 1) - 1}:0] {port}" for way, port, bits in names)
    text = f"module NAME({declared});\n{library(*unit, [port for _, port, _ in names])}\nendmodule\n"
    return Case(kind, size, estimate, text)


def library(module: str, parameters: Mapping[str, object], ports: Sequence[str]) -> str:
    """An instance of a library module."""
    settings = ", ".join(f".{key}({value})" for key, value in parameters.items())
    return f"{module} #({settings}) unit ({', '.join(f'.{port}({port})' for port in ports)});"


def arithmetic() -> Iterator[Case]:
    """Adders, comparisons, maxima, products."""
    for bits in (8, 12, 16, 24, 32):
        for subtract in (0, 1):
            parameters = {"A_WIDTH": bits, "B_WIDTH": bits, "WIDTH": bits + 1, "SUBTRACT": subtract}
            body = library("hwflow_add", parameters, "aby")
            yield between_registers(
                ("add", "subtract")[subtract],
                f"{bits}",
                costs.adder(bits + 1),
                ({"a": bits, "b": bits}, bits + 1),
                body,
            )
    for bits in (8, 16, 24):
        body = "assign y = $signed(a) > $signed(b);"
        yield between_registers("compare", f"{bits}", costs.comparator(bits), ({"a": bits, "b": bits}, 1), body)
    for bits in (8, 12, 16, 24):
        body = library("hwflow_max_tree", {"TERMS": 2, "WIDTH": bits}, ("clk", "x", "y"))
        yield between_registers("maximum", f"{bits}", costs.maximum(bits), ({"x": 2 * bits}, bits), body)
    for terms, bits in ((4, 8), (8, 8), (16, 8), (32, 8), (8, 16), (16, 16)):
        width = bits + (terms - 1).bit_length()
        body = library("hwflow_sum_tree", {"TERMS": terms, "IN_WIDTH": bits, "WIDTH": width}, ("clk", "x", "y"))
        yield between_registers(
            "sum tree", f"{terms} x {bits}", costs.adder_tree(terms, bits), ({"x": terms * bits}, width), body
        )
    for a, b in (
        (2, 4),
        (3, 3),
        (4, 4),
        (3, 6),
        (2, 8),
        (5, 5),
        (6, 6),
        (8, 8),
        (10, 10),
        (12, 18),
        (18, 27),
        (20, 20),
    ):
        body = library("hwflow_multiply", {"A_WIDTH": a, "B_WIDTH": b, "WIDTH": a + b}, "aby")
        yield between_registers("product", f"{a} x {b}", costs.multiplier(a, b), ({"a": a, "b": b}, a + b), body)


def requantisation() -> Iterator[Case]:
    """Rounding half-even and saturation, and ReLU."""
    for width, shift, out in (
        (9, 1, 8), (12, 4, 8), (16, 4, 8), (16, 8, 8), (20, 8, 8), (24, 10, 8), (24, 16, 8), (32, 16, 16), (16, 0, 8),
    ):  # fmt: skip
        body = library("hwflow_requantise", {"IN_WIDTH": width, "SHIFT": shift, "WIDTH": out}, "xy")
        estimate = costs.requantise(width, shift, out)
        yield between_registers("requantise", f"{width} by {shift} to {out}", estimate, ({"x": width}, out), body)
    for bits in (8, 16):
        body = library("hwflow_clamp", {"IN_WIDTH": bits, "WIDTH": bits}, "xy")
        yield between_registers("relu", f"{bits}", costs.relu(bits), ({"x": bits}, bits), body)


def tables() -> Iterator[Case]:
    """Tables of one input: random contents, and an exponential."""
    for address in (4, 6, 7, 8, 9, 10, 12):
        for bits in (8, 16):
            words = 1 << address
            exponential = np.round((2**bits - 1) * np.exp(-np.arange(words) * 8 / words)).astype(np.int64)
            for name, contents in (("random", RANDOM.integers(0, 1 << bits, words)), ("exp", exponential)):
                estimate = costs.table(contents[:, None], bits)
                if estimate.clocks:  # the longer path is the one behind the block
                    estimate = replace(estimate, delay_ps=costs.block_ps(words))
                parameters = {"ADDRESS": address, "WIDTH": bits, "FILE": '"NAME.hex"'}
                unit = ("hwflow_table_ram", ("clk", "x", "y")) if estimate.clocks else ("hwflow_table", "xy")
                body = library(unit[0], parameters, unit[1])
                memory = "\n".join(f"{word:x}" for word in contents)
                size = f"{address} to {bits}"
                yield between_registers(f"table, {name}", size, estimate, ({"x": address}, bits), body, memory)


def storage() -> Iterator[Case]:
    """Memories, FIFOs, delays, and the control of a kernel."""
    for words, bits in ((16, 8), (32, 32), (64, 32), (128, 32), (256, 8)):
        depth = (words - 1).bit_length()
        body = f"""logic [{bits - 1}:0] memory[{words}]; assign y = memory[r];
            always_ff @(posedge clk) if (we[0]) memory[w] <= d;"""
        ports = {"we": 1, "w": depth, "r": depth, "d": bits}
        yield between_registers("memory", f"{words} x {bits}", costs.ram(words, bits), (ports, bits), body)
    for depth in (1, 2, 4, 16, 32, 64, 100):
        for width in (8, 64, 256):
            estimate = Cost(costs.fifo(depth, width))
            ports = (f"reserve write wdata[{width}] m_ready", f"room m_valid m_data[{width}]")
            yield alone(
                "fifo", f"{depth} x {width}", estimate, ("hwflow_fifo", {"WIDTH": width, "DEPTH": depth}), ports
            )
    for cycles in (8, 17, 34):
        for width in (8, 64):
            estimate = Cost(costs.delay_line(width, cycles))
            unit = ("hwflow_delay", {"WIDTH": width, "CYCLES": cycles})
            yield alone("delay", f"{cycles} x {width}", estimate, unit, (f"d[{width}]", f"q[{width}]"))
    for firings, cycles in ((1, 4), (8, 1), (8, 4), (15, 16), (64, 64)):
        estimate = Cost(costs.actor(firings, cycles))
        unit = ("hwflow_actor", {"FIRINGS": firings, "CYCLES": cycles})
        outputs = "start active first last step_first step_last"
        yield alone("actor", f"{firings} x {cycles}", estimate, unit, ("able", outputs))


def measure(cases: Sequence[Case]) -> Iterator[tuple[Case, Cost]]:
    """The cases as Yosys maps them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for template in data_folder("rtl_templates").glob("*.sv"):
            shutil.copy(template, folder)
        for case in cases:
            (folder / f"{case.name}.sv").write_text(case.text.replace("NAME", case.name))
            (folder / f"{case.name}.hex").write_text(case.memory)
        sources = sorted(path.name for path in folder.glob("*.sv"))
        done = synth_modules(folder, sources, [Module(case.name) for case in cases], say=print)
        for case in cases:
            result = done[case.name]
            period = analyse(result.netlist, 200.0, [NET_PS], ports=False).case(NET_PS).delay_ps
            yield case, Cost(result.resources + Resources(ff=-case.registers), max(0, period - costs.FLIP_FLOP_PS))


def row(case: Case, found: Cost) -> tuple[object, ...]:
    """Measured and estimated side by side; block RAM in halves of 36 Kb."""
    pairs = (
        (getattr(found.resources, kind), getattr(case.estimate.resources, kind))
        for kind in ("lut", "ff", "dsp", "bram18")
    )
    cells = [f"{a:,} / {b:,}" if a or b else "" for a, b in pairs]
    delay = f"{found.delay_ps:,} / {case.estimate.delay_ps:,}" if case.estimate.delay_ps else f"{found.delay_ps:,}"
    return (case.kind, case.size, *cells, delay)


def main() -> None:
    """Measure and print."""
    cases = [*arithmetic(), *requantisation(), *tables(), *storage()]
    rows = [row(*pair) for pair in measure(cases)]
    title = f"Primitives, measured / estimated: Yosys for UltraScale+; delay in ps, open estimate, {NET_PS} ps a net"
    print_table(title, ("primitive", "size", "LUT", "FF", "DSP", "BRAM18", "delay"), rows, texts=2)


if __name__ == "__main__":
    main()
