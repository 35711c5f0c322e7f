"""Labelled inputs that travel with a model, so that every later stage is scored on the same samples.

One .npz file without pickles: ``inputs`` float32 (count, *shape), ``labels`` int64 (count,), or (sequences, longest)
with -1 behind transcripts, ``classes`` strings, ``scores`` a JSON text with what training measured (stage -> accuracy,
AUC per class, token error rate, samples).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.files.arrays import read_npz

FILE = "evaluation.npz"
_KEYS = ("inputs", "labels", "classes", "scores")
_EXPECTED = f"an .npz file with {', '.join(_KEYS)}"
_REMEDY = "Write it with 'hwflow export', or with save_evaluation."


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


def load_evaluation(path: Path) -> Evaluation:
    """Read and check the file. UserError names what is wrong; pickles are never loaded."""
    return evaluation_of(path, read_npz(path, _EXPECTED, _REMEDY))


def evaluation_of(path: Path, arrays: Mapping[str, np.ndarray]) -> Evaluation:
    """The arrays of a file with labels, checked."""
    if missing := [key for key in _KEYS if key not in arrays]:
        raise _refused(path, f"no {missing[0]!r}")
    inputs, labels, classes = (arrays[key] for key in _KEYS[:3])
    if labels.dtype.kind not in "iu":
        raise _refused(path, f"labels of type {labels.dtype}")
    names = tuple(str(name) for name in classes.ravel())
    evaluation = Evaluation(inputs, labels.astype(np.int64), names, _scores(path, str(arrays["scores"])))
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


class _Score(BaseModel):
    """What of a stage's scores the record takes."""

    model_config = ConfigDict(allow_inf_nan=False)
    accuracy: Annotated[float, Field(ge=0, le=1)]
    auc: dict[str, Annotated[float, Field(ge=0, le=1)] | None] = {}
    token_error_rate: Annotated[float, Field(ge=0)] | None = None
    samples: Annotated[int, Field(ge=1)] | None = None


_SCORES = TypeAdapter(dict[Literal["float", "torch", "qkeras"], _Score])


def _scores(path: Path, text: str) -> dict[str, dict[str, Any]]:
    try:
        return {stage: scores.model_dump(exclude_unset=True) for stage, scores in _SCORES.validate_json(text).items()}
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, ("scores", *first["loc"])))
        raise _refused(path, f"{where} that make no sense ({first['msg']})") from error


def _refused(path: Path, found: str) -> UserError:
    return UserError(str(path), found, _EXPECTED, _REMEDY)
