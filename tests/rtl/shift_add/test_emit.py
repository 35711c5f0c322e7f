"""The emitted module: clean for Verilator, equal to the matrix when simulated, outputs after one cycle a register."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwflow.ir.types import FixedType, type_for
from hwflow.rtl.shift_add import AdderGraph, emit, fewest_levels, solve
from hwflow.synthesis.simulator import build_program
from hwflow.verify.verilator import lint

MAIN = r"""
#include <cinttypes>
#include <cstdio>
int main() {
    VerilatedContext context;
    Vmatrix top{&context};
    for (std::uint64_t x; std::scanf("%" SCNx64, &x) == 1;) {
        top.x = x;
        top.clk = 0;
        top.eval();
        std::printf("%" PRIx64 "\n", static_cast<std::uint64_t>(top.y));
        top.clk = 1;
        top.eval();
    }
}
"""


def random_weights(seed: int, shape: tuple[int, int], limit: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return rng.integers(-limit, limit + 1, shape) * (rng.random(shape) > 0.25)


def output_type(graph: AdderGraph, spare: int = 0) -> FixedType:
    """The type of all outputs, with spare bits."""
    outputs = [output for output in graph.outputs if output]
    ends = [end << output.shift for output in outputs for end in graph.bounds(output.value)]
    narrow = type_for(min(ends, default=0), max(ends, default=0), 0)
    return FixedType(narrow.signed, narrow.width + spare, 0)


def pack(numbers: NDArray[np.int64], width: int) -> int:
    return sum((int(number) & ((1 << width) - 1)) << (i * width) for i, number in enumerate(numbers))


CASES = {
    "random": random_weights(0, (6, 5), 31),
    "zero": np.zeros((2, 3), np.int64),
    "zero_column": np.array([[3, 0, -5], [1, 0, 2]]),
    "zero_row": np.array([[3, -7], [0, 0]]),
    "single": np.array([[-11]]),
    "one": np.array([[1]]),
    "powers_of_two": np.array([[1, 2, -4], [8, -16, 32]]),
    "negative_column": np.array([[-1, 4], [-2, 1], [-4, 0]]),
    "cancelling": np.array([[1, -7], [8, -8], [-8, 0]]),
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_verilator_warns_of_nothing(tmp_path: Path, name: str, signed: bool) -> None:
    weights = CASES[name]
    for width in (1, 4, 8):
        type = FixedType(signed, width, 0)
        graph = solve(weights, (type.lo, type.hi))
        for number, registers in enumerate(((), (graph.levels,), tuple(range(graph.levels + 1)))):
            module = f"m{width}_{number}"
            (tmp_path / f"{module}.sv").write_text(emit(graph, module, type, output_type(graph, 2), registers))
            lint(tmp_path, [f"{module}.sv"], module)


@pytest.mark.parametrize("spare", [0, 1])
def test_inputs_in_a_part_of_their_range(tmp_path: Path, spare: int) -> None:
    graph = solve(CASES["random"], [(0, 3), (-2, 9), (0, 0), (-16, 15), (5, 5), (-9, -3)])
    text = emit(graph, "matrix", FixedType(True, 5, 2), output_type(graph, spare), (1,))
    (tmp_path / "matrix.sv").write_text(text)
    lint(tmp_path, ["matrix.sv"], "matrix")


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("registers", [(), (0, 2, 2), (1, 3)])
def test_simulation_equals_the_matrix(tmp_path: Path, signed: bool, registers: tuple[int, ...]) -> None:
    weights, type = random_weights(4, (7, 4), 25), FixedType(signed, 7, 3)
    graph = solve(weights, (type.lo, type.hi))
    out = output_type(graph, 1)
    assert graph.levels == fewest_levels(weights) >= 3
    assert len(weights) * type.width <= 64 and weights.shape[1] * out.width <= 64
    x = np.random.default_rng(1).integers(type.lo, type.hi, (200, len(weights)), endpoint=True)
    x[:2] = [[type.lo], [type.hi]]
    lines = simulate(tmp_path, emit(graph, "matrix", type, out, registers), [pack(row, type.width) for row in x])
    expected = [pack(row, out.width) for row in x @ weights]
    assert lines[len(registers) :] == expected[: len(x) - len(registers)]


def simulate(folder: Path, text: str, words: list[int]) -> list[int]:
    """Outputs, one a cycle."""
    (folder / "matrix.sv").write_text(text)
    (folder / "main.cpp").write_text(MAIN)
    (folder / "work").mkdir()
    program = build_program(folder, ["matrix.sv"], "matrix", folder / "main.cpp", folder / "work", {})
    said = subprocess.run(
        [program], input="\n".join(f"{w:x}" for w in words), text=True, capture_output=True, check=True
    )
    return [int(line, 16) for line in said.stdout.split()]


def test_lines() -> None:
    graph = solve(np.array([[5, 0], [-2, 3]]), (-8, 7))
    text = emit(graph, "k0_matrix", FixedType(True, 4, 0), FixedType(True, 9, 0), (1,))
    assert "module k0_matrix (" in text
    assert "(* keep *) wire signed [5:0] s0 = 6'(x0) - (6'(x1) << 1);" in text
    assert "s0_1 <= s0;" in text
    assert text.count("x0_1 <= x0;") == 1 and "x1_1" not in text


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"input_type": FixedType(True, 3, 0)}, r"input 0 in \(-8, 7\)"),
        ({"output_type": FixedType(False, 9, 0)}, "output 0"),
        ({"registers": (7,)}, "levels 0 to 2"),
    ],
)
def test_refusals(changed: dict[str, object], found: str) -> None:
    graph = solve(np.array([[5, 0], [-2, 3]]), (-8, 7))
    arguments: dict[str, object] = {"input_type": FixedType(True, 4, 0), "output_type": FixedType(True, 9, 0)}
    with pytest.raises(ValueError, match=found):
        emit(graph, "matrix", **{**arguments, **changed})  # type: ignore[arg-type]
