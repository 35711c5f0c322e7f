"""hwflow: quantization-aware transformers to FPGA designs that equal onnxruntime bit for bit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwflow.design import Design, convert

# Before onnxruntime is imported: else it writes an identifier of the machine and reports to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Design", "__version__", "convert"]


def __getattr__(name: str) -> Any:
    """Import the API on first use, so that ``import hwflow`` and ``--help`` stay fast."""
    if name in ("convert", "Design"):
        from hwflow import design

        return getattr(design, name)
    raise AttributeError(f"module 'hwflow' has no attribute {name!r}")
