"""Skips the folder where TensorFlow and QKeras are not installed; quiet, seeded, one thread."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("qkeras", reason="the extra 'qkeras' is not installed", exc_type=ImportError)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    import keras

    keras.utils.set_random_seed(0)
    keras.backend.clear_session()  # the names of layers do not depend on the tests before
