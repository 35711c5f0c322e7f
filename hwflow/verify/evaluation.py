"""Labelled inputs that travel with a model, so that every later stage is scored on the same samples.

One .npz file without pickles: ``inputs`` float32 (count, *shape), ``labels`` int64 (count,), or (sequences, longest)
with -1 behind transcripts, ``classes`` strings, ``scores`` a JSON text with what training measured (stage -> accuracy,
AUC per class, token error rate, samples).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.files import write_atomic

FILE = "evaluation.npz"
_KEYS = ("inputs", "labels", "classes", "scores")


@dataclass(frozen=True)
class Evaluation:
    """Inputs and labels of a test set. ``scores``: stage (float, torch) -> what `hwflow.verify.scores` gives, samples.

    With transcripts, ``inputs`` are the chunks of the sequences one after the other, as many of each.
    ``others``: data of further inputs of the model, in its order; they are not in the file.
    """

    inputs: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    others: tuple[np.ndarray, ...] = ()

    @property
    def ports(self) -> tuple[np.ndarray, ...]:
        """Data of every input."""
        return (self.inputs, *self.others)

    @property
    def sequence(self) -> int | None:
        """Chunks of a sequence, where labels are transcripts; its first chunk has states of zero."""
        return len(self.inputs) // len(self.labels) if self.labels.ndim == 2 else None


def save_evaluation(path: Path, evaluation: Evaluation) -> Path:
    """Write the file in one step."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        inputs=evaluation.inputs.astype(np.float32),
        labels=evaluation.labels.astype(np.int64),
        classes=np.array(evaluation.classes),
        scores=np.array(json.dumps({k: dict(v) for k, v in evaluation.scores.items()})),
    )
    return write_atomic(path, buffer.getvalue())


def is_evaluation(path: Path) -> bool:
    """Whether a file has labels; one that cannot be read is taken for it, so that reading it says why."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return "labels" in file.files
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError):
        return True


def load_evaluation(path: Path) -> Evaluation:
    """Read and check the file. UserError names what is wrong; pickles are never loaded."""
    try:
        with np.load(path, allow_pickle=False) as file:
            inputs, labels, classes, scores = (file[key] for key in _KEYS)
            evaluation = Evaluation(
                inputs, labels.astype(np.int64), tuple(str(c) for c in classes.ravel()), json.loads(str(scores))
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(path, f"no readable evaluation data ({error})") from error
    if inputs.dtype.kind not in "fiu" or not labels.size or not _fit(inputs, labels):
        raise _refused(path, f"inputs {inputs.shape} and labels {labels.shape}")
    lowest = -1 if labels.ndim == 2 else 0
    if evaluation.labels.min() < lowest or evaluation.labels.max() >= max(2, len(evaluation.classes)):
        raise _refused(path, f"labels outside 0..{len(evaluation.classes) - 1}")
    return evaluation


def _fit(inputs: np.ndarray, labels: np.ndarray) -> bool:
    """A class for each input, or a transcript for each sequence of chunks."""
    chunks, rest = divmod(len(inputs), len(labels))
    return not rest and (chunks == 1 if labels.ndim == 1 else labels.ndim == 2 and chunks > 0)


def _refused(path: Path, found: str) -> UserError:
    expected = f"an .npz file with {', '.join(_KEYS)}"
    return UserError(str(path), found, expected, "Write it with 'hwflow export', or with save_evaluation.")
