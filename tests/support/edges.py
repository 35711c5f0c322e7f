"""Numbers at the ends of what an op takes: limits beyond the range, one bit, constants for results."""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import Graph
from hwflow.ir.ops import Clamp, MatMul, Requantise, Table
from hwflow.ir.types import FixedType
from tests.support.blocks import U8, Blocks

CLAMPS = [Clamp(300, 400), Clamp(300, None), Clamp(None, -300), Clamp(-400, -300), Clamp(300, -300), Clamp(-300, 300)]
ONE_BIT = [FixedType(True, 1, 0), FixedType(True, 1, 4), FixedType(True, 1, 6), FixedType(False, 1, 0)]


def edges(seed: int = 0) -> Graph:
    """An output for every kind of edge, most of them behind layers of their own."""
    blocks = Blocks(2, 4, seed)
    b, y = blocks.builder, blocks.linear(blocks.x, 4)
    unsigned = blocks.requantise(y, U8)
    outputs = [blocks.requantise(b.add(clamp, i), FixedType(True, 12, 4)) for clamp in CLAMPS for i in (y, unsigned)]
    outputs += [b.add(Requantise(type, narrow=narrow), i) for type in ONE_BIT for narrow in (False, True)
                for i in (y, unsigned)]  # fmt: skip
    one_bit = b.add(Requantise(ONE_BIT[0]), y)
    outputs.append(blocks.linear(one_bit, 3))
    outputs.append(blocks.table(one_bit))
    outputs.append(b.add(Table(), y, b.constant(np.full(256, -3), 4, FixedType(True, 8, 4))))  # the same everywhere
    outputs.append(blocks.requantise(b.add(MatMul(), y, b.constant(np.zeros((4, 3)), 3))))
    outer = b.add(MatMul(), blocks.random(5, 1), blocks.slice(y, -2, 0, 1))
    outputs.append(blocks.requantise(outer))
    return blocks.graph(*outputs)
