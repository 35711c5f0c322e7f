"""From a data configuration to standardised training and validation sets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hwflow.data.dataset import Dataset, Standardisation
from hwflow.data.generate_btag import generate_btag
from hwflow.data.generate_engine import generate_engine
from hwflow.data.generate_gw import generate_gw
from hwflow.data.generate_jets import generate_jets
from hwflow.data.jets import read_jets

DatasetName = Literal["jets", "btag", "engine", "gw"]
_GENERATORS = {"btag": generate_btag, "engine": generate_engine, "gw": generate_gw}


class DataConfig(BaseModel):
    """Which samples to use.

    Without ``files`` they are generated from ``seed``. ``files`` are LHC jet files, for the dataset ``jets`` only.
    ``standardisation`` is filled from the training samples when it is first needed, and kept from then on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    dataset: DatasetName = "jets"
    samples: int = Field(default=60_000, ge=10, le=10_000_000)
    validation: float = Field(default=0.2, gt=0, lt=1)
    seed: int = Field(default=1, ge=0)
    files: tuple[Path, ...] = ()
    standardisation: Standardisation | None = None


def load_data(config: DataConfig, tokens: int, folder: Path) -> tuple[Dataset, Dataset, DataConfig]:
    """Training set, validation set and the configuration with its standardisation filled in.

    Args:
        tokens: particles per jet; the other datasets have a fixed length.
        folder: where generated jets are kept as an HDF5 file.

    Raises:
        UserError: if a jet file cannot be used.
    """
    raw = _read(config, tokens, folder)
    order = np.random.default_rng(config.seed).permutation(len(raw))
    raw = Dataset(raw.inputs[order], raw.labels[order], raw.classes)
    split = round(len(raw) * (1 - config.validation))
    constants = config.standardisation or Standardisation.fit(raw.inputs[:split])
    data = raw.standardised(constants)
    return data.take(0, split), data.take(split, len(data)), config.model_copy(update={"standardisation": constants})


def _read(config: DataConfig, tokens: int, folder: Path) -> Dataset:
    if config.dataset != "jets":
        return _GENERATORS[config.dataset](config.samples, config.seed)
    files = config.files or (_generated_jets(config, tokens, folder),)
    parts: list[Dataset] = []
    for file in files:
        left = config.samples - sum(map(len, parts))
        parts += [read_jets(file, tokens, left)] if left > 0 else []
    inputs, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("inputs", "labels"))
    return Dataset(inputs, labels, parts[0].classes)


def _generated_jets(config: DataConfig, tokens: int, folder: Path) -> Path:
    """The generated file for this configuration, made once."""
    path = folder / f"jets_{config.samples}_{tokens}_seed{config.seed}.h5"
    return path if path.exists() else generate_jets(path, config.samples, config.seed, tokens)
