"""``read_keras``: a saved model, ``.h5``, ``.keras`` or ``.json`` with weights beside it, as a `KerasModel`."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any

from hwflow.errors import UserError
from hwflow.frontends.keras_files.h5 import H5, MAX_TEXT
from hwflow.frontends.keras_files.model import KerasModel, Layer
from hwflow.frontends.keras_files.structure import read_structure
from hwflow.frontends.keras_files.weights import layer_order, read_archive_weights, read_h5_weights, with_weights
from hwflow.limits import LIMITS
from hwflow.text import printable

CONFIG, WEIGHTS = "config.json", "model.weights.h5"


def read_keras(path: Path) -> KerasModel:
    """Read a model that Keras 2, Keras 3 or either QKeras saved whole.

    Nothing of the file is executed or unpacked to disk; classes are names.

    Raises:
        UserError: if it is no such file, larger than the limits, or holds anything but plain data.
    """
    subject = printable(str(path))
    if not path.is_file():
        raise UserError(subject, "no such file", "a saved Keras model", "Check the path.")
    if (size := path.stat().st_size) > LIMITS.file_bytes:
        raise UserError(subject, f"{size} bytes", f"at most {LIMITS.file_bytes}", "Use a smaller model.")
    if path.suffix.lower() == ".json":
        return _two_files(path, subject)
    return _archive(path, subject) if zipfile.is_zipfile(path) else _h5(path, subject)


def _two_files(path: Path, subject: str) -> KerasModel:
    """``to_json`` in one file, ``save_weights`` in another beside it."""
    names = [path.stem + ending for ending in (".weights.h5", "_weights.h5", ".h5")]
    beside = next((other for name in names if (other := path.with_name(name)).is_file()), None)
    if beside is None:
        raise UserError(subject, "no weights beside it", " or ".join(names), "Put the file of weights into its folder.")
    if path.stat().st_size > MAX_TEXT or beside.stat().st_size > LIMITS.file_bytes:
        expected = f"at most {MAX_TEXT} and {LIMITS.file_bytes} bytes"
        raise UserError(subject, "a larger file, or larger weights", expected, "Use a smaller model.")
    try:
        document = _parse(subject, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(subject, "a text that is not UTF-8", "JSON", "Save the model again.") from error
    model = read_structure(subject, document)
    with H5.open(beside, printable(str(beside))) as file:
        if file.has("layers") and not file.text("layer_names"):
            return with_weights(model, read_archive_weights(file, layer_order(document), _layers(model)))
        root = "model_weights/" if file.has("model_weights") else ""
        return with_weights(model, read_h5_weights(file, _layers(model), root))


def _h5(path: Path, subject: str) -> KerasModel:
    with H5.open(path, subject) as file:
        config = file.text("model_config")
        if config is None:
            raise file.refused("no model_config: weights alone, or no Keras file", "a whole model")
        model = read_structure(subject, _parse(subject, config))
        return with_weights(model, read_h5_weights(file, _layers(model)))


def _archive(path: Path, subject: str) -> KerasModel:
    try:
        with zipfile.ZipFile(path) as archive:
            config = _member(archive, subject, CONFIG, MAX_TEXT).decode()
            weights = _member(archive, subject, WEIGHTS, LIMITS.file_bytes)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, ValueError) as error:
        found = f"no readable archive ({printable(str(error))[:200]})"
        raise UserError(subject, found, "a .keras file", "Save the model again.") from error
    document = _parse(subject, config)
    model = read_structure(subject, document)
    with H5.open(io.BytesIO(weights), subject) as file:
        return with_weights(model, read_archive_weights(file, layer_order(document), _layers(model)))


def _member(archive: zipfile.ZipFile, subject: str, name: str, limit: int) -> bytes:
    """One member, whose size is checked before and while it is unpacked."""
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise UserError(subject, f"{len(found)} members {name}", "one", "Save the model again with Keras 3.")
    ratio = found[0].file_size / max(found[0].compress_size, 1)
    if found[0].file_size > limit or ratio > _MAX_RATIO:
        claim = f"{found[0].file_size} bytes of {name} from {found[0].compress_size}"
        raise UserError(subject, claim, f"at most {limit}, packed {_MAX_RATIO} times", "Save the model again.")
    with archive.open(found[0]) as file:
        return file.read(found[0].file_size)


_MAX_RATIO = 200


def _parse(subject: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        found = f"a model configuration that is not JSON ({type(error).__name__})"
        raise UserError(subject, found, "JSON", "Save the model again.") from error


def _layers(model: KerasModel) -> list[Layer]:
    """Every layer once."""
    return list({call.layer.name: call.layer for call in model.calls}.values())
