"""Training with QKeras: what it leaves, resuming, what it refuses, and the command that exports a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from hwflow.cli.app import app
from hwflow.data import DataConfig, load_data
from hwflow.errors import UserError
from hwflow.frontends.brevitas.run import RunConfig, TrainConfig, run_config
from hwflow.frontends.qkeras import loop
from hwflow.frontends.qkeras.run import export_run
from hwflow.frontends.qkeras.train import Metrics, predict, train

from .executor import run as run_onnx

CONFIG = RunConfig(
    data=DataConfig(samples=2000),
    train=TrainConfig(float_epochs=3, quantized_epochs=1, batch=128, threads=1),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(CONFIG, folder, quiet=True)
    return folder


def test_a_run_leaves_its_files_and_learns(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names >= {"config.json", "metrics.json", "float.keras", "model.keras"}
    assert not {name for name in names if "checkpoint" in name or "partial" in name}
    metrics = Metrics.model_validate_json((finished / "metrics.json").read_text())
    assert metrics.samples == 400
    assert metrics.float_model.accuracy > 0.3  # chance is 0.2
    assert abs(metrics.float_model.accuracy - metrics.quantized_model.accuracy) < 0.1


def test_the_exported_run_equals_keras_on_the_validation_set(finished: Path, tmp_path: Path) -> None:
    import keras

    _, validation, _ = load_data(CONFIG.data, 8, finished)
    expected = predict(keras.models.load_model(finished / "model.keras", compile=False), validation.inputs)
    found = run_onnx(export_run(finished, tmp_path / "model.onnx"), validation.inputs)
    np.testing.assert_array_equal(found, expected)


def test_the_command_line_exports_a_run_and_a_file(finished: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(finished)])
    assert done.exit_code == 0, done.output
    assert {p.name for p in finished.iterdir()} >= {"model.onnx", "golden.onnx", "evaluation.npz"}
    done = CliRunner().invoke(app, ["export", str(finished / "model.keras"), "-o", str(tmp_path / "m.onnx")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "m.onnx").read_bytes() == (finished / "model.onnx").read_bytes()


def test_an_interrupted_run_goes_on_where_it_was(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, calls = loop._epoch, list[object]()

    def interrupted(*args: Any) -> float:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(args)
        return epoch(*args)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "_epoch", interrupted)
        train(CONFIG, tmp_path, quiet=True, data_folder=finished)
    with pytest.raises(UserError, match=r"no model\.keras; expected a finished training"):
        export_run(tmp_path)
    train(CONFIG, tmp_path, quiet=True, data_folder=finished)
    assert len(calls) == 2
    whole, resumed = (Metrics.model_validate_json((p / "metrics.json").read_text()) for p in (finished, tmp_path))
    assert resumed.quantized_model.accuracy == pytest.approx(whole.quantized_model.accuracy, abs=0.02)


def test_a_folder_of_another_run_is_refused(finished: Path, tmp_path: Path) -> None:
    other = CONFIG.model_copy(update={"train": CONFIG.train.model_copy(update={"seed": 1})})
    with pytest.raises(UserError, match="a run of another configuration"):
        train(other, finished, quiet=True)
    (tmp_path / "float.safetensors").touch()
    with pytest.raises(UserError, match="a run of Brevitas"):
        train(CONFIG, tmp_path, quiet=True, data_folder=finished)


def test_the_precision_of_the_paper_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Train with Brevitas: QKeras computes in float32"):
        train(run_config("btag", precision="paper"), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_an_encoder_trains(tmp_path: Path) -> None:
    settings = TrainConfig(float_epochs=1, quantized_epochs=1, batch=64, threads=1)
    config = run_config("gw", samples=200, train=settings)
    config = config.model_copy(update={"model": config.model.model_copy(update={"blocks": 1})})
    metrics = train(config, tmp_path, quiet=True)
    assert all(value is not None and 0 <= value <= 1 for value in metrics.quantized_model.auc.values())
