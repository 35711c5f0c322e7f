"""Random norms over all of a frame."""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph
from tests.support.blocks import Blocks


def every_route() -> Graph:
    """Parts of a frame looked up, weighted by its mean, cut, joined, normalised; behind constants as keys."""
    blocks = Blocks(4, 6)
    y = blocks.squeeze_excite(blocks.residual(blocks.x, blocks.lookup(blocks.linear(blocks.x, 1), 5, 6)))
    norm = blocks.frame_norm(blocks.slice(y, -1, 0, 4))
    y = blocks.concat(-1, norm, blocks.random(4, 1), blocks.slice(y, -1, 5, 6))
    keys = blocks.concat(-2, blocks.random(2, 6), blocks.linear(y, 6))
    y = blocks.attend(blocks.slice(y, -2, 1, 4), keys, keys, heads=2, mask=True)
    return blocks.graph(blocks.frame_norm(y, centred=False, per_element=True))


def random_frame_norm(seed: int) -> Graph:
    """Centred or not, with constants for each element or not, between layers or alone."""
    rng = np.random.default_rng(seed)
    blocks = Blocks(int(rng.integers(2, 6)), 6, seed)
    y = blocks.linear(blocks.x, 6) if rng.integers(2) else blocks.x
    y = blocks.frame_norm(y, centred=bool(rng.integers(2)), per_element=bool(rng.integers(2)))
    return blocks.graph(blocks.linear(y, 3) if rng.integers(2) else y)


def wide_frame_norm(seed: int) -> Graph:
    """So many channels that choosing one of them takes several levels of LUTs."""
    blocks = Blocks(8, 68, seed)
    return blocks.graph(blocks.frame_norm(blocks.x))
