"""The run folder of a training: its configuration, its files, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from hwflow.data import DataConfig, DatasetName
from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.models import FoldedAsrConfig, JetTaggerConfig, ModelConfig, Precision, config_for

_SAMPLES: dict[DatasetName, int] = {
    "jets": 60_000,
    "btag": 40_000,
    "engine": 15_000,
    "gw": 12_000,
    "digits": 2000,
    "speech": 30_000,
    "handwritten": 1797,
    "cifar10": 10_000,
}


class TrainConfig(BaseModel):
    """How to train: epochs of the float twin, then of quantization-aware fine-tuning, each a cycle of its rate."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    float_epochs: int = Field(default=12, ge=0)
    quantized_epochs: int = Field(default=6, ge=0)
    batch: int = Field(default=512, ge=1)
    float_rate: float = Field(default=6e-3, gt=0)
    quantized_rate: float = Field(default=1.5e-3, gt=0)
    learn_scales: bool = False
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=2, ge=1)


_SPEECH = TrainConfig(float_epochs=12, quantized_epochs=4, batch=32, float_rate=4e-3, quantized_rate=1e-3, threads=1)
# Where the defaults do not do. Sequences have many losses each, and come in smaller batches. Their ops, and those of
# the handwritten digits, are so small that more threads would only wait for one another.
_TRAIN: dict[DatasetName, TrainConfig] = {
    "digits": _SPEECH,
    "speech": _SPEECH,
    "handwritten": TrainConfig(float_epochs=20, quantized_epochs=20, batch=64, threads=1),
    "cifar10": TrainConfig(batch=64),
}


class RunConfig(BaseModel):
    """Everything a run depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: ModelConfig = JetTaggerConfig()
    data: DataConfig = DataConfig()
    train: TrainConfig = TrainConfig()


def run_config(
    name: str,
    *,
    precision: Literal["default", "paper"] | Precision = "default",
    samples: int | None = None,
    train: TrainConfig | None = None,
) -> RunConfig:
    """The default run of the zoo's model ``name``; precision as in `hwflow.models.config_for`.

    Raises:
        UserError: for an unknown name, or a model that hwflow has no data for.
    """
    model = config_for(name, precision=precision)
    dataset: DatasetName | None = "jets" if isinstance(model, JetTaggerConfig) else model.dataset
    if dataset is None:
        raise UserError(f"the model {name}", "no data set", "a model with one", "Train it with code of your own.")
    data = DataConfig(dataset=dataset, samples=samples or _SAMPLES[dataset])
    if isinstance(model, FoldedAsrConfig):
        data = data.model_copy(update={"bands": model.bands})
    return RunConfig(model=model, data=data, train=train or _TRAIN.get(dataset, TrainConfig()))


@dataclass(frozen=True)
class RunFolder:
    """Names and access to the files of a run. Every file is whole or not there."""

    path: Path

    @property
    def config(self) -> Path:
        """The `RunConfig` as JSON."""
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        """The `Metrics` as JSON."""
        return self.path / "metrics.json"

    @property
    def model(self) -> Path:
        """The parameters of the finished quantized model."""
        return self.path / "model.safetensors"

    @property
    def float_model(self) -> Path:
        """The parameters of the finished float twin."""
        return self.path / "float.safetensors"

    @property
    def checkpoint(self) -> Path:
        """Parameters, optimiser state and position of an unfinished training."""
        return self.path / "checkpoint.safetensors"

    @property
    def onnx(self) -> Path:
        """The exported QONNX model."""
        return self.path / "model.onnx"

    def read_config(self) -> RunConfig:
        """The configuration of the run.

        Raises:
            UserError: if there is none or it cannot be read.
        """
        if not self.config.is_file():
            raise UserError(
                str(self.path), "no config.json", "the folder of a training run", "Train a model there first."
            )
        try:
            return RunConfig.model_validate_json(self.config.read_text())
        except ValidationError as error:
            found = error.errors(include_url=False)[0]["msg"]
            raise UserError(
                str(self.config), found, "a run configuration", "Restore the file or train again."
            ) from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file in one step."""
    write_atomic(path, save({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file.

    Raises:
        UserError: if the file is missing or not safetensors.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        found = "no such file" if not path.exists() else "a file that is not safetensors"
        raise UserError(str(path), found, "a safetensors file", "Train the model again.") from error
