"""Accuracy and AUC per class, or token error rate, from logits and labels.

In numpy alone: one yardstick for all executors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from hwflow.errors import UserError
from hwflow.verify.transcripts import greedy_decode, token_error_rate


class Scores(BaseModel):
    """Accuracy in [0, 1] and the area under the ROC curve of each class against the rest, if it occurs.

    Of transcripts accuracy is the share without an error, and ``token_error_rate`` is there instead of the areas.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    accuracy: float
    auc: dict[str, float | None]
    token_error_rate: float | None = None


def evaluate(logits: NDArray[Any], labels: NDArray[Any], classes: tuple[str, ...]) -> Scores:
    """Score ``logits`` (samples, outputs), float or integer, against ``labels`` (samples,) class indices.

    One output for two classes is the logit of the second class. With more outputs the largest wins (the first of
    equals), and a class is ranked by its softmax probability, for which three or more need their true scale.
    Labels (samples, longest) are transcripts: ``logits`` (samples, steps, classes + 1), or those of as many chunks of
    each sample, one after the other, are then decoded greedily.

    Raises:
        UserError: if the shapes do not fit together.
    """
    if labels.ndim == 2:
        return _transcripts(logits, labels, len(classes) + 1)
    outputs = 1 if len(classes) == 2 and logits.shape[-1] == 1 else len(classes)
    if logits.shape != (len(labels), outputs):
        expected = f"({len(labels)}, {outputs})"
        raise UserError("evaluate", f"logits of shape {logits.shape}", expected, "Give one row of logits per label.")
    margin = logits.astype(np.float64)
    if outputs == 1:
        margin = np.concatenate([np.zeros_like(margin), margin], axis=1)
    accuracy = float((margin.argmax(1) == labels).mean())
    ranks = _log_odds(margin)
    return Scores(accuracy=accuracy, auc={name: auc(ranks[:, i], labels == i) for i, name in enumerate(classes)})


def _transcripts(logits: NDArray[Any], labels: NDArray[Any], outputs: int) -> Scores:
    if logits.ndim != 3 or not len(logits) or len(logits) % len(labels) or logits.shape[2] != outputs:
        expected = f"({len(labels)}, steps, {outputs})"
        raise UserError("evaluate", f"logits of shape {logits.shape}", expected, "Give one sequence per transcript.")
    logits = logits.reshape(len(labels), -1, outputs)
    right = [found == row[row >= 0].tolist() for found, row in zip(greedy_decode(logits), labels, strict=True)]
    return Scores(accuracy=float(np.mean(right)), auc={}, token_error_rate=token_error_rate(logits, labels))


def auc(score: NDArray[Any], positive: NDArray[np.bool_]) -> float | None:
    """The probability that a positive scores above a negative, ties counting half (Mann-Whitney U).

    None when one of the two is absent.
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    above = mean_rank[place][positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def _log_odds(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(p / (1 - p)) of the softmax of each row: it orders as p does, without p's rounding to 1."""
    odds = [margin[:, i] - np.logaddexp.reduce(np.delete(margin, i, axis=1), axis=1) for i in range(margin.shape[1])]
    return np.stack(odds, axis=1)
