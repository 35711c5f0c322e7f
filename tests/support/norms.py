"""Random norms over all of a frame."""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph
from tests.support.blocks import Blocks


def random_frame_norm(seed: int) -> Graph:
    """Centred or not, with constants for each element or not, between layers or alone."""
    rng = np.random.default_rng(seed)
    blocks = Blocks(int(rng.integers(2, 6)), 6, seed)
    y = blocks.linear(blocks.x, 6) if rng.integers(2) else blocks.x
    y = blocks.frame_norm(y, centred=bool(rng.integers(2)), per_element=bool(rng.integers(2)))
    return blocks.graph(blocks.linear(y, 3) if rng.integers(2) else y)
