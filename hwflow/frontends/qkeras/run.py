"""What a QKeras run leaves, and its export. Needs no TensorFlow; where it is, its forward is stored too."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hwflow.errors import UserError
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.frontends.qkeras.forward import forward_of
from hwflow.verify.expected import store_expected

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
    source = folder / CHUNK if (folder / CHUNK).is_file() else folder / MODEL
    model = export_qonnx(source, path or folder / "model.onnx")
    if find_spec("tensorflow") and find_spec("qkeras"):
        store_expected(model, "keras", forward_of(_live(source)))
    return model


def _live(path: Path) -> Any:
    import keras

    import hwflow.frontends.qkeras.train  # noqa: F401  # the layers of a saved model

    return keras.models.load_model(path, compile=False)
