"""What was written is read back number by number, by a reader that knows nothing of the writer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.backends.hls.project import write_project
from hwflow.backends.rtl.project import write_rtl
from hwflow.design import Design
from hwflow.ir.types import FixedType
from hwflow.kernels import linear
from hwflow.verify.artefacts import differing, read_back
from hwflow.verify.artefacts.text import Unreadable, memory


@pytest.fixture(scope="module")
def design(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Design:
    return Design.load(shutil.copytree(built, tmp_path_factory.mktemp("artefacts") / "design"))


def wrong(design: Design, folder: Path | None = None) -> list[str]:
    return read_back(design.network, design.schedule, folder or design.path).wrong


def test_every_weight_and_every_table_is_read(design: Design) -> None:
    found = read_back(design.network, design.schedule, design.path)
    assert (found.differing, found.wrong) == (0, [])
    constants = [t for t in design.network.graph.tensors.values() if t.is_constant and t.size > 1]
    assert found.numbers > 2 * sum(t.size for t in constants)  # twice in hls/, and in rtl/
    by_metric = {r.metric: r.value for r in design.record.results if r.stage == "artefacts"}
    assert by_metric == {"numbers read back": found.numbers, "differences from the graph": 0}


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_changed_number_is_named(design: Design, data: st.DataObject) -> None:
    files = sorted([*design.path.glob("hls/firmware/weights/*"), *design.path.glob("rtl/*.hex")])
    read = [file for file in files if re.search(r"_weights\.|_[a-z]+_t\d+\.hex$", file.name)]
    path = data.draw(st.sampled_from(read))
    text = path.read_text()
    start = text.index("= {") + 3 if path.suffix == ".h" else 0
    places = [m.start() for m in re.finditer(r"\d(?=[,\n]|$|})", text) if m.start() >= start]
    at = data.draw(st.sampled_from(places))
    other = f"{int(text[at], 16) ^ 1:x}" if path.suffix == ".hex" else "5" if text[at] == "0" else "0"
    path.write_text(text[:at] + other + text[at + 1 :])
    try:
        assert any(str(path.relative_to(design.path)) in each for each in wrong(design)), (path, at)
    finally:
        path.write_text(text)


def test_a_fault_of_the_writer_is_found(design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written again it would be the same: only a reader of its own sees it."""

    def mixed(values: np.ndarray, beats: int, pe: int, simd: int) -> np.ndarray:
        return np.ascontiguousarray(values.T).ravel()

    monkeypatch.setattr(linear, "reorder_weights", mixed)
    fresh = Design.load(design.path)  # its kernels are not built yet
    (tmp_path / "rtl").mkdir()
    write_rtl(fresh.network, fresh.schedule, tmp_path / "rtl")
    write_project(fresh.network, fresh.schedule, fresh.board, "io_stream", tmp_path / "hls")
    found = wrong(fresh, tmp_path)
    assert any("weights.hex" in each for each in found) and any("weights.h:" in each for each in found)


@pytest.mark.parametrize("width", [1, 3, 7, 12, 31])
@pytest.mark.parametrize("signed", [False, True])
def test_memories_are_read_bit_by_bit(tmp_path: Path, width: int, signed: bool) -> None:
    type, rng = FixedType(signed, width, 0), np.random.default_rng(width)
    values = rng.integers(type.lo, type.hi, (9, 5), endpoint=True)
    digits = -(-5 * width // 4)
    words = [sum((int(v) & (1 << width) - 1) << (width * lane) for lane, v in enumerate(row)) for row in values]
    path = tmp_path / "m.hex"
    path.write_text("".join(f"{word:0{digits}x}\n" for word in words))
    assert np.array_equal(memory(path, width, 5, signed), values)
    path.write_text(path.read_text()[:-1] + "0\n")
    with pytest.raises(Unreadable, match="no words of 5 x"):
        memory(path, width, 5, signed)


def test_a_file_too_many_or_too_few_differs(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "a").write_text("a")
        (folder / "sub").mkdir()
        (folder / "sub" / "b").write_text("b")

    (tmp_path / "d").mkdir()
    write(tmp_path / "d")
    assert differing(tmp_path / "d", write) == []
    assert differing(tmp_path / "d", write, others=["a", "sub/b", "c.h"]) == ["c.h"]
    (tmp_path / "d" / "a").unlink()
    assert differing(tmp_path / "d", write) == ["a"]
    (tmp_path / "d" / "a").symlink_to("sub/b")
    assert differing(tmp_path / "d", write) == ["a"]
    assert differing(tmp_path / "d", write, except_for=["a"]) == []
