"""The files of a module are found, and no others; names cannot lead out of the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.errors import UserError
from hwflow.synthesis.sources import closure

SOURCES = ["k0_scale.sv", "k1_sum.sv", "hwflow_top.sv", "hwflow_fifo.sv", "hwflow_actor.sv"]


def test_a_kernel_needs_its_library_modules_and_its_rom(rtl: Path) -> None:
    scale = closure(rtl, SOURCES, "k0_scale")
    assert (scale.sources, scale.memories) == (("k0_scale.sv", "hwflow_fifo.sv"), ("k0_scale.hex",))
    assert closure(rtl, SOURCES, "k1_sum").sources == ("k1_sum.sv", "hwflow_fifo.sv", "hwflow_actor.sv")


def test_the_top_needs_all_and_with_black_boxes_only_their_ports(rtl: Path) -> None:
    assert set(closure(rtl, SOURCES, "hwflow_top").sources) == set(SOURCES)
    glue = closure(rtl, SOURCES, "hwflow_top", ["k0_scale", "k1_sum"])
    assert glue.sources == ("hwflow_top.sv", "hwflow_fifo.sv")
    assert glue.libraries == ("k0_scale.sv", "k1_sum.sv")
    assert glue.memories == ("k0_scale.hex",)  # which Yosys opens even there


def test_comments_and_strings_name_no_module(tmp_path: Path) -> None:
    (tmp_path / "a.sv").write_text('// b\n/* b\nb */ module a; initial $display("b"); endmodule')
    (tmp_path / "b.sv").write_text("module b; endmodule")
    assert closure(tmp_path, ["a.sv", "b.sv"], "a").sources == ("a.sv",)


def test_a_module_that_nothing_defines_is_named(rtl: Path) -> None:
    with pytest.raises(UserError, match="module k7_linear: found no file in"):
        closure(rtl, SOURCES, "k7_linear")


@pytest.mark.parametrize("name", ["../k0_scale.sv", "/etc/passwd", ".hidden"])
def test_names_cannot_lead_out_of_the_folder(rtl: Path, name: str) -> None:
    with pytest.raises(UserError, match="the name of a file in this folder"):
        closure(rtl, [*SOURCES, name], "k0_scale")


def test_nor_can_the_name_of_a_rom(rtl: Path) -> None:
    (rtl / "k0_scale.sv").write_text('module k0_scale; initial $readmemh("../../secret.hex", m); endmodule')
    with pytest.raises(UserError, match=r"secret\.hex"):
        closure(rtl, SOURCES, "k0_scale")
