"""Estimated resources and delays of the primitives that kernels are made of (UltraScale+, speed grade -2).

Counts and delays are fitted to what Yosys 0.70 and the timing estimate find for single instances, with 200 ps for
each net; ``benchmarks/bench_primitives.py`` prints both side by side. A delay is what the primitive adds to a path
between two registers. Estimates, never post-route figures.
"""

from hwflow.schedule.costs.buffers import (
    RING_CYCLES,
    actor,
    delay_in_block,
    delay_line,
    fifo,
    fifos,
    frame_buffer,
    token_buffer,
    tree_registers,
    window,
)
from hwflow.schedule.costs.cost import (
    FLIP_FLOP_PS,
    LUT_PS,
    NET_PS,
    TREE_LEVEL_PS,
    Cost,
    usable_ps,
)
from hwflow.schedule.costs.logic import adder, adder_tree, choice, comparator, maximum, relu, requantise, rounding
from hwflow.schedule.costs.memory import block_ps, ram
from hwflow.schedule.costs.products import multiplier
from hwflow.schedule.costs.rom import rom, table, varying_bits

__all__ = [
    "FLIP_FLOP_PS",
    "LUT_PS",
    "NET_PS",
    "RING_CYCLES",
    "TREE_LEVEL_PS",
    "Cost",
    "actor",
    "adder",
    "adder_tree",
    "block_ps",
    "choice",
    "comparator",
    "delay_in_block",
    "delay_line",
    "fifo",
    "fifos",
    "frame_buffer",
    "maximum",
    "multiplier",
    "ram",
    "relu",
    "requantise",
    "rom",
    "rounding",
    "table",
    "token_buffer",
    "tree_registers",
    "usable_ps",
    "varying_bits",
    "window",
]
