"""The validation samples of a run, to score every later stage on."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hwflow.data import Dataset, load_data
from hwflow.errors import UserError
from hwflow.frontends.brevitas.run import RunFolder
from hwflow.frontends.brevitas.train import Metrics
from hwflow.frontends.qkeras.run import is_qkeras_run
from hwflow.models import FoldedAsrConfig
from hwflow.verify.evaluation import Evaluation, save_evaluation

CHUNKS = 1000  # of a streaming model's inputs: whole sequences of no more than these, but one at least


def export_evaluation(folder: Path, path: Path) -> Path:
    """Write the validation set of a finished run, with the scores of its float and quantized models.

    Of a streaming model these are the first sequences, cut into chunks.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    config = run.read_config()
    _, validation, _ = load_data(config.data, config.model.input_shape[0], folder)
    metrics = _metrics(run)
    framework = "qkeras" if is_qkeras_run(folder) else "torch"
    models = {"float": metrics.float_model, framework: metrics.quantized_model}
    scores = {stage: {**found.model_dump(), "samples": metrics.samples} for stage, found in models.items()}
    if isinstance(config.model, FoldedAsrConfig):
        validation = _chunks(validation, config.model.chunk)
    return save_evaluation(path, Evaluation(validation.inputs, validation.labels, validation.classes, scores))


def _chunks(data: Dataset, chunk: int) -> Dataset:
    """The chunks of the first sequences, with their transcripts."""
    frames, bands = data.inputs.shape[1:]
    first = data.take(0, max(1, CHUNKS * chunk // frames))
    return Dataset(first.inputs.reshape(-1, chunk, bands), first.labels, first.classes)


def _metrics(run: RunFolder) -> Metrics:
    try:
        return Metrics.model_validate_json(run.metrics.read_text())
    except (OSError, ValidationError) as error:
        raise UserError(str(run.metrics), "no readable scores", "a finished run", "Train the model first.") from error
