"""What folding saves and what it costs, by formula; `tests/frontends/test_folding_cost.py` counts the same on models.

Of a layer of D features, a feed-forward width F and a folding factor N, for a chunk of T tokens that sees S of them:
weights ``(4 D^2 + 2 D F) / N^2``, multiplications with them ``T (4 D^2 + 2 D F) / N``, of scores and context
``2 T S D N``, softmax elements ``heads T S N^2``. Folding pays while T is below about ``(4 D + 2 F) / (2 N)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwflow.models.folded_config import FoldedAsrConfig


@dataclass(frozen=True)
class FoldingCost:
    """Of one chunk, the front end and the head included. ``weights``: matrices alone; ``softmax``: scores."""

    weights: int
    linear_macs: int
    attention_macs: int
    softmax: int

    @property
    def macs(self) -> int:
        """All multiplications."""
        return self.linear_macs + self.attention_macs


def folding_cost(config: FoldedAsrConfig) -> FoldingCost:
    """The sums over all layers of ``config``."""
    tokens, dim = config.chunk_tokens, config.dim
    seen, layer = tokens + config.context, 4 * dim**2 + 2 * dim * config.hidden
    ends = config.kernel * config.bands * dim + dim * config.outputs
    return FoldingCost(
        weights=ends + sum(layer // n**2 for n in config.folds),
        linear_macs=tokens * (ends + sum(layer // n for n in config.folds)),
        attention_macs=sum(2 * tokens * seen * dim * n for n in config.folds),
        softmax=sum(config.heads * tokens * seen * n**2 for n in config.folds),
    )
