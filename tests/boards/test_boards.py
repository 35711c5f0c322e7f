"""Board files: those that ship are right, those from strangers are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from hwflow.boards import list_boards, load_board
from hwflow.errors import UserError
from hwflow.schedule.resources import Resources

EXAMPLE = """
name = "My board"
part = "xczu9eg-ffvb1156-2-e"
family = "zynquplus"
slrs = 1
usable_share = 0.5
clock_mhz = 250.0
host = "axi"

[resources]
lut = 1001
ff = 2002
bram36 = 11
uram = 0
dsp = 7
"""


def test_every_board_that_ships_loads() -> None:
    expected = "kv260 rfsoc4x2 u200 u250 u50 u55c ultra96v2 vcu118 zcu102 zcu104 zcu111"
    assert " ".join(list_boards()) == expected
    for name in list_boards():
        board = load_board(name)
        assert board.resources.ff == 2 * board.resources.lut  # UltraScale+: two flip-flops to a LUT
        assert 100 <= board.clock_mhz <= 300


@pytest.mark.parametrize(
    ("name", "part", "lut", "bram36", "uram", "dsp"),
    [
        ("zcu102", "xczu9eg-ffvb1156-2-e", 274_080, 912, 0, 2520),
        ("kv260", "xck26-sfvc784-2LV-c", 117_120, 144, 64, 1248),
        ("u250", "xcu250-figd2104-2L-e", 1_728_000, 2688, 1280, 12_288),
        ("u55c", "xcu55c-fsvh2892-2L-e", 1_303_680, 2016, 960, 9024),
        ("rfsoc4x2", "xczu48dr-ffvg1517-2-e", 425_280, 1080, 80, 4272),
    ],
)
def test_figures(name: str, part: str, lut: int, bram36: int, uram: int, dsp: int) -> None:
    board = load_board(name)
    chip = board.resources
    assert (board.part, chip.lut, chip.bram36, chip.uram, chip.dsp) == (part, lut, bram36, uram, dsp)


def test_names_are_not_case_sensitive() -> None:
    assert load_board("ZCU102") == load_board("zcu102")


def test_a_board_of_the_users_own(tmp_path: Path) -> None:
    board = load_board(_write(tmp_path, EXAMPLE))
    assert board.usable == Resources(lut=500, ff=1001, dsp=3, bram18=11, uram=0)
    with pytest.raises(ValidationError, match="frozen"):
        board.name = "other"


@pytest.mark.parametrize(("typed", "near"), [("zcu12", "zcu102"), ("u55", "u55c"), ("alveo-u250", "u250")])
def test_an_unknown_name_gets_the_list_and_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(UserError, match=rf"board: found '{typed}'; expected one of kv260, .*Did you mean {near}\?"):
        load_board(typed)


def test_a_missing_file() -> None:
    with pytest.raises(UserError, match="found No such file or directory"):
        load_board("nowhere/board.toml")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('-2-e"', '-2-e; exec rm"', "key part"),
        ('-2-e"', '-2-e\\n"', "key part"),
        ('-2-e"', '-2-e[exec id]"', "key part"),
        ('"xczu9eg-ffvb1156-2-e"', '""', "key part"),
        ("My board", "<script>", "key name"),
        ("zynquplus", "virtex2", "key family"),
        ("slrs = 1", "slrs = 0", "key slrs"),
        ("slrs = 1", "slrs = true", "key slrs"),
        ("slrs = 1", 'slrs = "1"', "key slrs"),
        ("usable_share = 0.5", "usable_share = 1.5", "key usable_share"),
        ("usable_share = 0.5", "usable_share = nan", "key usable_share"),
        ("clock_mhz = 250.0", "clock_mhz = inf", "key clock_mhz"),
        ("clock_mhz = 250.0", "", "key clock_mhz: found nothing"),
        ("lut = 1001", "lut = -1", "key resources.lut"),
        ("lut = 1001", "lut = 99999999999999999999", "key resources.lut"),
        ("dsp = 7", "dsp = 7\nextra = 1", "key resources.extra"),
        ("slrs = 1", 'slrs = 1\ntcl = "exit"', "key tcl"),
        ("slrs = 1", "slrs = ", "no valid TOML"),
        ("slrs = 1", "x = " + "[" * 7_000, "no valid TOML"),
        ("slrs = 1", "# " + "x" * 70_000, "over 8192 bytes"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, old: str, new: str, text: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(UserError, match=text):
        load_board(_write(tmp_path, EXAMPLE.replace(old, new)))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="bytes that are not UTF-8"):
        load_board(path)


def _write(folder: Path, text: str) -> Path:
    path = folder / "board.toml"
    path.write_text(text)
    return path
