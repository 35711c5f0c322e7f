"""Files of strangers are read whole, within bounds, or refused by name."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.files import read_bytes, read_object, read_text
from hwflow.files.arrays import read_npz


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xff\xfe{}", "bytes that are not UTF-8"),
        (b"[" * 100_000, "no readable JSON .*recursion"),
        (b'{"a": ' * 50_000, "no readable JSON .*recursion"),
        (b'{"a": ' + b"9" * 5000 + b"}", r"no readable JSON \(Exceeds the limit"),
        (b"[1, 2]", "JSON of type list, no object"),
        (b"null", "JSON of type NoneType, no object"),
        (b"", "no readable JSON"),
        (b'{"a": 1', "no readable JSON"),
    ],
)
def test_what_is_no_json_object(content: bytes, text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"file: found {text}.*; expected names of tensors. Build it again"):
        read_object(write(tmp_path, content), "names of tensors")


def test_what_is_one(tmp_path: Path) -> None:
    assert read_object(write(tmp_path, '{"a": "µ"}'.encode()), "names of tensors") == {"a": "µ"}


def test_sizes_and_kinds_of_files(tmp_path: Path) -> None:
    path = write(tmp_path, b"x" * 11)
    with pytest.raises(UserError, match="found over 10 bytes; expected a schedule of at most 10 bytes"):
        read_bytes(path, "a schedule", max_bytes=10)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(UserError, match="found a link"):
        read_text(tmp_path / "link", "a schedule")
    assert read_text(tmp_path / "link", "a schedule", named=True) == "x" * 11
    os.mkfifo(tmp_path / "pipe")
    for name, text in (("pipe", "a pipe, socket or device"), ("none", "No such file"), (".", "a folder")):
        with pytest.raises(UserError, match=f"found {text}"):
            read_text(tmp_path / name, "a schedule", named=True)


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def member(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)
    return buffer.getvalue()


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def wrong_sum() -> bytes:
    content = npz(a=np.arange(100.0))
    place = content.index(b"PK\x01\x02") + 16
    return content[:place] + b"\0\0\0\0" + content[place + 4 :]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"no archive", "not a zip file"),
        (npz(a=np.arange(100.0))[:-30], "not a zip file"),
        (wrong_sum(), "Bad CRC-32"),
        (npz(a=np.array([{}], dtype=object)), "Python objects"),
        (member(b"no array"), "magic string"),
        (member(header("(2,)")), "do not fill shape"),
        (member(header("(1099511627776,)")), "do not fill shape"),
        (member(header("(-1,)")), r"shape \(-1,\)"),
        (member(header("(2,)") + b"0" * 17), "do not fill shape"),
        (member(header("(2,)", "[('a', 'O')]") + b"0" * 16), "Python objects"),
        (member(header("(((((((((((((((((")), "a header that makes no sense|Cannot parse header"),
    ],
)
def test_what_is_no_archive_of_arrays(content: bytes, text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"file: found no readable arrays .*({text}).*; expected vectors. Build it"):
        read_npz(write(tmp_path, content), "vectors", "Build it again.")


def test_more_than_is_allowed_is_not_unpacked(tmp_path: Path) -> None:
    bomb = write(tmp_path, npz(a=np.zeros(1 << 20), b=np.zeros(1 << 20)))
    assert bomb.stat().st_size < 1 << 16
    with pytest.raises(UserError, match=r"found arrays of 167\d* bytes; expected at most 1000000 bytes"):
        read_npz(bomb, "vectors", "Build it again.", max_bytes=1_000_000)


def test_arrays_come_back_as_numpy_wrote_them(tmp_path: Path) -> None:
    arrays = {
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "text": np.array(["ab", "c"]),
        "none": np.zeros((0, 3)),
        "one": np.array(7),
        "words": np.zeros(0, np.str_),
    }
    found = read_npz(write(tmp_path, npz(**arrays)), "vectors", "Build it again.")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
