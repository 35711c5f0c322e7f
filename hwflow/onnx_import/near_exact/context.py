"""What every rewrite is given, and how it writes down what it did."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from hwflow.onnx_import.near_exact.options import NearExactOptions
from hwflow.onnx_import.near_exact.queries import label
from hwflow.onnx_import.near_exact.ranges import Ranges
from hwflow.onnx_import.rewrite import Replacement


@dataclass
class Context:
    """The model that is rewritten, observed ranges of the original's values, and the widths."""

    model: ir.Model
    ranges: Ranges
    options: NearExactOptions
    notes: list[str] = field(default_factory=list)

    @property
    def graph(self) -> ir.Graph:
        return self.model.graph

    @property
    def opset(self) -> int:
        """The model's operator set."""
        versions = self.graph.opset_imports
        return max(versions.get(domain, 1) for domain in ("", "ai.onnx"))

    def note(self, node: ir.Node, what: str) -> None:
        """One sentence for the report."""
        self.notes.append(f"{node.op_type} {label(node)!r}: {what}")

    def reduce(self, r: Replacement, op_type: str, value: ir.Value) -> ir.Value:
        """ReduceSum or ReduceMax over the last axis, kept; the axes moved from an attribute to an input in time."""
        if op_type == "ReduceSum" or self.opset >= 18:
            return r.op(op_type, value, r.const(np.asarray([-1], np.int64), "axes"), keepdims=1)
        return r.op(op_type, value, axes=[-1], keepdims=1)
