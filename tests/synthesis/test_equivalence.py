"""RTL and netlist agree, and a netlist that does not is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.errors import GateFailed
from hwflow.synthesis import equivalence
from hwflow.synthesis.equivalence import check_equivalence, miter

SOURCES = ["k0_scale.sv", "k1_sum.sv", "hwflow_fifo.sv", "hwflow_actor.sv"]


def test_a_kernel_with_rom_product_and_fifo_equals_its_netlist(rtl: Path) -> None:
    outputs = check_equivalence(rtl, SOURCES, "k0_scale", cycles=4000)
    assert [each.name for each in outputs] == ["s0_ready", "m0_valid", "m0_data"]
    assert all(each.compared > 1000 and each.differed == 0 for each in outputs)


def test_a_depth_can_be_given(rtl: Path) -> None:
    shallow, deep = (
        check_equivalence(rtl, SOURCES, "hwflow_fifo", {"WIDTH": 3, "DEPTH": depth}, cycles=2000) for depth in (1, 5)
    )
    assert shallow[2].compared != deep[2].compared  # valid at other times


def test_a_netlist_that_differs_is_found(rtl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The netlist is made of RTL in which the first of four sums keeps what was there."""
    honest = equivalence.read_lines

    def other(*given: object) -> list[str]:
        work = next(path for path in Path(equivalence.tempfile.gettempdir()).glob("hwflow-*/k1_sum.sv"))
        text = work.read_text()
        work.with_name("other.sv").write_text(text.replace("first ? 18'd0 : sum", "last ? 18'd0 : sum"))
        return [line.replace("k1_sum.sv", "other.sv") for line in honest(*given)]  # type: ignore[arg-type]

    monkeypatch.setenv("TMPDIR", str(rtl.parent))
    monkeypatch.setattr(equivalence.tempfile, "tempdir", None)
    monkeypatch.setattr(equivalence, "read_lines", other)
    with pytest.raises(GateFailed, match=r"k1_sum: RTL and netlist differ at m0_data in \d+ cycles from \d+ on"):
        check_equivalence(rtl, SOURCES, "k1_sum", cycles=1000)


def test_an_output_that_was_never_valid_proves_nothing(tmp_path: Path) -> None:
    text = """module idle (input logic clk, rst, s_data, output logic m_valid, m_data);
        always_ff @(posedge clk) m_data <= s_data;
        assign m_valid = 1'b0;
    endmodule"""
    (tmp_path / "idle.sv").write_text(text)
    with pytest.raises(GateFailed, match="idle: nothing is known of m_data: never valid"):
        check_equivalence(tmp_path, ["idle.sv"], "idle", cycles=100)


def test_the_miter_compares_data_only_where_it_is_valid() -> None:
    ports = {
        "aclk": ("input", 1), "aresetn": ("input", 1), "s_data": ("input", 5), "s_ready": ("output", 1),
        "m_valid": ("output", 1), "m_data": ("output", 9),
    }  # fmt: skip
    text = miter("unit", ports, {"DEPTH": 3})
    assert "input logic [4:0] stimulus" in text and ".aresetn(!rst)" in text and "unit #(.DEPTH(3)) rtl" in text
    assert "compared[2] = rtl_m_valid, differs[2] = rtl_m_data != net_m_data" in text
    assert "compared[0] = 1'b1" in text and "compared[1] = 1'b1" in text
