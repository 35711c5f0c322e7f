"""From a data configuration to standardised training and validation sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hwflow.data.cifar import read_cifar10
from hwflow.data.dataset import Dataset, Standardisation, join_labels
from hwflow.data.generate_btag import generate_btag
from hwflow.data.generate_cifar import generate_cifar10
from hwflow.data.generate_digits import generate_digits
from hwflow.data.generate_engine import generate_engine
from hwflow.data.generate_gw import generate_gw
from hwflow.data.generate_jets import generate_jets
from hwflow.data.handwritten import read_handwritten
from hwflow.data.jets import read_jets
from hwflow.data.speech import read_speech
from hwflow.errors import UserError

DatasetName = Literal["jets", "btag", "engine", "gw", "digits", "speech", "handwritten", "cifar10"]
_GENERATORS = {"btag": generate_btag, "engine": generate_engine, "gw": generate_gw}


class DataConfig(BaseModel):
    """Which samples to use.

    Without ``files`` they are generated from ``seed``, but for the real images of ``handwritten``. ``files`` are LHC
    jet files for the dataset ``jets``, binary files for ``cifar10``, folders in the layout of LibriSpeech for
    ``speech``, whose utterances of more than ``frames`` frames are left out.
    ``bands``: mel bands of ``digits`` and ``speech``.
    ``standardisation`` is filled from the training samples when it is first needed, and kept from then on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    dataset: DatasetName = "jets"
    samples: int = Field(default=60_000, ge=10, le=10_000_000)
    validation: float = Field(default=0.2, gt=0, lt=1)
    seed: int = Field(default=1, ge=0)
    files: tuple[Path, ...] = ()
    bands: int = Field(default=16, ge=1, le=256)
    frames: int = Field(default=1600, ge=1, le=10_000)
    standardisation: Standardisation | None = None


def load_data(config: DataConfig, tokens: int, folder: Path) -> tuple[Dataset, Dataset, DataConfig]:
    """Training set, validation set and the configuration with its standardisation filled in.

    Args:
        tokens: particles per jet; what the length of speech is made a multiple of; the others have a fixed length.
        folder: where generated files are kept.

    Raises:
        UserError: if a file cannot be used.
    """
    raw = _read(config, tokens, folder)
    order = np.random.default_rng(config.seed).permutation(len(raw))
    raw = Dataset(raw.inputs[order], raw.labels[order], raw.classes)
    split = round(len(raw) * (1 - config.validation))
    constants = config.standardisation or Standardisation.fit(raw.inputs[:split])
    data = raw.standardised(constants)
    return data.take(0, split), data.take(split, len(data)), config.model_copy(update={"standardisation": constants})


def _read(config: DataConfig, tokens: int, folder: Path) -> Dataset:
    match config.dataset:
        case "jets":
            files = config.files or (_generated_jets(config, tokens, folder),)
            return _joined(config, files, lambda file, left: read_jets(file, tokens, left))
        case "cifar10":
            return _joined(config, config.files or (_generated_cifar10(config, folder),), read_cifar10)
        case "handwritten":
            return read_handwritten().take(0, config.samples)
        case "digits":
            return _whole_chunks(generate_digits(config.samples, config.seed, config.bands), tokens)
        case "speech":
            frames = -(-config.frames // tokens) * tokens
            return _joined(config, config.files, lambda path, left: read_speech(path, config.bands, frames, left))
    return _GENERATORS[config.dataset](config.samples, config.seed)


def _joined(config: DataConfig, paths: Sequence[Path], read: Callable[[Path, int], Dataset]) -> Dataset:
    """Samples of all files, as many as are wanted."""
    if not paths:
        raise UserError("data", "no folder of speech", "at least one", "Give it with --data.")
    parts: list[Dataset] = []
    for path in paths:
        left = config.samples - sum(map(len, parts))
        parts += [read(path, left)] if left > 0 else []
    return Dataset(np.concatenate([p.inputs for p in parts]), join_labels([p.labels for p in parts]), parts[0].classes)


def _whole_chunks(data: Dataset, chunk: int) -> Dataset:
    """The same samples, their last frame repeated until they are whole chunks long."""
    missing = -data.inputs.shape[1] % chunk
    return Dataset(np.pad(data.inputs, ((0, 0), (0, missing), (0, 0)), mode="edge"), data.labels, data.classes)


def _generated_cifar10(config: DataConfig, folder: Path) -> Path:
    """The generated file for this configuration, made once."""
    path = folder / f"cifar10_{config.samples}_seed{config.seed}.bin"
    return path if path.exists() else generate_cifar10(path, config.samples, config.seed)


def _generated_jets(config: DataConfig, tokens: int, folder: Path) -> Path:
    """The generated file for this configuration, made once."""
    path = folder / f"jets_{config.samples}_{tokens}_seed{config.seed}.h5"
    return path if path.exists() else generate_jets(path, config.samples, config.seed, tokens)
