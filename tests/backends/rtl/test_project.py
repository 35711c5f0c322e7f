"""The RTL folder: the same bytes for the same design, ROM contents, and the number of the design."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwflow.backends.rtl.project import hex_text, write_rtl
from hwflow.rtl.pipeline import Memory
from hwflow.verify.cosim.manifest import read_manifest
from tests.backends.rtl.designs import every_kind, flat
from tests.support.rtl import Scheduled

Contents = dict[str, bytes]


def write(design: Scheduled, folder: Path, axi_lite: bool = False) -> Contents:
    folder.mkdir()
    write_rtl(design.network, design.schedule, folder, axi_lite)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def number(contents: Contents) -> str:
    return str(json.loads(contents["rtl.json"])["design"])


@pytest.fixture(scope="module")
def design() -> Scheduled:
    return Scheduled.of(every_kind(), np.random.default_rng(1))


_WRITE = """
import sys
from pathlib import Path
import numpy as np
from hwflow.backends.rtl.project import write_rtl
from tests.backends.rtl.designs import every_kind
from tests.support.rtl import Scheduled
design = Scheduled.of(every_kind(), np.random.default_rng(1))
write_rtl(design.network, design.schedule, Path(sys.argv[1]), axi_lite=True)
"""


def test_the_same_design_gives_the_same_bytes(design: Scheduled, tmp_path: Path) -> None:
    """In another process too, whose sets have another order."""
    here = write(design, tmp_path / "here", axi_lite=True)
    for seed in "12":
        (tmp_path / seed).mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path / seed)], env=environment, check=True)
        assert {file.name: file.read_bytes() for file in (tmp_path / seed).iterdir()} == here


def test_the_manifest_names_every_file(design: Scheduled, tmp_path: Path) -> None:
    contents = write(design, tmp_path / "rtl")
    manifest = read_manifest(tmp_path / "rtl")
    assert {*manifest.sources, *manifest.memories, "rtl.json"} == contents.keys()
    assert len(contents) == len(manifest.sources) + len(manifest.memories) + 1
    assert not any(b"axil" in content for content in contents.values())


def test_registers_change_the_top_and_nothing_else(design: Scheduled, tmp_path: Path) -> None:
    without, with_ = write(design, tmp_path / "without"), write(design, tmp_path / "with", axi_lite=True)
    assert with_.keys() - without.keys() == {"hwflow_axi_lite.sv", "hwflow_meter.sv"}
    assert {name for name in without if without[name] != with_[name]} == {"hwflow_top.sv", "rtl.json"}
    assert number(without) == number(with_)
    assert f".DESIGN(32'h{number(with_)})".encode() in with_["hwflow_top.sv"]


def test_the_number_tells_designs_apart(tmp_path: Path) -> None:
    """Other weights, other folds, other FIFO depths."""
    designs = [Scheduled.of(flat(seed), fold) for seed in (0, 1) for fold in (0, -1)]
    designs.append(Scheduled.of(flat(0), 0, {"input": 7}))
    numbers = {number(write(design, tmp_path / str(i))) for i, design in enumerate(designs)}
    assert len(numbers) == len(designs)


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    width, signed = draw(st.integers(1, 63)), draw(st.booleans())
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 7)))
    count = shape[0] * shape[1]
    words = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
    return Memory("m.hex", np.array(words, np.int64).reshape(shape), width)


@given(memories())
def test_hex_text(memory: Memory) -> None:
    """A line is the number whose bits are the lanes, the first one lowest."""
    lanes = memory.words.shape[1]
    digits = -(-lanes * memory.width // 4)
    expected = []
    for row in memory.words.tolist():
        fields = (value % (1 << memory.width) << memory.width * lane for lane, value in enumerate(row))
        expected.append(f"{sum(fields):0{digits}x}\n")
    assert hex_text(memory) == "".join(expected)
