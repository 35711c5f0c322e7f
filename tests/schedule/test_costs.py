"""The cost model against single instances measured with Yosys 0.70, and its own consistency."""

from __future__ import annotations

import numpy as np
import pytest

from hwflow.ir.graph import IntArray
from hwflow.schedule import costs
from hwflow.schedule.costs import Cost
from hwflow.schedule.resources import Resources


def random_words(count: int, width: int) -> IntArray:
    """Contents without structure, (count, 1)."""
    return np.random.default_rng(1).integers(0, 1 << width, (count, 1))


def table(address_bits: int, width: int) -> Cost:
    """Of such contents."""
    return costs.table(random_words(1 << address_bits, width), width)


@pytest.mark.parametrize(
    ("cost", "luts"),
    [
        (costs.adder(8), 8),
        (costs.adder(16), 16),
        (costs.adder(24), 24),
        (costs.comparator(16), 11),
        (costs.maximum(8), 14),
        (costs.maximum(16), 28),
        (costs.relu(8), 7),
        (costs.multiplier(1, 8), 8),
        (costs.multiplier(4, 4), 26),
        (costs.multiplier(6, 6, dsp=False), 71),
        (costs.multiplier(8, 8, dsp=False), 134),
        (costs.multiplier(10, 10, dsp=False), 243),
        (costs.adder_tree(8, 8), 60),
        (costs.requantise(16, 4, 8), 15),
        (costs.requantise(16, 8, 8), 9),
        (costs.requantise(24, 10, 8), 15),
        (table(6, 32), 32),
        (table(7, 32), 64),
        (table(8, 8), 32),
        (table(8, 32), 128),
        (table(9, 8), 72),
        (table(10, 8), 136),
        (costs.ram(32, 32), 24),
        (costs.ram(64, 32), 40),
        (costs.ram(256, 8), 76),
        (costs.adder_tree(4, 8), 25),
        (costs.adder_tree(32, 8), 274),
        (costs.adder_tree(16, 16), 251),
        (costs.requantise(32, 16, 16), 22),
    ],
)
def test_luts_are_within_a_third_of_yosys(cost: Cost, luts: int) -> None:
    assert cost.resources.lut == pytest.approx(luts, rel=0.34)
    assert cost.resources.dsp == cost.resources.bram18 == 0


@pytest.mark.parametrize(("a", "b", "dsps"), [(2, 8, 1), (5, 5, 1), (18, 27, 1), (27, 18, 1), (20, 20, 2), (32, 32, 4)])
def test_wide_products_take_dsp_slices(a: int, b: int, dsps: int) -> None:
    assert costs.multiplier(a, b).resources.dsp == dsps


@pytest.mark.parametrize(("words", "bits", "blocks"), [(512, 32, 1), (4096, 8, 2), (1024, 36, 2), (16384, 2, 2)])
def test_large_memories_take_block_ram(words: int, bits: int, blocks: int) -> None:
    memory = costs.rom(random_words(words, bits), bits)
    assert memory.resources == Resources(bram18=blocks)
    assert memory.clocks == 2
    assert costs.ram(words, bits).resources == Resources(bram18=blocks)


def test_ultra_ram_on_request() -> None:
    assert costs.ram(5000, 100, uram=True).resources == Resources(uram=4)


def test_fifos() -> None:
    assert costs.fifo(1, 64).ff - costs.fifo(1, 0).ff == 64
    assert costs.fifo(16, 64) == Resources(lut=71, ff=24)
    assert costs.fifo(2, 8) == Resources(lut=19, ff=25)
    assert costs.fifo(512, 36).bram18 == 1
    assert costs.fifo(8, 0).bram18 == costs.fifo(8, 0).dsp == 0


def test_composition() -> None:
    product, half = costs.multiplier(8, 8), costs.adder(16)
    both = (4 * product).then(costs.adder_tree(4, 16))
    assert both.resources == Resources(dsp=4, lut=2 * 16 + 17)
    assert both.delay_ps == product.delay_ps + costs.adder_tree(4, 16).delay_ps
    beside = product.beside(half)
    assert beside.delay_ps == max(product.delay_ps, half.delay_ps)
    assert beside.resources == Resources(dsp=1, lut=16)


def test_stages_grow_with_the_clock() -> None:
    tree = costs.adder_tree(64, 16)
    stages = [tree.stages(mhz) for mhz in (100, 200, 300, 400)]
    assert stages == sorted(stages)
    assert stages[0] == 1
    assert stages[-1] >= 2
    assert table(12, 8).stages(200) >= 2


def test_registers() -> None:
    assert costs.delay_line(8, 2) == Resources(ff=16)
    assert costs.delay_line(8, 20) == Resources(lut=11, ff=13)
    assert costs.tree_registers(8, 8, 3) == Resources(ff=4 * 9 + 2 * 10 + 11)
    assert costs.tree_registers(8, 8, 1) == Resources(ff=11)
    assert costs.tree_registers(1, 8, 1) == Resources(ff=8)


def test_fifos_with_the_same_words_share_a_register() -> None:
    assert costs.fifos([1, 1], 128).ff == 2 * costs.fifo(1, 128).ff - 128
    assert costs.fifos([101, 107], 64).ff == costs.fifo(101, 64).ff + costs.fifo(107, 64).ff - 64
    assert costs.fifos([4, 8], 64) == costs.fifo(4, 64) + costs.fifo(8, 64)
