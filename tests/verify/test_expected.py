"""What the framework computed is stored at export, and compared at every build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hwflow
from hwflow.design.check_framework import check_framework
from hwflow.design.recheck import check_described
from hwflow.errors import GateFailed, UserError
from hwflow.onnx_import.model import import_model
from hwflow.verify.expected import COUNT, expected_path, find_expected, store_expected
from tests.support.qonnx import ModelBuilder, weights

WEIGHTS = np.rint(weights(16, 8) * 16) / 16


def forward(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """By hand: an 8-bit input, whole sixteenths as weights, a 6-bit output."""
    x = np.clip(np.rint(inputs[0] * 16), -128, 127) / 16
    return [np.clip(np.rint((x @ WEIGHTS) * 4), -32, 31).astype(np.float32) / 4]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    m = ModelBuilder()
    x = m.quant(m.input(1, 16), 8, 4)
    path = m.save(tmp_path, m.quant(m.node("MatMul", x, m.weights(WEIGHTS)), 6, 2, name="y"))
    store_expected(path, "numpy", forward)
    return path


def test_the_file_is_determined_by_the_model(model: Path) -> None:
    assert expected_path(model).name == "expected.npz"
    assert expected_path(model.with_name("other.onnx")).name == "other.expected.npz"
    first = expected_path(model).read_bytes()
    assert store_expected(model, "numpy", forward).read_bytes() == first
    expected = find_expected(model)
    assert expected is not None and expected.count == COUNT and expected.in_float32
    assert list(expected.outputs) == ["y"]


def test_a_build_compares_it_and_csim_runs_it(model: Path, tmp_path: Path) -> None:
    design = hwflow.convert(model, output_dir=tmp_path / "design", oracle_vectors=8)
    found = {r.metric: r for r in design.record.results if r.stage == "framework"}
    assert found["framework: differing values"].ok is True
    assert [(p.tensor, p.compared) for p in design.record.parity if p.stage == "framework"] == [("y", COUNT * 8)]
    results = {r.metric: r.value for r in design.csim(5)}
    assert (results["inferences"], results["inferences of the framework"]) == (5, COUNT)
    assert results["mismatching bits"] == 0
    design.check()


def test_a_record_without_the_comparison_of_values_that_are_there_fails(model: Path, tmp_path: Path) -> None:
    design = hwflow.convert(model, output_dir=tmp_path / "design", oracle_vectors=8)
    kept = tuple(result for result in design.record.results if result.stage != "framework")
    design.save(design.record.model_copy(update={"results": kept}))
    with pytest.raises(GateFailed, match=r"build\.json: the results of framework: not what"):
        check_described(design)


def _edit(model: Path, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    with np.load(expected_path(model)) as file:
        arrays = {name: file[name] for name in file.files}
    change(arrays)
    np.savez(expected_path(model), **arrays)  # type: ignore[arg-type]


def test_one_other_value_fails_the_build(model: Path, tmp_path: Path) -> None:
    _edit(model, lambda arrays: arrays["output:y"].__setitem__((3, 0, 2), 0.125))
    with pytest.raises(GateFailed, match=r"framework: output 'y' of .* is not what numpy computed: 1 of 128 values"):
        hwflow.convert(model, output_dir=tmp_path / "design", oracle_vectors=8)
    assert not (tmp_path / "design" / "build.json").exists()


def test_values_of_another_model_are_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"\x82\x01\x00")
    with pytest.raises(UserError, match=r"expected\.npz: found the values of another file than model\.onnx"):
        find_expected(model)


@pytest.mark.parametrize("key", ["framework", "model", "input:x", "output:y"])
def test_damaged_values_are_refused(model: Path, key: str) -> None:
    _edit(model, lambda arrays: arrays.pop(key))
    with pytest.raises(UserError, match=r"expected\.npz: found"):
        check_framework(model, import_model(model))


def test_in_near_exact_mode_the_original_differs_by_design(model: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 8), 8, 4)
    path = m.save(model.parent, m.quant(m.node("Softmax", x), 8, 8, signed=False))
    assert check_framework(path, import_model(path, "near-exact")).results == ()
