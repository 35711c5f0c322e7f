"""The in-memory generators, standardisation, and the way from a configuration to data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwflow.data import (
    DataConfig,
    Dataset,
    Standardisation,
    generate_btag,
    generate_engine,
    generate_gw,
    generate_jets,
    load_data,
)
from hwflow.verify.scores import auc

GENERATORS = [(generate_btag, (15, 6), 3), (generate_engine, (50, 1), 2), (generate_gw, (100, 2), 2)]


@pytest.mark.parametrize(("generate", "shape", "classes"), GENERATORS)
def test_shape_and_determinism(generate: Callable[[int, int], Dataset], shape: tuple[int, int], classes: int) -> None:
    data, again, other = generate(300, 5), generate(300, 5), generate(300, 6)
    assert data.inputs.shape == (300, *shape)
    assert data.inputs.dtype == np.float32
    assert np.isfinite(data.inputs).all()
    assert len(data.classes) == classes == len(np.unique(data.labels))
    np.testing.assert_array_equal(data.inputs, again.inputs)
    np.testing.assert_array_equal(data.labels, again.labels)
    assert not np.array_equal(data.inputs, other.inputs)


@pytest.mark.parametrize(
    ("generate", "statistic", "positive"),
    [
        (generate_btag, lambda x: (x[:, :, 3] > 3).sum(1), 0),  # displaced tracks
        (generate_engine, lambda x: np.abs(np.diff(x[:, :, 0], 2, axis=1)).max(1), 1),  # sharp knocks
        (generate_gw, lambda x: -(x[:, :, 0] * x[:, :, 1]).sum(1), 1),  # the detectors agree, with opposite sign
    ],
)
def test_the_signal_is_there_but_not_for_free(
    generate: Callable[[int, int], Dataset], statistic: Callable[[np.ndarray], np.ndarray], positive: int
) -> None:
    data = generate(4000, 1)
    area = auc(statistic(data.inputs), data.labels == positive)
    assert area is not None
    assert 0.7 < area < 0.95


def test_standardisation_ignores_padding_and_survives_json() -> None:
    inputs = np.random.default_rng(0).normal([3.0, -2.0], [2.0, 0.5], (500, 4, 2)).astype(np.float32)
    padded = np.concatenate([inputs, np.zeros_like(inputs)], axis=1)
    constants = Standardisation.fit(padded)
    np.testing.assert_allclose(constants.mean, inputs.mean((0, 1)), rtol=1e-5)
    standard = constants.apply(inputs)
    assert standard.dtype == np.float32
    np.testing.assert_allclose(standard.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(standard.std((0, 1)), 1, rtol=1e-4)
    assert Standardisation.model_validate_json(constants.model_dump_json()) == constants


def test_a_constant_feature_is_not_divided_by_zero() -> None:
    assert np.isfinite(Standardisation.fit(np.ones((3, 2, 1), np.float32)).apply(np.ones((3, 2, 1), np.float32))).all()


@pytest.mark.parametrize("name", ["jets", "btag"])
def test_loading_twice_gives_the_same_split(name: str, tmp_path: Path) -> None:
    config = DataConfig(dataset=name, samples=200, validation=0.25)
    train, validation, filled = load_data(config, 15, tmp_path)
    assert (len(train), len(validation)) == (150, 50)
    assert filled.standardisation is not None
    again = load_data(filled, 15, tmp_path)
    np.testing.assert_array_equal(train.inputs, again[0].inputs)
    np.testing.assert_array_equal(validation.inputs, again[1].inputs)
    assert again[2] == filled
    assert DataConfig.model_validate_json(filled.model_dump_json()) == filled


def test_several_files_are_read_in_turn(tmp_path: Path) -> None:
    files = tuple(generate_jets(tmp_path / f"{seed}.h5", 30, seed, 8) for seed in (1, 2))
    train, validation, _ = load_data(DataConfig(samples=45, files=files), 8, tmp_path)
    assert len(train) + len(validation) == 45
