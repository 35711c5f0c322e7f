"""A labelled set of sequences, its split and its standardisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
PADDING = -1  # behind the last token of a transcript


def join_labels(parts: Sequence[Labels]) -> Labels:
    """Labels of several sets one after the other, transcripts padded to the longest."""
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    longest = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(p, ((0, 0), (0, longest - p.shape[1])), constant_values=PADDING) for p in parts])


@dataclass(frozen=True)
class Dataset:
    """``inputs`` (samples, tokens, features) float32, ``labels`` (samples,) class indices, names of the classes.

    Labels of shape (samples, longest) are transcripts: class indices, then `PADDING`.
    """

    inputs: Floats
    labels: Labels
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, start: int, stop: int) -> Dataset:
        """The samples [start, stop), without a copy."""
        return Dataset(self.inputs[start:stop], self.labels[start:stop], self.classes)

    def standardised(self, constants: Standardisation) -> Dataset:
        """The same samples with standardised inputs."""
        return Dataset(constants.apply(self.inputs), self.labels, self.classes)


class Standardisation(BaseModel):
    """Per feature ``(x - mean) / std``; kept with the data configuration so that any later input is treated alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, inputs: Floats) -> Standardisation:
        """From (samples, tokens, features). Padding is left out: a token whose features are all 0 does not count."""
        tokens = inputs.reshape(-1, inputs.shape[-1])
        real = tokens[np.any(tokens != 0, axis=1)].astype(np.float64)
        std = real.std(0)
        return cls(mean=tuple(real.mean(0).tolist()), std=tuple(np.where(std > 0, std, 1.0).tolist()))

    def apply(self, inputs: Floats) -> Floats:
        """Standardise (..., features); the result is float32."""
        mean, std = np.asarray(self.mean, np.float32), np.asarray(self.std, np.float32)
        return (inputs - mean) / std
