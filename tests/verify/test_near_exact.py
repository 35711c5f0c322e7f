"""What the measurement counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.verify.near_exact import measure, top1_changes
from tests.support.qonnx import ModelBuilder


def model(folder: Path, factor: float = 1.0, scale: float = 0.0271) -> ImportedModel:
    """``relu(x) * factor`` on 8 bits."""
    folder.mkdir(exist_ok=True)
    m = ModelBuilder()
    x = m.node("Relu", m.quant(m.input(1, 4), 8, scale=scale))
    return import_model(m.save(folder, m.quant(m.node("Mul", x, m.const(factor)), 8, scale=scale)), "near-exact")


def test_inputs_are_divided_by_the_scale_of_the_port(tmp_path: Path) -> None:
    inputs = np.asarray([[0.0271, -0.0542, 1.0, 2.0]])
    assert model(tmp_path).ports.to_port(inputs)[0, 0] == pytest.approx(2.0**-5)
    exact = model(tmp_path, scale=0.25)
    assert np.array_equal(exact.ports.to_port(inputs), inputs.astype(np.float32))


def test_counts(tmp_path: Path) -> None:
    """Against an original that puts out 1.05 times as much, an integer n > 9 is off by round(n / 20)."""
    integers = np.asarray([[5, 9, -40, 0], [40, 41, 0, -3], [1, 2, 3, 4]])
    off = replace(model(tmp_path / "a"), original=model(tmp_path / "b", 1.05).original)
    report = measure(off, integers * 0.0271)
    assert (report.samples, report.outputs) == (3, 12)
    assert (report.differing_outputs, report.differing_inferences) == (2, 1)
    assert report.max_step_difference == 2
    assert report.top1_changes == 0
    assert report.output_rate == pytest.approx(2 / 12)


def test_top1(tmp_path: Path) -> None:
    swapped = replace(model(tmp_path / "a"), original=model(tmp_path / "b", -1.0).original)
    assert measure(swapped, np.asarray([[1.0, 0.5, 2.0, 3.0]])).top1_changes == 1


@pytest.mark.parametrize(
    ("largest", "golden", "changes"),
    [
        ([40, 40, 1, 0], [39, 40, 1, 0], 0),  # golden picks the second of two equals
        ([40, 40, 1, 0], [40, 40, 1, 0], 0),
        ([40, 40, 1, 0], [40, 40, 41, 0], 1),  # none of the two
        ([40, 39, 1, 0], [40, 40, 1, 0], 0),  # an equal of golden's own: the first counts
        ([39, 40, 1, 0], [40, 40, 1, 0], 1),
        ([np.nan, 2, 1, 0], [0, 2, 1, 0], 0),
        ([np.nan] * 4, [0, 2, 1, 0], 1),
    ],
)
def test_a_tie_of_the_original_is_no_change(largest: list[float], golden: list[float], changes: int) -> None:
    assert top1_changes(np.asarray([largest], np.float64), np.asarray([golden], np.float64)) == changes


def test_elements_that_only_golden_tells_apart(tmp_path: Path) -> None:
    """The original's steps are four of golden's."""
    coarse = replace(model(tmp_path / "a"), original=model(tmp_path / "b", scale=4 * 0.0271).original)
    integers = np.random.default_rng(1).integers(0, 100, (200, 4))
    assert measure(coarse, integers * 0.0271).top1_changes == 0


def test_an_exact_model_has_no_difference(tmp_path: Path) -> None:
    exact = model(tmp_path, scale=0.25)
    assert exact.original is None
    assert measure(exact, np.random.default_rng(0).normal(size=(20, 4))).differing_outputs == 0
