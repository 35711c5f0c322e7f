"""golden.onnx of a build folder, which may be a stranger's: checked as a model is, and tried where it can be ended."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx

from hwflow.bounded import run_in_child
from hwflow.errors import UserError
from hwflow.files import read_bytes
from hwflow.limits import LIMITS
from hwflow.onnx_import.load import checked_proto
from hwflow.onnx_import.session import session_of

_AGAIN = "Build it again from its model.onnx."


def read_golden(path: Path) -> bytes:
    """The file's content, of standard ops and with its data inside.

    One inference runs in a child process: without control flow all others cost the same. Raises UserError.
    """
    data = read_bytes(path, "an ONNX model", _AGAIN, LIMITS.file_bytes)
    proto = checked_proto(path, data)
    tensors = [*proto.graph.initializer, *(a.t for node in proto.graph.node for a in node.attribute if a.HasField("t"))]
    if outside := [t.name for t in tensors if t.data_location == onnx.TensorProto.EXTERNAL or t.external_data]:
        raise UserError(str(path), f"data of {outside[0]!r} in another file", "data inside", _AGAIN)
    if foreign := [node.domain for node in proto.graph.node if node.domain not in ("", "ai.onnx")]:
        raise UserError(str(path), f"ops of the domain {foreign[0]!r}", "standard ops", _AGAIN)
    _check_notes(path, proto)
    run_in_child(lambda: _try(data), str(path))
    return data


def _check_notes(path: Path, proto: onnx.ModelProto) -> None:
    """What hwflow notes in it is JSON, of objects."""
    for entry in proto.metadata_props:
        try:
            whole = isinstance(json.loads(entry.value), dict)
        except (ValueError, RecursionError, TypeError):
            whole = False
        if not whole:
            raise UserError(str(path), f"a note {entry.key!r} that is no JSON object", "those of hwflow", _AGAIN)


def _try(data: bytes) -> None:
    session = session_of(data)
    types = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32}
    session.run(None, {port.name: np.zeros(port.shape, types[port.type]) for port in session.get_inputs()})
