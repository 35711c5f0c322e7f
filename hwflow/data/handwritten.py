"""Handwritten digits: the 1,797 images of 8 x 8 pixels that scikit-learn brings along (UCI, doi 10.24432/C50P49)."""

from __future__ import annotations

import numpy as np

from hwflow.data.dataset import Dataset
from hwflow.errors import ToolMissing

CLASSES = tuple(map(str, range(10)))


def read_handwritten() -> Dataset:
    """Inputs (1797, 1, 8, 8), counts of ink from 0 to 16.

    Raises:
        ToolMissing: without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise ToolMissing("scikit-learn", "the data set handwritten", "Install it: pip install scikit-learn") from error
    images, labels = load_digits(return_X_y=True)
    return Dataset(images.reshape(-1, 1, 8, 8).astype(np.float32), labels.astype(np.int64), CLASSES)
