"""Reads saved Keras and QKeras models, ``.h5``, ``.keras`` and ``.json``, without TensorFlow and without their code.

A file becomes a `model.KerasModel`: class names, configurations and arrays. The same form is made from a live model
(`hwflow.frontends.qkeras.live`), so there is one exporter for both (`hwflow.frontends.qkeras.export`).
"""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".h5", ".hdf5", ".keras", ".json")


def is_keras_file(path: Path) -> bool:
    """Whether the name is that of a saved Keras model."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()
