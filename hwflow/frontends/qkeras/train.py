"""Training with QKeras: float pre-training, calibration, quantization-aware fine-tuning; resumable after every epoch.

A run folder holds ``config.json`` and ``metrics.json`` as a Brevitas run does, and ``float.keras`` and ``model.keras``.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from hwflow.data import Dataset, load_data
from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.brevitas.progress import Advance, epoch_bar
from hwflow.frontends.brevitas.run import RunConfig, RunFolder
from hwflow.frontends.brevitas.train import Metrics, calibration_inputs
from hwflow.frontends.qkeras.batch_norm import folded_weights
from hwflow.frontends.qkeras.calibrate import calibrate
from hwflow.frontends.qkeras.folded_asr import chunk_model, copy_model
from hwflow.frontends.qkeras.loop import fit, save
from hwflow.frontends.qkeras.models import build_model
from hwflow.frontends.qkeras.quantization import Quantization
from hwflow.frontends.qkeras.run import CHUNK, FLOAT, MODEL
from hwflow.models import FoldedAsrConfig
from hwflow.verify.scores import Scores, evaluate

EVALUATION_BATCH = 2048


def train(config: RunConfig, folder: Path, *, data_folder: Path | None = None, quiet: bool = False) -> Metrics:
    """Train in ``folder``, or go on there after an interruption, and return the scores of both models.

    Args:
        data_folder: where generated data are kept; by default in ``folder``.
        quiet: no progress bar.

    Raises:
        UserError: if the folder belongs to another run, the data cannot be read, or the precision is beyond float32.
    """
    Quantization(config.model.precision)  # refuses what float32 cannot compute, before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    _use_threads(config.train.threads)
    training, validation, filled = load_data(config.data, config.model.input_shape[0], data_folder or folder)
    training.require_shape(config.model.input_shape)
    config = _claim(RunFolder(folder), config.model_copy(update={"data": filled}))
    with epoch_bar(config.train.float_epochs, config.train.quantized_epochs, quiet) as advance:
        twin = _float_phase(config, folder, training, advance)
        model = _quantized_phase(config, folder, training, twin, advance)
    scores = {"float_model": score(twin, validation), "quantized_model": score(model, validation)}
    metrics = Metrics(samples=len(validation), **scores)
    write_atomic(RunFolder(folder).metrics, metrics.model_dump_json(indent=2))
    return metrics


def predict(model: Any, inputs: NDArray[Any]) -> NDArray[Any]:
    """Logits (samples, outputs) of the model."""
    return np.asarray(model.predict(inputs, batch_size=EVALUATION_BATCH, verbose=0))


def score(model: Any, data: Dataset) -> Scores:
    """Accuracy and AUC per class of the model on ``data``."""
    return evaluate(predict(model, data.inputs), data.labels, data.classes)


def _use_threads(threads: int) -> None:
    """Only the first training of a process can say how many."""
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)


def _claim(run: RunFolder, config: RunConfig) -> RunConfig:
    """Write the configuration into the folder, or make sure that the one there is the same."""
    foreign = run.float_model.exists() or run.checkpoint.exists()
    if foreign or (run.config.exists() and run.read_config() != config):
        found = "a run of Brevitas" if foreign else "a run of another configuration"
        expected = "an empty folder or the same run"
        raise UserError(str(run.path), found, expected, "Choose another folder or remove this one.")
    write_atomic(run.config, config.model_dump_json(indent=2))
    return config


def _float_phase(config: RunConfig, folder: Path, data: Dataset, advance: Advance) -> Any:
    """The trained float twin."""
    path = folder / FLOAT
    if not path.exists():
        keras.utils.set_random_seed(config.train.seed)
        twin = fit(_model(config, data, quantized=False), data, config.train, "float", folder, advance)
        _finish(twin, path)
    return keras.models.load_model(path, compile=False)


def _quantized_phase(config: RunConfig, folder: Path, data: Dataset, twin: Any, advance: Advance) -> Any:
    """The fine-tuned quantized model, started from the float twin and calibrated on training samples."""
    path = folder / MODEL
    if not path.exists():
        model = _model(config, data)
        copy_weights(twin, model)
        calibrate(model, calibration_inputs(data))
        model = fit(model, data, config.train, "quantized", folder, advance)
        if isinstance(config.model, FoldedAsrConfig):
            chunk = chunk_model(config.model)
            copy_model(model, chunk)
            save(chunk, folder / CHUNK)
        _finish(model, path)
    return keras.models.load_model(path, compile=False)


def _model(config: RunConfig, data: Dataset, quantized: bool = True) -> Any:
    return build_model(config.model, quantized, frames=data.inputs.shape[1])


def copy_weights(source: Any, target: Any) -> None:
    """Copy the weights of each layer to the layer of the same name, those of BatchNorms folded in."""
    for name, weights in folded_weights(source).items():
        target.get_layer(name).set_weights(weights)


def _finish(model: Any, path: Path) -> None:
    """Keep the finished model and drop the phase's checkpoints."""
    save(model, path)
    for checkpoint in path.parent.glob("checkpoint-*.keras"):
        checkpoint.unlink()
