"""Reader of CIFAR-10's binary files (Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html).

A file is a sequence of records: one byte of label, then 32 x 32 bytes each of red, green and blue, row by row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwflow.data.dataset import Dataset
from hwflow.errors import UserError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32  # bytes
MAX_RECORDS = 1_000_000


def read_cifar10(path: Path, limit: int | None = None) -> Dataset:
    """Inputs (images, 3, 32, 32) in 0 .. 255; ``limit`` stops after that many images.

    Raises:
        UserError: if there is no such file, it is no whole number of records, too long, or a label is above 9.
    """
    if not path.is_file():
        raise _refused(path, "no such file")
    size = path.stat().st_size
    count, rest = divmod(size, RECORD)
    if rest or not count or count > MAX_RECORDS:
        raise _refused(path, f"{size} bytes")
    count = count if limit is None else min(limit, count)
    records = np.fromfile(path, np.uint8, count * RECORD).reshape(count, RECORD)
    if (top := int(records[:, 0].max())) >= len(CLASSES):
        raise _refused(path, f"the label {top}")
    return Dataset(records[:, 1:].reshape(-1, *SHAPE).astype(np.float32), records[:, 0].astype(np.int64), CLASSES)


def _refused(path: Path, found: str) -> UserError:
    expected = f"CIFAR-10's binary version: records of {RECORD} bytes, 1 to {MAX_RECORDS}, with labels from 0 to 9"
    return UserError(str(path), found, expected, "Give a file such as data_batch_1.bin.")
