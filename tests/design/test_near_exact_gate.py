"""The gate of near-exact mode: the distance from the user's own file, by output, within what was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hwflow
from hwflow import record as r
from hwflow.cli import main
from hwflow.design.design import Design
from hwflow.errors import GateFailed, UserError
from hwflow.onnx_import.model import import_model
from hwflow.onnx_import.near_exact.synthetic import CALIBRATION, MEASUREMENT, draw_all
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.near_exact import distance
from tests.support.qonnx import ModelBuilder, weights


def classifier(folder: Path, outputs: int = 3) -> Path:
    """A Linear of real scales with a softmax behind it, in 16 bits: some elements differ, by one step."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 8), 8, scale=0.0313)
    w = m.quant(m.const(weights(8, outputs, spread=0.4)), 8, scale=np.linspace(0.01, 0.02, outputs), narrow=True)
    return m.save(folder, m.quant(m.node("Softmax", m.node("MatMul", x, w), axis=-1), 16, 16, False, name="p"))


def built(folder: Path, vectors: object = None, outputs: int = 3, **options: float) -> Design:
    path = classifier(folder, outputs)
    return hwflow.convert(path, output_dir=folder / "d", mode="near-exact", vectors=vectors, **options)  # type: ignore[arg-type]


def near(record: r.BuildRecord, stage: str = "near-exact") -> dict[str, r.Result]:
    return {result.metric: result for result in record.results if result.stage == stage}


def test_distance_and_accuracy_are_in_the_record(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = Evaluation(rng.normal(size=(300, 8)).astype(np.float32), rng.integers(3, size=300), ("a", "b", "c"))
    found = near(built(tmp_path, data).record)
    assert (found["mean error"].limit, found["mean error"].ok) == (0.5, True)
    assert (found["top-1 disagreement"].limit, found["top-1 disagreement"].ok) == (0.01, True)
    assert 0 < found["outputs that differ from the original"].value < 0.05
    assert found["largest difference from the original"].value == 1
    assert found["accuracy of the original"].value == pytest.approx(
        found["accuracy behind the rewrites"].value, abs=0.01
    )


def test_beyond_a_limit_the_build_fails_and_no_word_says_that_all_gates_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32))
    command = ["build", str(classifier(tmp_path)), "-o", str(tmp_path / "d"), "--near-exact", "--max-mean-error", "0"]
    assert main([*command, "--data", str(tmp_path / "x.npy"), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert [result["metric"] for result in document["failed"]] == ["mean error"]
    design = Design.load(tmp_path / "d")
    with pytest.raises(GateFailed, match=r"near-exact: mean error .* limit 0"):
        design.csim(10)
        design.check()


def test_a_record_without_its_distance_or_with_another_limit_is_no_pass(tmp_path: Path) -> None:
    design = built(tmp_path, np.random.default_rng(0).normal(size=(100, 8)))
    design.csim(10)
    design.check()
    record = design.record
    less = [each for each in record.results if each.metric != "mean error"]
    with pytest.raises(GateFailed, match="0 gates of the mean error for 1 outputs"):
        r.gate(record.model_copy(update={"results": tuple(less)}))
    lax = [each.model_copy(update={"limit": 9.0}) if each.metric == "mean error" else each for each in record.results]
    with pytest.raises(GateFailed, match=r"mean error has the limit 9.0"):
        r.gate(record.model_copy(update={"results": tuple(lax)}))


def test_without_data_the_stage_says_that_inputs_are_synthetic(tmp_path: Path) -> None:
    said: list[str] = []
    design = built(tmp_path, progress=said.append)  # type: ignore[arg-type]
    assert any("judged on synthetic inputs" in line for line in said)
    assert not near(design.record)
    assert near(design.record, "near-exact (synthetic)")["mean error"].ok


def test_an_output_without_classes_has_no_top_class(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.quant(m.input(1, 8), 8, scale=0.0313)
    y, z = (m.quant(m.node("MatMul", x, m.const(weights(8, n, seed=n))), 8, scale=0.11, name=f"o{n}") for n in (1, 3))
    path = m.save(tmp_path, y, z)
    data = np.random.default_rng(0).normal(size=(100, 8))
    design = hwflow.convert(path, output_dir=tmp_path / "d", mode="near-exact", vectors=data)
    found = near(design.record)
    assert "top class: does not apply, no vector of classes of o1" in found
    assert "top-1 disagreement of o3" in found
    assert {"mean error of o1", "mean error of o3"} <= set(found)
    design.csim(10)
    design.check()


@pytest.mark.parametrize(("option", "value"), [("max_disagreement", 1.5), ("max_mean_error", -1.0)])
def test_senseless_limits_are_refused(tmp_path: Path, option: str, value: float) -> None:
    with pytest.raises(UserError, match=option):
        built(tmp_path, **{option: value})


def test_the_original_is_the_user_s_own_file(tmp_path: Path) -> None:
    """Were the importer wrong, its own form of the original would be wrong alike: the file is not."""
    path = classifier(tmp_path)
    (tmp_path / "other").mkdir()
    model, other = import_model(path, "near-exact"), classifier(tmp_path / "other", 3)
    text = other.read_bytes().replace(np.float32(0.0313).tobytes(), np.float32(0.0626).tobytes())
    other.write_bytes(text)
    inputs = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    assert distance(model, inputs, path).reports[0].max_step_difference <= 1
    assert distance(model, inputs, other).reports[0].max_step_difference > 1


def test_calibration_and_measurement_draw_disjoint_samples_of_one_distribution(tmp_path: Path) -> None:
    """The input's quantiser holds +-128 steps: three standard deviations."""
    described = import_model(classifier(tmp_path), "near-exact").distributions
    first, second = (draw_all(described, 2000, purpose)[0] for purpose in (CALIBRATION, MEASUREMENT))
    assert not np.isin(first, second).any()
    for samples in (first, second):
        assert samples.mean() == pytest.approx(0, abs=0.1)
        assert samples.std() == pytest.approx(0.0313 * 127.5 / 3, rel=0.05)
