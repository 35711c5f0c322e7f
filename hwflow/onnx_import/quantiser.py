"""The quantiser of QONNX: reading its node and checking it.

Source of the semantics: the QONNX operator definition of ``Quant`` and ``IntQuant``
(github.com/fastmachinelearning/qonnx, docs/qonnx-custom-ops/quant_op.md, intquant_v1.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.ir.rounding import PortRounding
from hwflow.limits import LIMITS
from hwflow.onnx_import.problems import Unsupported

QUANT_DOMAINS = frozenset({"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"})
ROUNDS_FIRST = "hwflow_rounds_first"
"""Attribute of hwflow's own Quant nodes: the zero point is added behind the rounding, as QuantizeLinear does."""
POINT_BITS = 8  # fraction bits that a zero point may have
_ROUNDINGS: dict[str, PortRounding] = {
    **dict.fromkeys(("ROUND", "HALF_EVEN"), "half_even"),
    **dict.fromkeys(("DOWN", "ROUND_TO_ZERO"), "down"),
    "FLOOR": "floor",
    "CEIL": "ceil",
    "UP": "up",
    "HALF_UP": "half_up",
    "HALF_DOWN": "half_down",
}


def is_quant(node: ir.Node) -> bool:
    """Whether a node is a QONNX Quant."""
    return node.op_type in ("Quant", "IntQuant") and node.domain in QUANT_DOMAINS


def is_bipolar(node: ir.Node) -> bool:
    """Whether a node is a QONNX BipolarQuant: the sign of x, that of 0 positive, times a scale."""
    return node.op_type == "BipolarQuant" and node.domain in QUANT_DOMAINS


def power_of_two(scale: np.ndarray) -> int | None:
    """Fraction bits when a scale is one power of two, else None."""
    first = float(scale.flat[0])
    mantissa, exponent = math.frexp(first)
    return 1 - exponent if mantissa == 0.5 and bool(np.all(scale == first)) else None


@dataclass(frozen=True, slots=True)
class Quantiser:
    """A uniform quantiser: ``(clip(round(x / scale + zero_point), lo, hi) - zero_point) * scale``.

    ``scale`` and ``zero_point`` are float32 arrays that broadcast against x. ``rounds_first``: round(x / scale) +
    zero_point instead, which QuantizeLinear is; the same but for ties at an odd zero point.
    """

    scale: np.ndarray
    zero_point: np.ndarray
    bits: int
    signed: bool
    narrow: bool
    rounding: PortRounding
    rounds_first: bool = False

    @property
    def lo(self) -> int:
        """Smallest integer, the zero point included."""
        return -(1 << (self.bits - 1)) + self.narrow if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest integer, the zero point included. A narrow unsigned quantiser leaves out the top."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1 - self.narrow

    @property
    def frac(self) -> int | None:
        """Fraction bits when the scale is one power of two, else None."""
        return power_of_two(self.scale)

    @property
    def point(self) -> int | None:
        """The zero point when it is one integer for the whole tensor, else None."""
        first = float(self.zero_point.flat[0])
        return int(first) if first.is_integer() and bool(np.all(self.zero_point == first)) else None

    @property
    def value_bits(self) -> int:
        """Bits of what comes out as integers (of ``2**-POINT_BITS`` for a zero point with a fraction)."""
        if self.point == 0:
            return self.bits
        fine = 0 if np.all(self.zero_point == np.rint(self.zero_point)) else POINT_BITS
        low, high = self.lo - float(self.zero_point.max()), self.hi - float(self.zero_point.min())
        return int(max(abs(low), abs(high)) * 2.0**fine).bit_length() + 1

    @property
    def ties_to_odd(self) -> bool:
        """Whether ties of x / scale go to the odd integer."""
        odd = self.point is not None and self.point % 2 == 1
        return odd and self.rounding == "half_even" and not self.rounds_first


