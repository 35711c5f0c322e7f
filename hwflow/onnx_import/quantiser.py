"""The quantiser of QONNX: reading its node, checking it, and what it does in standard ONNX ops.

Source of the semantics: the QONNX operator definition of ``Quant``
(github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops/quant_op.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.ir.ops.requantise import Requantise, Rounding
from hwflow.ir.types import FixedType
from hwflow.limits import LIMITS
from hwflow.onnx_import.problems import Unsupported

QUANT_DOMAINS = frozenset({"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"})
_ROUNDINGS: dict[str, Rounding] = {"ROUND": "half_even", "HALF_EVEN": "half_even", "FLOOR": "floor"}


def is_quant(node: ir.Node) -> bool:
    """Whether a node is a QONNX Quant."""
    return node.op_type in ("Quant", "IntQuant") and node.domain in QUANT_DOMAINS


@dataclass(frozen=True, slots=True)
class Quantiser:
    """A uniform quantiser: ``clip(round(x / scale)) * scale`` with zero point 0.

    ``scale`` is a float32 array that broadcasts against x.
    """

    scale: np.ndarray
    bits: int
    signed: bool
    narrow: bool
    rounding: Rounding

    @property
    def lo(self) -> int:
        """Smallest integer."""
        return -(1 << (self.bits - 1)) + self.narrow if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest integer. A narrow unsigned quantiser leaves out the top."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1 - self.narrow

    @property
    def frac(self) -> int | None:
        """Fraction bits when the scale is one power of two, else None."""
        first = float(self.scale.flat[0])
        mantissa, exponent = math.frexp(first)
        uniform = bool(np.all(self.scale == first))
        return 1 - exponent if mantissa == 0.5 and uniform else None

    def requantise(self, frac: int) -> Requantise:
        """The integer op of a quantiser whose scale is ``2**-frac``."""
        return Requantise(FixedType(self.signed, self.bits, frac), self.rounding, self.narrow and self.signed)


def read_quantiser(node: ir.Node) -> Quantiser:
    """The quantiser of a Quant node. UserError names the node and what in it is wrong."""
    subject = f"Quant {node.outputs[0].name!r}"
    scale, zero_point, bit_width = (_constant(node, index, subject) for index in (1, 2, 3))
    if np.any(zero_point != 0):
        raise UserError(subject, f"zero point {zero_point.ravel()[0]:g}", "0", "Use a symmetric quantiser.")
    if not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise UserError(subject, "a scale that is not positive", "a positive scale", "Calibrate the quantiser.")
    rounding = _string(node, "rounding_mode", "ROUND").upper()
    if rounding not in _ROUNDINGS:
        raise UserError(subject, f"rounding mode {rounding}", "ROUND or FLOOR", "Export with ROUND (half to even).")
    signed, narrow = bool(_int(node, "signed", 1)), bool(_int(node, "narrow", 0))
    if narrow and not signed:
        raise UserError(subject, "a narrow unsigned range", "narrow only when signed", "Set narrow_range=False.")
    return Quantiser(scale.astype(np.float32), read_bits(bit_width, subject), signed, narrow, _ROUNDINGS[rounding])


def exact_quantiser(node: ir.Node) -> tuple[Quantiser, int]:
    """The quantiser of a Quant node and its fraction bits. Refuses a scale that is not one power of two."""
    try:
        quantiser = read_quantiser(node)
    except UserError as error:
        raise Unsupported(str(error)) from error
    if quantiser.frac is None:
        raise Unsupported("its scale is not one power of two; train with power-of-two scales or use near-exact mode")
    return quantiser, quantiser.frac


def read_bits(bit_width: np.ndarray, subject: str) -> int:
    """A bit width within the limits. Raises UserError."""
    bits = float(bit_width.flat[0])
    if bit_width.size != 1 or not bits.is_integer() or not 1 <= bits <= LIMITS.bit_width:
        raise UserError(
            subject, f"bit width {bits:g}", f"one integer from 1 to {LIMITS.bit_width}", "Set the bit width."
        )
    return int(bits)


def _constant(node: ir.Node, index: int, subject: str) -> np.ndarray:
    value = node.inputs[index] if index < len(node.inputs) else None
    if value is None or value.const_value is None or value.const_value.size == 0:
        role = ("input", "scale", "zero point", "bit width")[index]
        raise UserError(subject, f"a {role} that is not a constant", "a constant", "Export in evaluation mode.")
    return np.atleast_1d(value.const_value.numpy())


def _int(node: ir.Node, name: str, default: int) -> int:
    return node.attributes[name].as_int() if name in node.attributes else default


def _string(node: ir.Node, name: str, default: str) -> str:
    return node.attributes[name].as_string() if name in node.attributes else default
