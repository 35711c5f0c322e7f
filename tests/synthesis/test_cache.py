"""An entry is whole or not there, and the cache stays within its size."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hwflow.errors import UserError
from hwflow.synthesis.cache import CONTENTS, Cache, cache_folder


def put(cache: Cache, key: str, size: int = 100, age_s: float = 0.0) -> Path:
    with cache.scratch() as folder:
        (folder / "data").write_bytes(b"x" * size)
        entry = cache.put(key, folder)
    used = time.time() - age_s
    os.utime(entry, (used, used))
    return entry


def names(cache: Cache) -> list[str]:
    return sorted(entry.name for entry in cache.root.iterdir())


def test_what_was_put_is_found_by_its_key(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.get("a") is None
    entry = put(cache, "a")
    assert cache.get("a") == entry
    assert (entry / "data").stat().st_size == 100
    assert names(cache) == ["a"]


def test_a_scratch_that_was_not_put_goes_also_after_an_interruption(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(KeyboardInterrupt), cache.scratch() as folder:
        (folder / "data").write_text("half")
        raise KeyboardInterrupt
    assert names(cache) == []


def test_of_two_processes_the_faster_ones_entry_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.scratch() as slow:
        (slow / "data").write_text("slow")
        first = put(cache, "a", 7)
        assert cache.put("a", slow) == first
    assert (first / "data").stat().st_size == 7
    assert names(cache) == ["a"]


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=1600)
    for index in range(3):
        put(cache, f"old{index}", 400, age_s=9000 - 1000 * index)
    assert cache.get("old0")  # used now
    put(cache, "new", 400)
    assert names(cache) == ["new", "old0", "old2"]


def test_what_may_be_in_use_stays_even_over_the_size(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=100)
    for index in range(3):
        put(cache, f"young{index}", 400, age_s=60)
    assert len(names(cache)) == 3


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for name, age in (("partial-old", 200_000), ("partial-new", 60)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    put(cache, "a")
    assert names(cache) == ["a", "partial-new"]


def test_a_damaged_entry_can_be_dropped(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    put(cache, "a")
    cache.drop("a")
    cache.drop("never there")
    assert names(cache) == []


def test_the_folder_follows_the_base_directory_convention(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("yosys") == tmp_path / "hwflow" / "yosys"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored by the convention
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("yosys") == tmp_path / ".cache" / "hwflow" / "yosys"


def cut(entry: Path) -> None:
    (entry / "data").write_bytes(b"x" * 50)


def flip(entry: Path) -> None:
    (entry / "data").write_bytes(b"y" * 100)


def lose_a_file(entry: Path) -> None:
    (entry / "data").unlink()


def lose_the_hashes(entry: Path) -> None:
    (entry / CONTENTS).write_text("{")


@pytest.mark.parametrize("damage", [cut, flip, lose_a_file, lose_the_hashes])
def test_a_damaged_entry_is_none_and_is_made_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    cache, made = Cache(tmp_path), list[Path]()

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "data").write_bytes(b"x" * 100)

    entry = cache.made("a", make)
    damage(entry)
    assert cache.made("a", make) == cache.made("a", make) == entry
    assert len(made) == 2
    assert (entry / "data").read_bytes() == b"x" * 100
    damage(entry)
    assert cache.get("a") is None


MAKE = """
import sys, time
from pathlib import Path
from hwflow.synthesis.cache import Cache
def make(folder):
    print("making", flush=True)
    time.sleep(0.3)
    (folder / "data").write_text("whole")
print((Cache(Path(sys.argv[1])).made("a", make) / "data").read_text())
"""


def test_of_two_processes_one_makes_the_entry(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0] for process in both)
    assert said == ["making\nwhole\n", "whole\n"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    expected = (
        rf"cache folder {tmp_path}/file/cache: found Not a directory; expected a folder that can be written.*XDG_C"
    )
    with pytest.raises(UserError, match=expected):
        Cache(tmp_path / "file" / "cache")
