"""Training: what it leaves, resuming, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from hwflow.data import DataConfig, load_data
from hwflow.errors import UserError
from hwflow.frontends.brevitas import loop
from hwflow.frontends.brevitas.export import export_run
from hwflow.frontends.brevitas.predict import predict
from hwflow.frontends.brevitas.run import RunConfig, RunFolder, TrainConfig, read_tensors, run_config
from hwflow.frontends.brevitas.train import Metrics, load_run, train

from .lowering import run as run_onnx

CONFIG = RunConfig(
    data=DataConfig(samples=3000),
    train=TrainConfig(float_epochs=4, quantized_epochs=2, batch=128, threads=1),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(CONFIG, folder, quiet=True)
    return folder


def test_a_run_leaves_its_files_and_learns(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert names >= {"config.json", "metrics.json", "float.safetensors", "model.safetensors"}
    assert not {name for name in names if name.endswith((".partial", ".pt", ".pth", ".pkl")) or "checkpoint" in name}
    metrics = Metrics.model_validate_json(RunFolder(finished).metrics.read_text())
    assert metrics.samples == 600
    assert metrics.float_model.accuracy > 0.35  # chance is 0.2
    assert abs(metrics.float_model.accuracy - metrics.quantized_model.accuracy) < 0.08
    assert set(metrics.quantized_model.auc) == {"g", "q", "W", "Z", "t"}


def test_the_exported_run_equals_torch_on_the_validation_set(finished: Path) -> None:
    run = RunFolder(finished)
    config = run.read_config()
    assert config.data.standardisation is not None
    _, validation, _ = load_data(config.data, 8, finished)
    expected = predict(load_run(finished), validation.inputs)
    np.testing.assert_array_equal(run_onnx(export_run(finished), validation.inputs), expected)


@pytest.mark.parametrize("interrupted_epoch", [2, 4, 5])
def test_a_resumed_run_ends_with_the_same_bits(
    interrupted_epoch: int, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = loop._epoch
    calls: list[object] = []

    def interrupted(*args: Any) -> float:
        if len(calls) == interrupted_epoch:
            raise KeyboardInterrupt
        calls.append(args)
        return epoch(*args)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "_epoch", interrupted)
        train(CONFIG, tmp_path, quiet=True)
    torch.manual_seed(99)  # the state of the generator must not matter
    train(CONFIG, tmp_path, quiet=True)
    for name in ("float.safetensors", "model.safetensors", "metrics.json", "config.json"):
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name


def test_training_again_in_a_finished_folder_trains_nothing(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_epoch", None)
    assert train(CONFIG, finished, quiet=True).samples == 600


def test_a_folder_of_another_run_is_refused(finished: Path) -> None:
    other = CONFIG.model_copy(update={"train": CONFIG.train.model_copy(update={"seed": 1})})
    with pytest.raises(UserError, match="a run of another configuration"):
        train(other, finished, quiet=True)


def test_learnt_scales_are_resumed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.model_copy(
        update={
            "data": DataConfig(samples=400),
            "train": TrainConfig(float_epochs=0, quantized_epochs=3, batch=32, learn_scales=True, threads=1),
        }
    )
    train(config, tmp_path / "whole", quiet=True)
    epoch, calls = loop._epoch, iter(range(3))

    def interrupted(*args: Any) -> float:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return epoch(*args)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "_epoch", interrupted)
        train(config, tmp_path / "resumed", quiet=True)
    train(config, tmp_path / "resumed", quiet=True)
    whole, resumed = (RunFolder(tmp_path / name).model.read_bytes() for name in ("whole", "resumed"))
    assert whole == resumed


def test_learnt_scales_stay_powers_of_two(tmp_path: Path) -> None:
    config = CONFIG.model_copy(
        update={
            "data": DataConfig(samples=400),
            "train": TrainConfig(float_epochs=1, quantized_epochs=1, batch=32, learn_scales=True, threads=1),
        }
    )
    train(config, tmp_path, quiet=True)
    learnt, _ = read_tensors(tmp_path / "model.safetensors")
    exponents = [value.item() for name, value in learnt.items() if name.endswith("scaling_impl.value")]
    assert any(exponent % 1 for exponent in exponents)  # the parameters moved,
    step = load_run(tmp_path).relu0(torch.zeros(1)).scale.item()  # type: ignore[operator]
    assert np.frexp(step)[0] == 0.5  # the scales did not


@pytest.mark.parametrize("name", ["gw", "btag"])
def test_the_encoders_train(name: str, tmp_path: Path) -> None:
    settings = TrainConfig(float_epochs=1, quantized_epochs=1, batch=64, threads=1)
    metrics = train(run_config(name, samples=300, train=settings), tmp_path, quiet=True)
    assert all(value is not None and 0 <= value <= 1 for value in metrics.quantized_model.auc.values())


def test_the_acoustic_model_trains_on_transcripts_and_is_exported_as_one_chunk(tmp_path: Path) -> None:
    settings = TrainConfig(float_epochs=2, quantized_epochs=1, batch=16, float_rate=4e-3, threads=1)
    metrics = train(run_config("folded_asr_all2", samples=80, train=settings), tmp_path, quiet=True)
    assert metrics.float_model.token_error_rate is not None
    assert metrics.quantized_model.token_error_rate is not None
    assert metrics.quantized_model.auc == {}
    inputs = onnx.load(export_run(tmp_path)).graph.input
    assert [value.name for value in inputs if not value.name.startswith("/")][:3] == ["input", "frames", "key_0"]


def test_files_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json; expected the folder of a training run"):
        load_run(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"model\.safetensors: found no such file"):
        load_run(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(UserError, match="a file that is not safetensors"):
        load_run(tmp_path)
    save_file({"embed0.weight": torch.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="parameters of another model"):
        load_run(tmp_path)
    (tmp_path / "config.json").write_text('{"colour": 1}')
    with pytest.raises(UserError, match="Extra inputs are not permitted"):
        load_run(tmp_path)
