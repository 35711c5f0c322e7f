"""What our rules for Yosys make of read-only memories and choices behaves as the RTL, with the LUTs of the estimate."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hwflow.data_folder import data_folder
from hwflow.errors import GateFailed
from hwflow.schedule import costs
from hwflow.synthesis import equivalence, script, synth_module, yosys
from hwflow.synthesis.equivalence import check_equivalence

WIDTH = 5
TABLE = """module unit (input logic clk, input logic [{address}:0] s_data,
    output logic m_valid, output logic [{top}:0] m_data);
    logic [{address}:0] x;
    always_ff @(posedge clk) x <= s_data;
    hwflow_table #(.ADDRESS({address} + 1), .WIDTH({top} + 1), .FILE("words.hex")) unit (.x(x), .y(m_data));
    assign m_valid = 1'b1;
endmodule"""
HELD = """module unit (input logic clk, input logic [{address}:0] s_data, input logic s_load,
    output logic m_valid, output logic [{top}:0] m_data);
    logic [{address}:0] x;
    logic               load;
    logic [{top}:0]     found;
    always_ff @(posedge clk) begin x <= s_data; load <= s_load; end
    hwflow_table #(.ADDRESS({address} + 1), .WIDTH({top} + 1), .FILE("words.hex")) unit (.x(x ^ x << 1), .y(found));
    hwflow_hold #(.WIDTH({top} + 1)) hold (.clk(clk), .load(load), .d(found), .q(m_data));
    assign m_valid = 1'b1;
endmodule"""
CONSTANTS = """module unit (input logic clk, rst, s_valid, output logic m_valid, output logic [{top}:0] m_data);
    hwflow_constants #(.WORDS({words}), .WIDTH({top} + 1), .FILE("words.hex")) unit (
        .clk(clk), .rst(rst), .advance(s_valid), .word(m_data));
    assign m_valid = 1'b1;
endmodule"""
CHOICE = """module unit (input logic clk, input logic [{bits}:0] s_data, input logic [{index}:0] s_index,
    output logic m_valid, output logic m_data);
    logic [{index}:0] index;
    logic [{bits}:0] x;
    always_ff @(posedge clk) begin index <= s_index % {count}; x <= s_data; end
    hwflow_part #(.COUNT({count}), .WIDTH(1)) unit (.x(x), .index(index), .y(m_data));
    assign m_valid = 1'b1;
endmodule"""


@pytest.fixture
def words(tmp_path: Path, request: pytest.FixtureRequest) -> np.ndarray:
    """Contents without structure, or with much of it, beside the library."""
    count, smooth = request.param
    for name in ("table", "constants", "part", "hold"):
        shutil.copy(data_folder("rtl_templates") / f"hwflow_{name}.sv", tmp_path)
    random = np.random.default_rng(count).integers(0, 1 << WIDTH, (count, 1))
    exponential = np.round(((1 << WIDTH) - 1) * np.exp(-np.arange(count)[:, None] * 4 / count)).astype(np.int64)
    found = exponential if smooth else random
    (tmp_path / "words.hex").write_text("\n".join(f"{word:x}" for word in found[:, 0]))
    return found


def write(folder: Path, text: str, **numbers: int) -> list[str]:
    """The unit; the names of all sources."""
    (folder / "unit.sv").write_text(text.format(**numbers))
    return sorted(path.name for path in folder.glob("*.sv"))


def sizes(*counts: int) -> pytest.MarkDecorator:
    """Random contents of every size, and smooth ones."""
    cases = [(count, smooth) for count in counts for smooth in (False, True)]
    ids = [f"{count}-{'smooth' if smooth else 'random'}" for count, smooth in cases]
    return pytest.mark.parametrize("words", cases, indirect=True, ids=ids)


@sizes(64, 128, 256, 512, 1024)
def test_tables(words: np.ndarray, tmp_path: Path) -> None:
    sources = write(tmp_path, TABLE, address=(len(words) - 1).bit_length() - 1, top=WIDTH - 1)
    check_equivalence(tmp_path, sources, "unit", cycles=20 * len(words))
    found = synth_module(tmp_path, sources, "unit").resources.lut
    assert found == pytest.approx(costs.table(words, WIDTH).resources.lut, rel=0.15, abs=4)


@sizes(64, 256)
def test_tables_whose_word_is_kept(words: np.ndarray, tmp_path: Path) -> None:
    """Yosys makes the register that keeps it a part of the memory."""
    address = (len(words) - 1).bit_length()
    sources = write(tmp_path, HELD, address=address - 1, top=WIDTH - 1)
    check_equivalence(tmp_path, sources, "unit", cycles=20 * len(words))
    found = synth_module(tmp_path, sources, "unit").resources.lut
    assert found == pytest.approx(costs.table(words, WIDTH).resources.lut + address - 1, rel=0.15, abs=4)


@sizes(75, 150, 200, 300)
def test_constants(words: np.ndarray, tmp_path: Path) -> None:
    sources = write(tmp_path, CONSTANTS, words=len(words), top=WIDTH - 1)
    check_equivalence(tmp_path, sources, "unit", cycles=20 * len(words))
    if (np.diff(words[:, 0]) > 0).any():  # else the flip-flop behind a bit does some of it
        counter = 2 * (len(words) - 1).bit_length()
        found = synth_module(tmp_path, sources, "unit").resources.lut
        assert found == pytest.approx(counter + costs.rom(words, WIDTH).resources.lut, rel=0.15, abs=5)


@pytest.mark.parametrize("words", [(64, False)], indirect=True)
@pytest.mark.parametrize("count", [3, 4, 7, 8, 11, 12, 16, 17, 32, 44, 64, 100])
def test_choices(count: int, words: np.ndarray, tmp_path: Path) -> None:
    sources = write(tmp_path, CHOICE, bits=count - 1, index=(count - 1).bit_length() - 1, count=count)
    check_equivalence(tmp_path, sources, "unit", cycles=20 * count)
    if count & (count - 1) == 0:  # else the number of the bit takes LUTs too
        assert synth_module(tmp_path, sources, "unit").resources.lut == costs.choice(count).resources.lut


@pytest.mark.parametrize("words", [(256, False)], indirect=True)
def test_a_wrong_rule_is_found(words: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "rule" / "rom.v"
    wrong.parent.mkdir()
    wrong.write_text(script.MAPS[0].read_text().replace(".S(high[1])", ".S(high[0])"))
    for module in (script, equivalence, yosys):
        monkeypatch.setattr(module, "MAPS", (wrong, script.MAPS[1]))
    sources = write(tmp_path, TABLE, address=7, top=WIDTH - 1)
    with pytest.raises(GateFailed, match="unit: RTL and netlist differ at m_data"):
        check_equivalence(tmp_path, sources, "unit", cycles=1000)
