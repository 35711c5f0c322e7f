"""The validation samples of a run, to score every later stage on."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hwflow.data import load_data
from hwflow.errors import UserError
from hwflow.frontends.brevitas.run import RunFolder
from hwflow.frontends.brevitas.train import Metrics
from hwflow.frontends.qkeras.run import is_qkeras_run
from hwflow.verify.evaluation import Evaluation, save_evaluation


def export_evaluation(folder: Path, path: Path) -> Path:
    """Write the validation set of a finished run, with the scores of its float and quantized models.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    config = run.read_config()
    _, validation, _ = load_data(config.data, config.model.input_shape[0], folder)
    metrics = _metrics(run)
    framework = "qkeras" if is_qkeras_run(folder) else "torch"
    scores = {"float": metrics.float_model.model_dump(), framework: metrics.quantized_model.model_dump()}
    return save_evaluation(path, Evaluation(validation.inputs, validation.labels, validation.classes, scores))


def _metrics(run: RunFolder) -> Metrics:
    try:
        return Metrics.model_validate_json(run.metrics.read_text())
    except (OSError, ValidationError) as error:
        raise UserError(str(run.metrics), "no readable scores", "a finished run", "Train the model first.") from error
