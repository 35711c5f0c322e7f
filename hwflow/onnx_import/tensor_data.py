"""The data of one tensor of a strange file: sizes are checked first, data outside the file is inlined."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path

import onnx
from onnx import numpy_helper

from hwflow.errors import UserError
from hwflow.limits import Limits

_INLINE = "Save the model with its data inside."


def element_count(tensor: onnx.TensorProto, limits: Limits) -> int:
    """Elements that the tensor says it has; nothing is read. Raises UserError over the limits."""
    subject = _subject(tensor)
    if any(n < 0 for n in tensor.dims) or tensor.HasField("segment"):
        raise UserError(
            subject, f"shape {list(tensor.dims)}", "a whole tensor of static size", "Export the model again."
        )
    if 0 not in tensor.dims:
        limits.check_shape(subject, list(tensor.dims))
    elif len(tensor.dims) > limits.rank:
        limits.check_shape(subject, [1] * len(tensor.dims))
    return math.prod(tensor.dims)


def read_data(tensor: onnx.TensorProto, folder: Path) -> None:
    """Inline external data, and make sure that the data fill the shape."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        _inline(tensor, folder)
    elif tensor.external_data:
        tensor.ClearField("external_data")
    try:
        array = numpy_helper.to_array(tensor)
    except Exception as error:  # numpy, protobuf and ml_dtypes each raise their own kinds
        raise UserError(
            _subject(tensor),
            "data that do not fit its type and shape",
            f"{math.prod(tensor.dims)} elements",
            "Export the model again.",
        ) from error
    if array.shape != tuple(tensor.dims):
        raise UserError(
            _subject(tensor), f"{array.size} elements", f"shape {list(tensor.dims)}", "Export the model again."
        )


def _subject(tensor: onnx.TensorProto) -> str:
    return f"initialiser {tensor.name!r}"


def _inline(tensor: onnx.TensorProto, folder: Path) -> None:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if Path(location).name != location or location in ("", ".", "..") or "\0" in location or "\\" in location:
        raise UserError(_subject(tensor), f"data in {location!r}", "a plain file beside the model", _INLINE)
    size = math.prod(tensor.dims) * _bytes_per_element(tensor)
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", size))
    except ValueError:
        offset, length = -1, -1
    data = _read(tensor, folder / location, location, offset, size) if offset >= 0 and length == size else b""
    if len(data) != size:
        raise UserError(
            _subject(tensor), f"{len(data)} bytes of data in {location!r}", f"{size} bytes", "Export the model again."
        )
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")
    tensor.raw_data = data


def _bytes_per_element(tensor: onnx.TensorProto) -> int:
    """Types of whole bytes only: others do not appear outside a file."""
    try:
        return int(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    except (KeyError, TypeError) as error:
        raise UserError(_subject(tensor), f"data type {tensor.data_type}", "a type of ONNX", _INLINE) from error


def _read(tensor: onnx.TensorProto, path: Path, location: str, offset: int, size: int) -> bytes:
    """``size`` bytes of a plain file; a link of either kind is refused, before and after the file is opened."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        handle = None
    if handle is not None:
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                return os.pread(handle, size, offset) if offset + size <= status.st_size else b""
        finally:
            os.close(handle)
    raise UserError(
        _subject(tensor), f"data in {location!r}, which is missing or a link", "a plain file beside the model", _INLINE
    )
