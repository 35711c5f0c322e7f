"""The validation samples of a run, to score every later stage on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from hwflow.data import Dataset, load_data
from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.brevitas.run import RunFolder
from hwflow.frontends.brevitas.train import Metrics
from hwflow.frontends.qkeras.run import is_qkeras_run
from hwflow.models import FoldedAsrConfig
from hwflow.verify.evaluation import Evaluation, save_evaluation

SEQUENCES = "sequences.npz"
CHUNKS = 1000  # of a streaming model's inputs


def export_evaluation(folder: Path, path: Path) -> Path:
    """Write the validation set of a finished run, with the scores of its float and quantized models.

    Of a streaming model ``path`` holds the sequences as one stream of chunks, which a design is verified with; the
    labelled sequences go to `SEQUENCES` beside it.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    config = run.read_config()
    _, validation, _ = load_data(config.data, config.model.input_shape[0], folder)
    metrics = _metrics(run)
    framework = "qkeras" if is_qkeras_run(folder) else "torch"
    scores = {"float": metrics.float_model.model_dump(), framework: metrics.quantized_model.model_dump()}
    labelled = Evaluation(validation.inputs, validation.labels, validation.classes, scores)
    if not isinstance(config.model, FoldedAsrConfig):
        return save_evaluation(path, labelled)
    save_evaluation(path.with_name(SEQUENCES), labelled)
    return _save_chunks(path, validation, config.model.chunk, "inputs" if framework == "qkeras" else "input")


def _save_chunks(path: Path, data: Dataset, chunk: int, port: str) -> Path:
    """The sequences one after the other, under the name of the model's input."""
    chunks = data.inputs.reshape(-1, chunk, data.inputs.shape[2])[:CHUNKS]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{port: chunks})  # type: ignore[arg-type]
    return write_atomic(path, buffer.getvalue())


def _metrics(run: RunFolder) -> Metrics:
    try:
        return Metrics.model_validate_json(run.metrics.read_text())
    except (OSError, ValidationError) as error:
        raise UserError(str(run.metrics), "no readable scores", "a finished run", "Train the model first.") from error
