"""Delay of each operation of a traced program, in nanoseconds, from the open UltraScale+ figures ("open estimate").

An operation's delay counts the net in front of it, so that a chain of operations is the sum of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

from hwflow.backends.unrolled.program import Program
from hwflow.timing.delays import load_delays


class Opcode(IntEnum):
    """What an operation does (alkaid, docs/alir.md)."""

    NEGATE = -2
    INPUT = -1
    ADD = 0
    SUBTRACT = 1
    RELU = 2
    SELECT = 3
    ADD_CONSTANT = 4
    CONSTANT = 5
    MUX = 6
    MULTIPLY = 7
    TABLE = 8
    BITS_OF_ONE = 9
    BITS_OF_TWO = 10


_DATA = load_delays()
_NET = _DATA.net.typical
_PIN = _DATA.lut.pins[0]  # the critical input of a LUT takes its fastest pin
_LEVEL = _NET + _PIN
_WORST_ROW = "S0"
_CHAIN_BITS = 8
_LUT_INPUTS, _MUXED_INPUTS = 6, 9  # MUXF7 to MUXF9 join LUTs up to nine address bits
_INVERT = 0  # the kind of BITS_OF_ONE that is not a reduction
_LEAST_DSP_BITS = 9  # of a product; what is smaller goes to LUTs (Yosys, synth_xilinx)

REGISTER_NS = (_DATA.flip_flop.clock_to_q + _DATA.flip_flop.setup_d + _DATA.slice.lut_to_flip_flop) / 1000
INPUT_NS = (_DATA.port.input + _NET) / 1000
"""Until the data of the input FIFO are there."""


def delays(program: Program) -> list[float]:
    """Delay of every operation, in order."""
    widths = [sum(op.qint.kif) for op in program.ops]
    constant = [op.opcode == Opcode.CONSTANT for op in program.ops]
    times = []
    for op, width in zip(program.ops, widths, strict=True):
        free = all(constant[i] for i in op.addr[:2]) or _is_wiring(op)
        times.append(0.0 if free else _delay(op.opcode, [widths[i] for i in op.addr], width))
    return times


def _is_wiring(op: Any) -> bool:
    """An addition of bits that do not overlap, an inverter, the sign extension of a bit."""
    joins = op.opcode in (Opcode.ADD, Opcode.SUBTRACT) and not op.cost
    inverts = op.opcode == Opcode.BITS_OF_ONE and op.data[0] == _INVERT
    return joins or inverts or (op.opcode == Opcode.NEGATE and sum(op.qint.kif) == 1)


def uses_dsp(operands: Sequence[int]) -> bool:
    """Whether synthesis gives the product of two operands of so many bits to a DSP slice rather than to LUTs."""
    return min(operands) > 1 and sum(operands) >= _LEAST_DSP_BITS


def _delay(opcode: int, operands: Sequence[int], width: int) -> float:
    rule = _RULES.get(opcode)
    return 0.0 if rule is None else rule(operands, width) / 1000


def _adder(operands: Sequence[int], width: int) -> float:
    """One LUT a bit and the carry chain, from its first bit to its last."""
    row, wires = _DATA.carry8, _DATA.slice
    time = _LEVEL + wires.lut_to_carry + wires.carry_to_fabric
    if width <= _CHAIN_BITS:
        return time + max(row.o[_WORST_ROW][: max(width, 1)])
    through = (math.ceil(width / _CHAIN_BITS) - 2) * (wires.carry_to_carry + row.co["CI"][-1])
    return time + row.co[_WORST_ROW][-1] + through + wires.carry_to_carry + max(row.o["CI"])


def _product(operands: Sequence[int], width: int) -> float:
    if not uses_dsp(operands):
        return _LEVEL * math.ceil(math.log2(max(min(operands), 2))) + _adder(operands, width)
    dsp = _DATA.dsp48e2
    return _NET + max(dsp.a_to_m, dsp.b_to_m) + dsp.through_m + dsp.alu + dsp.alu_to_p


def _table(operands: Sequence[int], width: int) -> float:
    joined = min(max(operands[0] - _LUT_INPUTS, 0), _MUXED_INPUTS - _LUT_INPUTS)
    levels = 1 + math.ceil(max(operands[0] - _MUXED_INPUTS, 0) / 2)
    return _LEVEL * levels + (_DATA.muxf.select + _NET) * (joined > 0) + _DATA.muxf.data * max(joined - 1, 0)


def _reduction(operands: Sequence[int], width: int) -> float:
    return _LEVEL * math.ceil(math.log(max(operands[0], 2), _LUT_INPUTS))


def _lut(operands: Sequence[int], width: int) -> float:
    return _LEVEL


# BITS_OF_TWO masks what a multiplexer or a reduction beside it takes in anyway.
_RULES: dict[int, Callable[[Sequence[int], int], float]] = {
    Opcode.NEGATE: _adder,
    Opcode.ADD: _adder,
    Opcode.SUBTRACT: _adder,
    Opcode.ADD_CONSTANT: _adder,
    Opcode.MULTIPLY: _product,
    Opcode.TABLE: _table,
    Opcode.BITS_OF_ONE: _reduction,
    Opcode.RELU: _lut,
    Opcode.MUX: _lut,
}
