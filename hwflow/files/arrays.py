"""Arrays of a stranger: sizes are known and allowed before any data are read, pickles are never loaded."""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np
from numpy.lib import format as npy

from hwflow.errors import UserError
from hwflow.files.plain import open_regular
from hwflow.limits import LIMITS

_DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def read_npz(path: Path, expected: str, remedy: str, max_bytes: int = LIMITS.array_bytes) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name.

    A few bytes can claim, and unpack to, gigabytes: more than ``max_bytes`` of data are refused unread. Raises
    UserError, with ``expected`` and ``remedy``, for anything but a whole file of arrays without Python objects.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file, zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if (size := sum(info.file_size for info in members.values())) > max_bytes:
                raise UserError(str(path), f"arrays of {size} bytes", f"at most {max_bytes} bytes", "Give fewer.")
            return {name: _read(archive, info) for name, info in members.items()}
    except _DAMAGED as error:
        raise UserError(str(path), f"no readable arrays ({error or type(error).__name__})", expected, remedy) from error


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:
        shape, by_columns, dtype = _header(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise ValueError(f"{info.filename}: Python objects")
        data = file.read(min(size, info.file_size))
        if len(data) != size or file.read(1):
            raise ValueError(f"{info.filename}: data that do not fill shape {shape}")
    return np.ndarray(shape, dtype, data, order="F" if by_columns else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether the first axis varies fastest, and type."""
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"arrays in format {version}")
    try:
        shape, by_columns, dtype = read(file)
    except (SyntaxError, TokenError, RecursionError, TypeError) as error:  # numpy reads it as Python's literals
        raise ValueError(f"a header that makes no sense ({error})") from error
    if any(n < 0 for n in shape):
        raise ValueError(f"shape {shape}")
    return shape, by_columns, dtype
