"""What a layer of a streaming model sees beside its own chunk; see `hwflow.frontends.brevitas.past`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import keras
import numpy as np
from keras import ops

from hwflow.frontends.qkeras.quantization import KerasTensor, Step


class Past(Protocol):
    """Puts the rows of the past in front of new ones."""

    def extend(self, new: KerasTensor, rows: int, quantise: Step) -> KerasTensor:
        """(batch, new rows, width) to (batch, ``rows`` + new rows, width); ``quantise`` puts a cache on its grid."""
        ...

    def allowed(self, fold: int) -> np.ndarray | None:
        """(queries, keys) booleans of a layer folded by ``fold``, ``False`` where a query must not see a key."""
        ...


class Windows:
    """The batch holds ``chunks`` chunks of each sequence one after the other."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks

    def extend(self, new: KerasTensor, rows: int, quantise: Step) -> KerasTensor:
        size, width = new.shape[1:]
        sequence = ops.pad(ops.reshape(new, (-1, self.chunks * size, width)), ((0, 0), (rows, 0), (0, 0)))
        places = np.arange(self.chunks)[:, None] * size + np.arange(rows + size)
        return ops.reshape(ops.take(sequence, places.ravel(), axis=1), (-1, rows + size, width))

    def allowed(self, fold: int) -> np.ndarray | None:
        return None


class Whole:
    """A whole sequence of ``tokens`` tokens; queries see their chunk and ``context`` tokens before it."""

    def __init__(self, tokens: int, chunk: int, context: int) -> None:
        start = np.arange(tokens)[:, None] // chunk * chunk
        key = np.arange(context + tokens)
        self.band = (key >= start) & (key < start + context + chunk)

    def extend(self, new: KerasTensor, rows: int, quantise: Step) -> KerasTensor:
        return keras.layers.ZeroPadding1D((rows, 0))(new)

    def allowed(self, fold: int) -> np.ndarray | None:
        return self.band.repeat(fold, 0).repeat(fold, 1)


class Stream:
    """One chunk. ``states`` are taken in the order in which the model asks for them; ``next`` are those that follow."""

    def __init__(self, states: Iterable[KerasTensor]) -> None:
        self.states = iter(states)
        self.next: list[KerasTensor] = []

    def extend(self, new: KerasTensor, rows: int, quantise: Step) -> KerasTensor:
        state = next(self.states)
        extended = ops.concatenate([quantise(state), new], axis=1)
        last = extended[:, extended.shape[1] - rows :]
        self.next.append(keras.layers.Activation("linear", name=f"{state.name}_next")(last))
        return extended

    def allowed(self, fold: int) -> np.ndarray | None:
        return None
