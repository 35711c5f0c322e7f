"""What a QKeras run leaves, and its export. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from hwflow.errors import UserError
from hwflow.frontends.qkeras.export import export_qonnx

MODEL, FLOAT = "model.keras", "float.keras"
CHUNK = "chunk.keras"  # of a streaming model: one chunk with its states, which is what is exported


def is_qkeras_run(folder: Path) -> bool:
    """Whether a QKeras training was begun in the folder."""
    return (folder / MODEL).is_file() or (folder / FLOAT).is_file() or any(folder.glob("checkpoint-*.keras"))


def export_run(folder: Path, path: Path | None = None) -> Path:
    """Export the finished model of a run, by default to ``model.onnx`` in its folder, and return that path.

    Raises:
        UserError: if the folder holds no finished run.
    """
    if not (folder / MODEL).is_file():
        raise UserError(
            str(folder), f"no {MODEL}", "a finished training", "Train again there; it goes on where it was."
        )
    source = folder / CHUNK
    return export_qonnx(source if source.is_file() else folder / MODEL, path or folder / "model.onnx")
