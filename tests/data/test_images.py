"""Image data: the digits, the reader of CIFAR-10's files, the generator of its layout, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwflow.data import DataConfig, generate_cifar10, load_data, read_cifar10, read_handwritten
from hwflow.data.cifar import RECORD
from hwflow.errors import UserError


def test_the_digits_are_there() -> None:
    data = read_handwritten()
    assert data.inputs.shape == (1797, 1, 8, 8)
    assert (data.inputs.min(), data.inputs.max()) == (0, 16)
    assert np.bincount(data.labels).min() > 170


def test_cifar_records_are_planes_of_red_green_and_blue(tmp_path: Path) -> None:
    records = np.zeros((3, RECORD), np.uint8)
    records[1, 0], records[1, 1 + 2 * 1024 + 32 * 5 + 7] = 9, 200  # blue, row 5, column 7
    (tmp_path / "a.bin").write_bytes(records.tobytes())
    data = read_cifar10(tmp_path / "a.bin")
    assert data.inputs.shape == (3, 3, 32, 32)
    assert data.labels.tolist() == [0, 9, 0]
    assert np.argwhere(data.inputs).tolist() == [[1, 2, 5, 7]]
    assert data.inputs.max() == 200
    assert len(read_cifar10(tmp_path / "a.bin", 2)) == 2


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 bytes"),
        (b"\0" * (RECORD - 1), f"{RECORD - 1} bytes"),
        (b"\0" * RECORD + b"\x0a" + b"\0" * (RECORD - 1), "the label 10"),
        (None, "no such file"),
    ],
)
def test_a_damaged_cifar_file_is_refused(content: bytes | None, found: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(UserError, match=f"a.bin: found {found}; expected CIFAR-10's binary version"):
        read_cifar10(tmp_path / "a.bin")


def test_the_generated_file_is_of_the_same_layout_and_repeats(tmp_path: Path) -> None:
    paths = [generate_cifar10(tmp_path / f"{i}.bin", 300, seed) for i, seed in enumerate((1, 1, 2))]
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again != other
    data = read_cifar10(paths[0])
    assert set(data.labels) == set(range(10))
    assert data.inputs.std() > 40


def test_images_are_standardised_channel_by_channel(tmp_path: Path) -> None:
    config = DataConfig(dataset="cifar10", samples=200)
    training, validation, filled = load_data(config, 3, tmp_path)
    np.testing.assert_allclose(training.inputs.mean((0, 2, 3)), 0, atol=1e-3)
    np.testing.assert_allclose(training.inputs.std((0, 2, 3)), 1, atol=1e-3)
    assert validation.inputs.shape == (40, 3, 32, 32)
    again, _, _ = load_data(filled.model_copy(update={"files": tuple(tmp_path.glob("*.bin"))}), 3, tmp_path)
    np.testing.assert_array_equal(again.inputs, training.inputs)


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    training, _, _ = load_data(DataConfig(dataset="handwritten", samples=20), 1, tmp_path)
    training.require_shape((1, 8, 8))
    with pytest.raises(UserError, match=r"samples of shape \(1, 8, 8\); expected what the model takes, \(3, 32, 32\)"):
        training.require_shape((3, 32, 32))
