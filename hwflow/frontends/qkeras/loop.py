"""The training loop of one phase, resumable after every epoch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from hwflow.data import Dataset
from hwflow.data.dataset import Labels
from hwflow.frontends.brevitas.progress import Advance
from hwflow.frontends.brevitas.run import TrainConfig
from hwflow.frontends.brevitas.snapshot import Phase

WARM_UP = 0.15  # of a phase's steps


def fit(model: Any, data: Dataset, settings: TrainConfig, phase: Phase, folder: Path, advance: Advance) -> Any:
    """Train ``model`` for the epochs of ``phase`` and return it, or go on from the phase's last checkpoint.

    ``checkpoint-<phase>-<epochs>.keras`` in ``folder`` is replaced after every epoch.
    """
    epochs = settings.float_epochs if phase == "float" else settings.quantized_epochs
    before, first = _last(folder, phase)
    if before is None:
        model.compile(optimizer=_optimizer(), loss=_loss(model.output_shape[-1], data.labels), jit_compile=False)
    else:
        model = keras.models.load_model(before)
    for epoch in range(first, epochs):
        loss = _epoch(model, data, settings, phase, epoch, epochs)
        after = save(model, folder / f"checkpoint-{phase}-{epoch + 1}.keras")
        if before is not None:
            before.unlink()
        before = after
        advance(phase, epoch + 1, loss)
    return model


def save(model: Any, path: Path) -> Path:
    """Write a ``.keras`` file in one step."""
    partial = path.with_name(f".partial-{path.name}")
    try:
        model.save(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _last(folder: Path, phase: Phase) -> tuple[Path | None, int]:
    """The newest checkpoint of a phase and its epochs."""
    found = {int(p.stem.rpartition("-")[2]): p for p in folder.glob(f"checkpoint-{phase}-*.keras")}
    return (found[max(found)], max(found)) if found else (None, 0)


def _optimizer() -> Any:
    return keras.optimizers.AdamW(weight_decay=1e-4, global_clipnorm=1.0)


def _loss(outputs: int, labels: Labels) -> Any:
    """Cross-entropy; binary for a single logit; CTC for transcripts, output 0 the blank."""
    losses = keras.losses
    if labels.ndim == 2:
        return losses.CTC()
    kind = losses.BinaryCrossentropy if outputs == 1 else losses.SparseCategoricalCrossentropy
    return kind(from_logits=True)


def _epoch(model: Any, data: Dataset, settings: TrainConfig, phase: Phase, epoch: int, epochs: int) -> float:
    """One pass over the shuffled data. The order depends on seed, phase and epoch alone: resuming repeats it."""
    order = np.random.default_rng((settings.seed, phase == "quantized", epoch)).permutation(len(data))
    steps = max(len(order) // settings.batch, 1)
    order = order[: steps * settings.batch]
    peak = settings.float_rate if phase == "float" else settings.quantized_rate

    def rate(step: int, logs: object = None) -> None:
        model.optimizer.learning_rate = peak * _rate((epoch + step / steps) / epochs)

    labels = _targets(data.labels[order], model.output_shape[-1])
    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=rate)
    history = model.fit(
        data.inputs[order], labels, batch_size=settings.batch, shuffle=False, verbose=0, callbacks=[callback]
    )
    return float(history.history["loss"][-1])


def _targets(labels: Labels, outputs: int) -> NDArray[Any]:
    """Labels as the loss takes them; for CTC 0 is the blank and the padding."""
    if labels.ndim == 2:
        return (labels + 1).astype(np.int32)
    return labels.astype(np.float32)[:, None] if outputs == 1 else labels


def _rate(progress: float) -> float:
    """The learning rate at ``progress`` in [0, 1) of a phase over its peak: linear warm-up, then a half cosine."""
    if progress < WARM_UP:
        return 0.1 + 0.9 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))
