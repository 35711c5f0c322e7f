"""Constant matrices as shifts and adds: adders, carry bits, levels and seconds, ours beside alkaid's solver.

Random weights, a quarter of them zero, for signed inputs of 8 bits. ``LUT`` and ``FF`` (registers behind every second
level) stand beside what Yosys 0.70 maps the emitted module to. ``bits``: sum of the lengths of all carry chains,
counted alike for both solvers. alkaid (``pip install alkaid``; with ``hard_dc=0``, its limit on the delay) and Yosys
are left out where they are not installed. Seconds are CPU time of this machine.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import print_table

from hwflow.errors import ToolMissing
from hwflow.ir.types import FixedType, type_for
from hwflow.rtl.shift_add import AdderGraph, cost, emit, estimate, solve
from hwflow.rtl.shift_add.cost import carry_bits
from hwflow.schedule.resources import Resources
from hwflow.synthesis.yosys import synth_module

SHAPES, BITS, INPUT = ((8, 24), (16, 16), (16, 64), (32, 32)), (4, 6, 8), FixedType(True, 8, 0)
COLUMNS = (
    "matrix", "weights", "adders", "levels", "bits", "s", "alkaid adders", "levels", "bits", "s",
    "LUT", "Yosys", "FF", "Yosys", "estimate",
)  # fmt: skip


def random_weights(shape: tuple[int, int], bits: int) -> np.ndarray:
    """Integers of ``bits``, symmetric, 25 % zeros."""
    rng = np.random.default_rng(0)
    limit = (1 << (bits - 1)) - 1
    return rng.integers(-limit, limit + 1, shape) * (rng.random(shape) >= 0.25)


def output_type(graph: AdderGraph) -> FixedType:
    """The narrowest type of all outputs."""
    ends = [end << output.shift for output in graph.outputs if output for end in graph.bounds(output.value)]
    return type_for(min(ends), max(ends), 0)


def mapped(graph: AdderGraph, registers: tuple[int, ...]) -> Resources | None:
    """What Yosys needs for the module."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "matrix.sv").write_text(emit(graph, "matrix", INPUT, output_type(graph), registers))
        try:
            return synth_module(Path(folder), ["matrix.sv"], "matrix").resources
        except ToolMissing:
            return None


def alkaid(weights: np.ndarray) -> tuple[object, ...]:
    """Adders, levels, carry bits and seconds of its solver within the fewest levels."""
    if importlib.util.find_spec("alkaid") is None:
        return ("", "", "", "")
    from alkaid.cmvm import cmvm_solve

    start = time.process_time()
    stages = cmvm_solve(weights.astype(np.float32), hard_dc=0, qintervals=[(INPUT.lo, INPUT.hi, 1.0)] * len(weights))
    seconds = time.process_time() - start
    adders = bits = 0
    inputs = [0] * len(weights)
    for stage in stages:
        levels: list[int] = []
        for op in stage.ops:
            if op.opcode not in (0, 1):  # an input, or a copy
                levels.append(inputs[op.data[0]] if op.opcode == -1 else levels[op.addr[0]])
                continue
            adders, bits = adders + 1, bits + _carry_bits(stage.ops, op)
            levels.append(1 + max(levels[each] for each in op.addr))
        inputs = [levels[each] if each >= 0 else 0 for each in stage.out_idxs]
    return adders, max(inputs), bits, f"{seconds:.2f}"


def _carry_bits(ops: Any, op: Any) -> int:
    """As ``carry_bits`` counts ours; opcode 1 subtracts the second operand."""
    a, b = (ops[each].qint.step for each in op.addr)
    b *= 2.0 ** op.data[0]
    unit = min(a, b)
    passed = b / unit if op.opcode == 1 else max(a, b) / unit
    return type_for(round(op.qint.min / unit), round(op.qint.max / unit), 0).width - round(np.log2(passed))


def row(shape: tuple[int, int], bits: int) -> tuple[object, ...]:
    """Solve, count, map."""
    weights = random_weights(shape, bits)
    start = time.process_time()
    graph = solve(weights, (INPUT.lo, INPUT.hi))
    seconds = time.process_time() - start
    registers = tuple(range(2, graph.levels + 1, 2))
    ours, yosys = cost(graph, registers), mapped(graph, registers)
    chains = sum(carry_bits(graph, len(weights) + index) for index in range(len(graph.adders)))
    found = (ours.lut, yosys.lut if yosys else "", ours.ff, yosys.ff if yosys else "")
    guessed = estimate(weights, INPUT).cost.resources.lut
    solved = (len(graph.adders), graph.levels, chains, f"{seconds:.2f}")
    return ("x".join(map(str, shape)), f"{bits} bits", *solved, *alkaid(weights), *found, guessed)


def main() -> None:
    """Measure and print."""
    print_table("Constant matrices", COLUMNS, [row(shape, bits) for shape in SHAPES for bits in BITS])


if __name__ == "__main__":
    main()
