"""Training: float pre-training, calibration, quantization-aware fine-tuning; resumable after every epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from torch import nn

from hwflow.data import Dataset, load_data
from hwflow.data.dataset import Floats
from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.brevitas.batch_norm import fold_batch_norms
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.loop import fit
from hwflow.frontends.brevitas.predict import score
from hwflow.frontends.brevitas.progress import Advance, epoch_bar
from hwflow.frontends.brevitas.run import RunConfig, RunFolder, read_tensors, write_tensors
from hwflow.frontends.brevitas.snapshot import Phase
from hwflow.models import ModelConfig, build_model
from hwflow.verify.scores import Scores

CALIBRATION_SAMPLES = 2048
CALIBRATION_NUMBERS = 1 << 19  # of their inputs, for long sequences


class Metrics(BaseModel):
    """Scores on the validation set."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    samples: int
    float_model: Scores
    quantized_model: Scores


@dataclass(frozen=True)
class _Run:
    folder: RunFolder
    config: RunConfig
    data: Dataset
    advance: Advance


def train(config: RunConfig, folder: Path, *, data_folder: Path | None = None, quiet: bool = False) -> Metrics:
    """Train in ``folder``, or go on there after an interruption, and return the scores of both models.

    Leaves ``config.json``, ``float.safetensors``, ``model.safetensors`` and ``metrics.json``. Interrupted at any
    moment, the folder holds the state after the last full epoch, and calling this again ends with the same bits as an
    uninterrupted run.

    Args:
        data_folder: where generated data are kept; by default in ``folder``.
        quiet: no progress bar.

    Raises:
        UserError: if the folder belongs to a run of another configuration, or the data cannot be read.
    """
    run = RunFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.train.threads)
    training, validation, filled = load_data(config.data, config.model.input_shape[0], data_folder or folder)
    training.require_shape(config.model.input_shape)
    config = _claim(run, config.model_copy(update={"data": filled}))
    with epoch_bar(config.train.float_epochs, config.train.quantized_epochs, quiet) as advance:
        state = _Run(run, config, training, advance)
        twin = _float_phase(state)
        model = _quantized_phase(state, twin)
    metrics = Metrics(
        samples=len(validation), float_model=score(twin, validation), quantized_model=score(model, validation)
    )
    write_atomic(run.metrics, metrics.model_dump_json(indent=2))
    return metrics


def load_run(folder: Path, *, quantized: bool = True) -> nn.Module:
    """The finished model of a run, in evaluation mode; with ``quantized=False`` its float twin.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    model = _unfitted(run.read_config().model, quantized)
    return _load(run.model if quantized else run.float_model, model).eval()


def _claim(run: RunFolder, config: RunConfig) -> RunConfig:
    """Write the configuration into the folder, or make sure that the one there is the same."""
    if not run.config.exists():
        write_atomic(run.config, config.model_dump_json(indent=2))
    elif run.read_config() != config:
        found = "a run of another configuration"
        raise UserError(
            str(run.path), found, "an empty folder or the same run", "Choose another folder or remove this one."
        )
    return config


def _unfitted(config: ModelConfig, quantized: bool) -> nn.Module:
    """The model as it is stored: without BatchNorms beside its linear layers."""
    model = build_model(config, quantized)
    fold_batch_norms(model)
    return model


def _float_phase(run: _Run) -> nn.Module:
    """The trained float twin, BatchNorms folded."""
    config, path = run.config, run.folder.float_model
    if path.exists():
        return _load(path, _unfitted(config.model, quantized=False))
    torch.manual_seed(config.train.seed)
    twin = build_model(config.model, quantized=False)
    _fit(run, "float", twin)
    fold_batch_norms(twin)
    write_tensors(path, twin.state_dict())
    return twin


def _quantized_phase(run: _Run, twin: nn.Module) -> nn.Module:
    """The fine-tuned quantized model, started from the float twin and calibrated on training samples."""
    path, model = run.folder.model, _unfitted(run.config.model, quantized=True)
    if path.exists():
        return _load(path, model)
    model.load_state_dict(twin.state_dict(), strict=False)
    inputs = torch.from_numpy(calibration_inputs(run.data))
    calibrate(model, inputs.to(next(model.parameters()).dtype))
    _fit(run, "quantized", model)
    write_tensors(path, model.state_dict())
    run.folder.checkpoint.unlink(missing_ok=True)
    return model


def calibration_inputs(data: Dataset) -> Floats:
    """The first samples, as many as calibration takes."""
    return data.inputs[: min(CALIBRATION_SAMPLES, max(1, CALIBRATION_NUMBERS // data.inputs[0].size))]


def _fit(run: _Run, phase: Phase, model: nn.Module) -> None:
    fit(model, run.data, run.config.train, phase, run.folder.checkpoint, run.advance)


def _load(path: Path, model: nn.Module) -> nn.Module:
    """The model with the parameters of the file."""
    tensors, _ = read_tensors(path)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        found = "parameters of another model"
        raise UserError(str(path), found, "those of config.json beside it", "Train the model again.") from error
    return model
