"""hls4ml without what it does on the side."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings; and no Keras, unless it is there already.

    hls4ml 1.3 imports it when it writes a project (``writer/vivado_writer.py``, ``write_yml``), and with it TensorFlow:
    seconds and notices on standard error, for a model that holds no Keras object.
    """
    absent = "keras" not in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if absent:
                sys.modules["keras"] = None  # type: ignore[assignment]
            yield
        finally:
            if absent:
                del sys.modules["keras"]
