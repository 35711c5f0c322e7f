"""hwflow: quantization-aware transformers to FPGA designs that equal onnxruntime bit for bit."""

from __future__ import annotations

__version__ = "0.1.0"
