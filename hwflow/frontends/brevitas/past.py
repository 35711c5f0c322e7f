"""What a layer of a streaming model sees beside its own chunk: three ways to run one and the same model.

`Windows` puts the chunks of whole sequences side by side in the batch (training), `Whole` runs a whole sequence under
a constant mask, `Stream` one chunk with caches that go in and come out. All give the same bits: before the first chunk
there are zeros, and they are attended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.quantization import Quantized, values

Quantise = Callable[[Tensor], Quantized]


class Past(Protocol):
    """Puts the rows of the past in front of new ones."""

    def extend(self, new: Tensor, rows: int, quantise: Quantise) -> Tensor:
        """(batch, new rows, width) to (batch, ``rows`` + new rows, width); ``quantise`` puts a cache on its grid."""
        ...

    def allowed(self, fold: int) -> Tensor | None:
        """(queries, keys) booleans of a layer folded by ``fold``, ``False`` where a query must not see a key."""
        ...


class Windows:
    """The batch holds ``chunks`` chunks of each sequence one after the other."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks

    def extend(self, new: Tensor, rows: int, quantise: Quantise) -> Tensor:
        size, width = new.shape[1:]
        sequence = nn.functional.pad(new.reshape(-1, self.chunks * size, width), (0, 0, rows, 0))
        return sequence.unfold(1, rows + size, size).transpose(2, 3).reshape(-1, rows + size, width)

    def allowed(self, fold: int) -> Tensor | None:
        return None  # a window holds what may be seen


class Whole:
    """A whole sequence of ``tokens`` tokens; queries see their chunk and ``context`` tokens before it."""

    def __init__(self, tokens: int, chunk: int, context: int) -> None:
        self.band = band(tokens, chunk, context)

    def extend(self, new: Tensor, rows: int, quantise: Quantise) -> Tensor:
        batch, _, width = map(int, new.shape)
        return torch.cat([torch.zeros(batch, rows, width, dtype=new.dtype), new], 1)

    def allowed(self, fold: int) -> Tensor | None:
        return expand(self.band, fold)


class Stream:
    """One chunk. ``states`` are taken in the order in which the model asks for them; ``next`` are those that follow."""

    def __init__(self, states: Sequence[Tensor]) -> None:
        self.states = iter(states)
        self.next: list[Tensor] = []

    def extend(self, new: Tensor, rows: int, quantise: Quantise) -> Tensor:
        extended = torch.cat([values(quantise(next(self.states))), new], 1)
        self.next.append(extended[:, -rows:])
        return extended

    def allowed(self, fold: int) -> Tensor | None:
        return None


def band(tokens: int, chunk: int, context: int) -> Tensor:
    """(tokens, context + tokens) booleans: the queries of chunk c see keys from ``c * chunk - context`` to its end.

    The first ``context`` keys are those before the sequence.
    """
    start = torch.arange(tokens)[:, None] // chunk * chunk
    key = torch.arange(context + tokens)[None]
    return (key >= start) & (key < start + context + chunk)


def expand(mask: Tensor, fold: int) -> Tensor:
    """A mask of tokens as one of sub-tokens: every row and every column ``fold`` times."""
    return mask.repeat_interleave(fold, 0).repeat_interleave(fold, 1)
