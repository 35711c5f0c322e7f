"""Imports a hostile file and makes sure that nothing but the refusal happened."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.model import import_model
from tests.support.qonnx import write


def refused(folder: Path, model: onnx.ModelProto | bytes, limits: Limits = LIMITS) -> UserError:
    """The UserError of the import. Every file is as it was, and the error says all that it must."""
    path = write(folder, model)
    before = snapshot(folder)
    with pytest.raises(UserError) as caught:
        import_model(path, limits=limits)
    assert snapshot(folder) == before
    error = caught.value
    assert error.exit_code == 1
    assert all((error.subject, error.found, error.expected, error.remedy))
    assert len(str(error)) < 10_000
    return error


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
