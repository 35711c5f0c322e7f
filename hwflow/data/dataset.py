"""A labelled set of sequences or images, its split and its standardisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from hwflow.errors import UserError

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
    """``inputs`` float32, ``labels`` (samples,) class indices, names of the classes.

    Inputs are sequences (samples, tokens, features) or images (samples, channels, height, width).
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

    def require_shape(self, shape: tuple[int, ...]) -> None:
        """Raise `UserError` if there are images and these are not of the shape."""
        images = 4 in (self.inputs.ndim, 1 + len(shape))
        if images and self.inputs.shape[1:] != shape:
            found = f"samples of shape {self.inputs.shape[1:]}"
            raise UserError("data", found, f"what the model takes, {shape}", "Choose the data set of the model.")


class Standardisation(BaseModel):
    """Per feature or channel ``(x - mean) / std``; kept with the data configuration, to treat later inputs alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, inputs: Floats) -> Standardisation:
        """From a data set's inputs. Padding is left out: a token whose features are all 0 does not count."""
        if inputs.ndim == 4:
            samples = np.moveaxis(inputs, 1, -1).reshape(-1, inputs.shape[1]).astype(np.float64)
        else:
            tokens = inputs.reshape(-1, inputs.shape[-1])
            samples = tokens[np.any(tokens != 0, axis=1)].astype(np.float64)
        std = samples.std(0)
        return cls(mean=tuple(samples.mean(0).tolist()), std=tuple(np.where(std > 0, std, 1.0).tolist()))

    def apply(self, inputs: Floats) -> Floats:
        """Standardise the inputs of a data set; the result is float32."""
        shape = (-1, 1, 1) if inputs.ndim == 4 else (-1,)
        mean, std = (np.asarray(each, np.float32).reshape(shape) for each in (self.mean, self.std))
        return (inputs - mean) / std
