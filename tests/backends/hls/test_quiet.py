"""hls4ml does not bring Keras along, nor does it take away what a user has loaded."""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType

import pytest

from hwflow.backends.hls.quiet import quiet


def test_keras_cannot_be_imported_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with quiet(), pytest.raises(ImportError):
        importlib.import_module("keras")
    assert "keras" not in sys.modules


def test_keras_that_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = ModuleType("keras")
    monkeypatch.setitem(sys.modules, "keras", loaded)
    with quiet():
        assert importlib.import_module("keras") is loaded
    assert sys.modules["keras"] is loaded


def test_no_warning_comes_through() -> None:
    with warnings.catch_warnings(record=True) as heard, quiet():
        warnings.warn("of hls4ml", stacklevel=1)
    assert not heard
