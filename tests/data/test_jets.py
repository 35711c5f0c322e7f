"""The LHC jet reader, the jet generator that writes its layout, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from hwflow.data.generate_jets import generate_jets
from hwflow.data.jet_layout import JET_NAMES, PARTICLE_NAMES
from hwflow.data.jets import CLASSES, read_jets
from hwflow.errors import UserError


def write(path: Path, constituents: np.ndarray | None, jets: np.ndarray | None) -> Path:
    with h5py.File(path, "w") as file:
        if constituents is not None:
            file["jetConstituentList"] = constituents
        if jets is not None:
            file["jets"] = jets
    return path


def one_hot(labels: list[int]) -> np.ndarray:
    table = np.zeros((len(labels), 59), np.float32)
    table[np.arange(len(labels)), 53 + np.array(labels)] = 1
    return table


def test_the_leading_particles_by_pt_are_read_and_padded(tmp_path: Path) -> None:
    constituents = np.zeros((2, 3, 16), np.float32)
    constituents[0, :, 5] = [1.0, 30.0, 20.0]
    constituents[0, :, 8] = [0.1, 0.3, 0.2]
    constituents[0, :, 11] = [-0.1, -0.3, -0.2]
    constituents[1, 0, 5] = 7.0
    data = read_jets(write(tmp_path / "jets.h5", constituents, one_hot([4, 1])), particles=2)
    np.testing.assert_allclose(data.inputs[0], [[30, 0.3, -0.3], [20, 0.2, -0.2]])
    np.testing.assert_allclose(data.inputs[1], [[7, 0, 0], [0, 0, 0]])
    assert data.labels.tolist() == [4, 1]
    assert data.classes == ("g", "q", "W", "Z", "t")
    longer = read_jets(tmp_path / "jets.h5", particles=5)
    assert longer.inputs.shape == (2, 5, 3)
    assert not longer.inputs[:, 3:].any()


def test_the_generator_writes_the_public_layout(tmp_path: Path) -> None:
    path = generate_jets(tmp_path / "jets.h5", jets=50, seed=3, particles=20)
    with h5py.File(path) as file:
        assert file["jetConstituentList"].shape == (50, 20, 16)
        assert file["jets"].shape == (50, 59)
        assert [PARTICLE_NAMES[c] for c in (5, 8, 11)] == ["j1_pt", "j1_etarel", "j1_phirel"]
        assert [name.decode() for name in file["jetFeatureNames"]] == list(JET_NAMES)
        assert JET_NAMES[-6:] == ("j_g", "j_q", "j_w", "j_z", "j_t", "j_undef")
        pt = file["jetConstituentList"][:, :, 5]
        px, py = file["jetConstituentList"][:, :, 0], file["jetConstituentList"][:, :, 1]
    assert (np.diff(pt, axis=1) <= 0).all()
    np.testing.assert_allclose(np.hypot(px, py), pt, rtol=1e-4)
    assert not list(tmp_path.glob(".*.partial"))


def test_the_same_seed_gives_the_same_jets_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        read_jets(generate_jets(tmp_path / f"{i}.h5", jets=5000, seed=seed, particles=8), 8)
        for i, seed in enumerate((1, 1, 2))
    )
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.inputs, other.inputs)


def test_the_classes_have_the_masses_they_are_named_for(tmp_path: Path) -> None:
    path = generate_jets(tmp_path / "jets.h5", jets=4000, seed=1)
    label = read_jets(path, 8).labels
    with h5py.File(path) as file:
        mass = file["jets"][:, JET_NAMES.index("j_mass")]
    median = {name: np.median(mass[label == i]) for i, name in enumerate(CLASSES)}
    assert median["q"] < median["g"]
    assert 70 < median["W"] < median["Z"] < 120 < median["t"] < 210
    assert np.bincount(label).min() > 700


def test_limit_stops_early(tmp_path: Path) -> None:
    path = generate_jets(tmp_path / "jets.h5", jets=40, seed=1, particles=8)
    assert len(read_jets(path, 8, limit=7)) == 7
    with pytest.raises(UserError, match="found no jets; expected at least one jet"):
        read_jets(path, 8, limit=0)


@pytest.mark.parametrize(
    ("constituents", "jets", "message"),
    [
        (None, one_hot([0]), "the datasets jets; expected a dataset named jetConstituentList"),
        (np.zeros((1, 4, 16)), None, "the datasets jetConstituentList; expected a dataset named jets"),
        (np.float32(1), one_hot([0]), r"shape \(\); expected rank 3 with at least 12 columns"),
        (np.zeros((1, 16)), one_hot([0]), r"shape \(1, 16\); expected rank 3 with at least 12 columns"),
        (np.zeros((1, 4, 11)), one_hot([0]), r"shape \(1, 4, 11\); expected rank 3 with at least 12 columns"),
        (np.zeros((1, 4, 16)), np.zeros((1, 4)), r"jets of shape \(1, 4\); expected rank 2 with at least 6 columns"),
        (np.zeros((2, 4, 16)), one_hot([0]), "2 jets in jetConstituentList and 1 in jets"),
        (np.zeros((1, 4, 16)), np.zeros((1, 59)), "not one-hot; expected one of the five classes per jet"),
    ],
)
def test_another_layout_is_refused(
    constituents: np.ndarray | None, jets: np.ndarray | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        read_jets(write(tmp_path / "jets.h5", constituents, jets), 8)


def test_a_file_that_is_not_hdf5_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jets.h5").write_text("pt,eta\n")
    for name in ("jets.h5", "missing.h5"):
        with pytest.raises(UserError, match=f"{name}: found a file that is not HDF5, or no file"):
            read_jets(tmp_path / name, 8)


@pytest.mark.parametrize("shape", [(10**12, 4, 16), (1, 10**9, 16)])
def test_a_file_that_claims_an_absurd_size_is_refused_unread(shape: tuple[int, ...], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "jets.h5", "w") as file:
        file.create_dataset("jetConstituentList", shape, np.float32, chunks=(1, 4, 16))
        file["jets"] = one_hot([0])
    with pytest.raises(UserError, match="expected at most 10000000 jets of 65536 numbers"):
        read_jets(tmp_path / "jets.h5", 8)


def test_a_dataset_that_lives_in_another_file_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "other.h5", np.zeros((1, 4, 16)), one_hot([0]))
    with h5py.File(tmp_path / "jets.h5", "w") as file:
        file["jets"] = one_hot([0])
        file["jetConstituentList"] = h5py.ExternalLink(str(secret), "/jetConstituentList")
    with pytest.raises(UserError, match="expected a dataset named jetConstituentList"):
        read_jets(tmp_path / "jets.h5", 8)
