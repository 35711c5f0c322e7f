"""Everything that keeps a model from being imported, collected so that the user sees it all at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.rewrite import origin_of

NEAR_EXACT = "use hwflow's table form of it, or import in near-exact mode"
_GROUPS = (
    "no mode normalises groups of channels together with their pixels; train with BatchNormalization, "
    "or with hwflow's GroupNorm of one group, which is exact"
)
_ADVICE = {
    "Softmax": NEAR_EXACT,
    "LayerNormalization": NEAR_EXACT,
    "GroupNormalization": _GROUPS,
    "InstanceNormalization": _GROUPS,
    "BatchNormalization": "fold it into the layer before it, or import in near-exact mode",
    "ConvTranspose": "write it as an upsampling and a Conv",
    "Where": "its condition and one of its branches must be constants; write others as sums and products",
    "Einsum": "write it as MatMul and Transpose of two operands",
    "Expand": "give it a constant shape",
    "PRelu": "give it a constant slope",
    "Resize": "repeat rows and columns by Concat, or leave it out",
    "Attention": "export it as MatMul and Softmax (an operator set below 23), and use near-exact mode",
    "LogSoftmax": "leave it out and take the logarithm behind the design, or import in near-exact mode",
}


class Unsupported(Exception):
    """Raised by a handler: why this node cannot become integers, and what to do."""


class NotQuantised(Unsupported):
    """Raised for a constant on no fixed-point grid."""


@dataclass(slots=True)
class Problems:
    """Collects refusals node by node."""

    lines: list[str] = field(default_factory=list)

    def add(self, position: int, node: ir.Node, reason: str) -> None:
        """Note why a node is refused."""
        self.lines.append(f"node {position} {origin_of(node)}: {reason}")

    def raise_if_any(self) -> None:
        """UserError that lists every problem."""
        if self.lines:
            count = len(self.lines)
            raise UserError(
                "model",
                f"{count} node{'s' * (count > 1)} without an exact integer form:\n  " + "\n  ".join(self.lines) + "\n",
                "a quantised model whose every value is an integer times a power of two",
                "Change the nodes named, or import in near-exact mode.",
            )


def advice(op_type: str) -> str:
    """What to do about an op that has no handler."""
    return f"not supported: {_ADVICE.get(op_type, 'rewrite it with supported ops')}"
