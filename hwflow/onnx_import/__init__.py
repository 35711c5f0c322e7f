"""From an ONNX file to the integer graph and to golden.onnx."""

from __future__ import annotations
