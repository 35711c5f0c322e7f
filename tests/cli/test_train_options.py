"""The options of ``train`` become the configuration of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwflow.cli import main
from hwflow.cli.train import _config
from hwflow.models import EncoderConfig, FoldedAsrConfig, JetTaggerConfig


def test_options_reach_the_configuration() -> None:
    shape, data = {"particles": 16, "linformer": 2}, {"files": (Path("a.h5"),), "samples": 500}
    config = _config("jet_tagger", shape, data, bits=6)
    assert isinstance(config.model, JetTaggerConfig)
    assert (config.model.particles, config.model.linformer) == (16, 2)
    assert (config.model.precision.weight, config.model.precision.activation) == (6, 6)
    assert config.model.precision.bias == JetTaggerConfig().precision.bias
    assert (config.data.files, config.data.samples) == ((Path("a.h5"),), 500)


def test_a_model_of_the_zoo_stays_as_it_is() -> None:
    config = _config("btag", {}, {"files": ()}, bits=None)
    assert isinstance(config.model, EncoderConfig)
    assert config.data.dataset == "btag"


def test_a_folder_of_speech_is_told_by_its_characters() -> None:
    config = _config("folded_asr", {}, {"files": (Path("speech"),)}, bits=None)
    assert isinstance(config.model, FoldedAsrConfig)
    assert (config.model.dataset, config.data.dataset, config.model.outputs) == ("speech", "speech", 29)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["btag", "--data", "x.h5"],
            "--data: found the model btag; expected a model of jets, of CIFAR-10 or of speech. Leave --data out",
        ),
        (["btag", "--particles", "4"], "--particles: found the model btag; expected the model jet_tagger. Leave"),
        (["shvit_s1"], "the model shvit_s1: found no data set; expected a model with one"),
        (["bta"], "model zoo: found the model name 'bta'; expected one of jet_tagger_n8"),
        (["jet_tagger", "--bits", "33"], "Invalid value for '--bits': Input should be less than or equal to 32"),
    ],
)
def test_options_that_do_not_fit_are_user_errors(
    arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *arguments, "-o", str(tmp_path / "run")]) == 1
    assert message in capfd.readouterr().err
    assert not (tmp_path / "run").exists()
