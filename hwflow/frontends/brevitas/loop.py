"""The training loop of one phase."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from hwflow.data import PADDING, Dataset
from hwflow.frontends.brevitas import snapshot
from hwflow.frontends.brevitas.calibrate import thresholds
from hwflow.frontends.brevitas.progress import Advance
from hwflow.frontends.brevitas.run import TrainConfig
from hwflow.frontends.brevitas.snapshot import Phase, Position
from hwflow.verify.transcripts import BLANK

WARM_UP = 0.15  # of a phase's steps


def fit(
    model: nn.Module, data: Dataset, settings: TrainConfig, phase: Phase, checkpoint: Path, advance: Advance
) -> None:
    """Train ``model`` in place for the epochs of ``phase``, going on from ``checkpoint`` if that is of this phase.

    The checkpoint is replaced after every epoch; ``advance`` is then told the phase, the epochs done and the mean loss.
    """
    epochs = settings.float_epochs if phase == "float" else settings.quantized_epochs
    done = snapshot.position(checkpoint)
    first = done.epoch if done.phase == phase else 0
    if first:
        snapshot.restore_model(checkpoint, model)
    optimizer = torch.optim.AdamW(_trainable(model, settings.learn_scales), weight_decay=1e-4)
    if first:
        snapshot.restore_optimizer(checkpoint, optimizer)
    for epoch in range(first, epochs):
        loss = _epoch(model, data, settings, phase, optimizer, epoch, epochs)
        snapshot.save(checkpoint, Position(phase, epoch + 1), model, optimizer)
        advance(phase, epoch + 1, loss)


def _trainable(model: nn.Module, learn_scales: bool) -> list[nn.Parameter]:
    """All parameters; of the activations' scales only if they are to be learnt."""
    for _, exponent in thresholds(model):
        exponent.requires_grad_(learn_scales)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _epoch(
    model: nn.Module,
    data: Dataset,
    settings: TrainConfig,
    phase: Phase,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    epochs: int,
) -> float:
    """One pass over the shuffled data. The order depends on seed, phase and epoch alone: resuming repeats it."""
    order = np.random.default_rng((settings.seed, phase == "quantized", epoch)).permutation(len(data))
    starts = range(0, max(len(order) - settings.batch, 0) + 1, settings.batch)
    peak = settings.float_rate if phase == "float" else settings.quantized_rate
    dtype = next(model.parameters()).dtype
    model.train()
    total = 0.0
    for step, start in enumerate(starts):
        picked = order[start : start + settings.batch]
        optimizer.param_groups[0]["lr"] = peak * _rate((epoch + step / len(starts)) / epochs)
        inputs, labels = torch.from_numpy(data.inputs[picked]).to(dtype), torch.from_numpy(data.labels[picked])
        loss = _loss(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
        optimizer.step()
        total += loss.item()
    return total / len(starts)


def _rate(progress: float) -> float:
    """The learning rate at ``progress`` in [0, 1) of a phase over its peak: linear warm-up, then a half cosine."""
    if progress < WARM_UP:
        return 0.1 + 0.9 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy; binary for a single logit; CTC for transcripts."""
    if labels.ndim == 2:
        return _transcript_loss(logits, labels)
    if logits.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.to(logits.dtype))
    return nn.functional.cross_entropy(logits, labels)


def _transcript_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """CTC (Graves et al., 2006) of logits (batch, steps, tokens + 1), output 0 the blank, per sequence."""
    steps = torch.full((len(logits),), logits.shape[1])
    lengths = (labels != PADDING).sum(1)
    scores = logits.log_softmax(2).transpose(0, 1)
    return nn.functional.ctc_loss(scores, labels + 1, steps, lengths, blank=BLANK, zero_infinity=True)
