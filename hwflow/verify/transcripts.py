"""Transcripts from CTC logits, and their token error rate, in numpy alone: one yardstick for all executors.

Output 0 is CTC's blank (Graves et al., 2006); output i + 1 is token i.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from numpy.typing import NDArray

BLANK = 0


def greedy_decode(logits: NDArray[Any]) -> list[list[int]]:
    """Tokens of each sequence of ``logits`` (samples, steps, tokens + 1), float or integer.

    The largest output of each step (the first of equals), repetitions joined, blanks left out.
    """
    return [[int(best) - 1 for best, _ in groupby(row) if best != BLANK] for row in logits.argmax(-1)]


def token_error_rate(logits: NDArray[Any], labels: NDArray[Any]) -> float:
    """Insertions, deletions and substitutions of all transcripts over the tokens of ``labels`` (samples, longest)."""
    references = [row[row >= 0].tolist() for row in labels]
    errors = sum(map(edit_distance, greedy_decode(logits), references))
    return errors / max(1, sum(map(len, references)))


def edit_distance(found: Sequence[int], expected: Sequence[int]) -> int:
    """The fewest insertions, deletions and substitutions between two sequences (Levenshtein, 1966)."""
    row = list(range(len(expected) + 1))
    for i, token in enumerate(found, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(expected, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (token != other))
    return row[-1]
