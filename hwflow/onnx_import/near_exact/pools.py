"""AveragePool over any number of pixels: a sum of windows and a constant factor, which the next scale takes over."""

from __future__ import annotations

from hwflow.onnx_import.image_rules import sum_of_windows
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.queries import is_op


def rewrite_pools(context: Context) -> None:
    """Rewrite in place. Windows that count differently stay and are refused by the importer."""
    for node in list(context.graph):
        if is_op(node, "AveragePool") and sum_of_windows(context.graph, node):
            context.note(node, "a sum of windows, with the mean's factor in the scale behind it")