def read_quantiser(node: ir.Node) -> Quantiser:
    """The quantiser of a Quant node. UserError names the node and what in it is wrong."""
    subject = f"Quant {node.outputs[0].name!r}"
    scale, zero_point, bit_width = (_constant(node, index, subject) for index in (1, 2, 3))
    if problem := scale_problem(scale, subject):
        raise problem
    signed, narrow = bool(_int(node, "signed", 1)), bool(_int(node, "narrow", 0))
    first, bits = bool(_int(node, ROUNDS_FIRST, 0)), read_bits(bit_width, subject)
    rounding, point = _rounding(node, subject), zero_point.astype(np.float32)
    quantiser = Quantiser(scale.astype(np.float32), point, bits, signed, narrow, rounding, first)
    if problem := _point_problem(quantiser, subject):
        raise problem
    return quantiser


def problems_of(node: ir.Node) -> list[UserError]:
    """Everything that is wrong with the operands of a Quant node that are constants."""
    subject, found = f"Quant {node.outputs[0].name!r}", list[UserError]()
    scale, zero_point, bit_width = (_constant_or_none(node, index) for index in (1, 2, 3))
    if scale is not None and (problem := scale_problem(scale, subject)):
        found.append(problem)
    bits = None
    try:
        bits = None if bit_width is None else read_bits(bit_width, subject)
    except UserError as error:
        found.append(error)
    try:
        _rounding(node, subject)
    except UserError as error:
        found.append(error)
    if zero_point is not None and bits is not None:
        signed, narrow = bool(_int(node, "signed", 1)), bool(_int(node, "narrow", 0))
        quantiser = Quantiser(np.ones(1), zero_point.astype(np.float32), bits, signed, narrow, "half_even")
        found += [problem] if (problem := _point_problem(quantiser, subject)) else []
    return found


def scale_problem(scale: np.ndarray, subject: str) -> UserError | None:
    """What is wrong with a scale."""
    if scale.size and np.all(np.isfinite(scale)) and np.all(scale > 0):
        return None
    return UserError(subject, "a scale that is not positive", "a positive scale", "Calibrate the quantiser.")


def _rounding(node: ir.Node, subject: str) -> PortRounding:
    rounding = _string(node, "rounding_mode", "ROUND").upper()
    if rounding not in _ROUNDINGS:
        known = ", ".join(sorted(_ROUNDINGS))
        raise UserError(subject, f"rounding mode {rounding}", f"one of {known}", "Export with ROUND (half to even).")
    return _ROUNDINGS[rounding]


def _point_problem(quantiser: Quantiser, subject: str) -> UserError | None:
    point, lo, hi = quantiser.zero_point, quantiser.lo, quantiser.hi
    found = f"zero point {', '.join(f'{p:g}' for p in np.unique(point)[:4])}"
    if not np.all(np.isfinite(point)) or np.any((point < lo) | (point > hi)):
        return UserError(subject, found, f"one in [{lo}, {hi}], so that 0 is exact", "Calibrate it again.")
    if np.any(np.ldexp(point, POINT_BITS) % 1):
        expected = f"an integer, or a fraction of at most {POINT_BITS} bits"
        return UserError(subject, found, expected, "Round the zero point to an integer.")
    return None


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
    array = _constant_or_none(node, index)
    if array is None:
        role = ("input", "scale", "zero point", "bit width")[index]
        raise UserError(subject, f"a {role} that is not a constant", "a constant", "Export in evaluation mode.")
    return array


def _constant_or_none(node: ir.Node, index: int) -> np.ndarray | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    if value is None or value.const_value is None or value.const_value.size == 0:
        return None
    return np.atleast_1d(value.const_value.numpy())


def _int(node: ir.Node, name: str, default: int) -> int:
    return node.attributes[name].as_int() if name in node.attributes else default


def _string(node: ir.Node, name: str, default: str) -> str:
    return node.attributes[name].as_string() if name in node.attributes else default
