"""A seeded generator of toy images in the layout of CIFAR-10's binary files, for machines without the real ones.

The ten classes are ten shapes in any two colours, at any place and size, under noise. Their names in the file are those
of CIFAR-10; that is all they have in common with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwflow.data.cifar import CLASSES, RECORD, SHAPE
from hwflow.files import write_atomic

Array = NDArray[np.float64]
Shape = Callable[[Array, Array], NDArray[np.bool_]]
NOISE = 24.0  # standard deviation, of 255

# Of coordinates whose unit is the size of the shape, y down.
_SHAPES: tuple[Shape, ...] = (
    lambda x, y: x**2 + y**2 < 1,  # a disc
    lambda x, y: np.maximum(abs(x), abs(y)) < 0.9,  # a square
    lambda x, y: (y < 0.8) & (y > 2 * abs(x) - 1),  # a triangle
    lambda x, y: (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 1),  # a cross
    lambda x, y: abs(np.hypot(x, y) - 0.8) < 0.25,  # a ring
    lambda x, y: abs(abs(x) + abs(y) - 0.9) < 0.3,  # a hollow rhombus
    lambda x, y: np.sin(5 * x) > 0,  # upright stripes
    lambda x, y: np.sin(5 * y) > 0,  # level stripes
    lambda x, y: np.sin(4 * (x + y)) > 0,  # slanting stripes
    lambda x, y: np.sin(4 * x) * np.sin(4 * y) > 0,  # a checkerboard
)


def generate_cifar10(path: Path, images: int, seed: int) -> Path:
    """Write ``images`` toy images to the file ``path``, in one step. Same seed, same bytes."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    records = np.empty((images, RECORD), np.uint8)
    records[:, 0] = rng.integers(len(CLASSES), size=images)
    for record in records:
        record[1:] = _image(rng, _SHAPES[record[0]]).ravel()
    return write_atomic(path, records.tobytes())


def _image(rng: np.random.Generator, shape: Shape) -> NDArray[np.uint8]:
    """(3, 32, 32) bytes."""
    (x, y), size = rng.uniform(10, 21, 2), rng.uniform(6, 11)
    rows, columns = np.mgrid[:32, :32]
    inside = shape((columns - x) / size, (rows - y) / size)
    front, back = _colours(rng)
    image = np.where(inside, front, back) + rng.normal(0, NOISE, SHAPE)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _colours(rng: np.random.Generator) -> tuple[Array, Array]:
    """Two colours (3, 1, 1), the channels of one at least 60 from those of the other."""
    back = rng.uniform(0, 255, (3, 1, 1))
    return (back + rng.uniform(60, 195, (3, 1, 1)) * rng.choice((-1, 1), (3, 1, 1))) % 256, back
