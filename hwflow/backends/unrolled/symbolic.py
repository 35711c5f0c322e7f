"""Symbolic fixed-point arrays on alkaid (LGPL-3.0-or-later, an optional dependency).

An array holds one symbol per element. Every symbol is an integer with an interval, and every function here is exact on
integers; a fraction is only where the reader of the integer puts the binary point, as in ``hwflow.ir``.

Source: alkaid 0.8.2 (the successor of da4ml, distributed arithmetic for neural networks, arXiv 2507.04535).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from hwflow.errors import ToolMissing
from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType

Symbols = Any
"""An array of symbols, or of integers for a constant."""
_EXTRA_DEPTH = 2  # adders that a constant product may have in a row beyond the fewest possible


@cache
def load(name: str) -> Any:
    """A module of alkaid. Raises ToolMissing without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ToolMissing("alkaid", "the unrolled style", "Install it: pip install 'hwflow[unrolled]'.") from None


class AllConstant(Exception):
    """Nothing of a result depends on the input, which alkaid has no array for."""


def _array(symbols: Any) -> Symbols:
    if all(isinstance(s, (int, float, np.number)) for s in np.ravel(symbols)):
        raise AllConstant
    return load("alkaid.trace").FVArray(symbols)


def inputs(shape: tuple[int, ...], type: FixedType) -> Symbols:
    """Symbols that take every integer of ``type``."""
    lo, hi = np.full(shape, float(type.lo)), np.full(shape, float(type.hi))
    return load("alkaid.trace").FVArray.from_lhs(lo, hi, np.ones(shape))


def interval(symbols: Symbols) -> tuple[int, int]:
    """Smallest and largest integer over all elements."""
    each = np.asarray(symbols).ravel()
    return int(min(s.low for s in each)), int(max(s.high for s in each))


def within(symbols: Symbols, type: FixedType) -> Symbols:
    """The same integers, known to lie in ``type``: upper bits that only sloppy intervals need are dropped."""
    return _map(symbols, lambda s: s.quantize(type.signed, type.width - type.signed, s.kif[2]))


def requantised(symbols: Symbols, shift: int, half_even: bool, lo: int, hi: int) -> Symbols:
    """``symbols / 2**shift`` rounded to integers, ties to even or downwards, then limited to [lo, hi]."""
    return _map(symbols, lambda s: _requantise(s * 2.0**-shift, half_even, lo, hi))


def limited(symbols: Symbols, lo: int, hi: int) -> Symbols:
    """``min(max(symbols, lo), hi)``."""
    return _map(symbols, lambda s: _limit(s, s, lo, hi))


def looked_up(symbols: Symbols, function: Callable[[IntArray], IntArray], type: FixedType) -> Symbols:
    """``function`` of each integer, as a table; its results lie in ``type``."""
    table = symbols.apply(lambda x: function(np.rint(x).astype(np.int64)).astype(np.float64))
    return table.quantize(int(type.signed), type.width - type.signed, 0)


def largest(symbols: Symbols, axis: int, keepdims: bool) -> Symbols:
    """The maximum along an axis."""
    return _array(np.max(symbols, axis=axis, keepdims=keepdims))


def total(symbols: Symbols, axis: int, keepdims: bool) -> Symbols:
    """The sum along an axis, as a tree that takes what is ready first."""
    return _array(np.sum(symbols, axis=axis, keepdims=keepdims))


def matrix_product(a: Symbols, b: Symbols) -> Symbols:
    """``a @ b`` over the last two axes, leading axes broadcast. Products with constants become shifts and adds."""
    solve = _Solver()
    rows = a[None] if a.ndim == 1 else a
    batch = np.broadcast_shapes(rows.shape[:-2], b.shape[:-2])
    left, right = (np.broadcast_to(np.asarray(x), (*batch, *x.shape[-2:])) for x in (rows, b))
    out = np.empty((*batch, left.shape[-2], right.shape[-1]), dtype=object)
    for at in np.ndindex(*batch):
        if _is_constant(right[at]):
            out[at] = solve.rows(left[at], right[at])
        elif _is_constant(left[at]):
            out[at] = solve.rows(right[at].T, left[at].T).T
        else:
            products = left[at][:, None, :] * right[at].T[None, :, :]
            out[at] = np.asarray(total(_array(products), -1, False))
    return _array(out[0] if a.ndim == 1 else out)


class _Solver:
    """Constant products; rows of the same intervals and arrival times share one solution."""

    def __init__(self) -> None:
        self._solved: dict[tuple[Any, ...], Any] = {}

    def rows(self, rows: Symbols, weights: IntArray) -> Any:
        """(n, in) symbols times (in, out) integers."""
        return np.stack([self._row(row, np.ascontiguousarray(weights, dtype=np.float32)) for row in rows])

    def _row(self, row: Symbols, weights: IntArray) -> Any:
        intervals = tuple((s.low, s.high, s.step) for s in row)
        arrivals = tuple(s.latency for s in row)
        key = (weights.tobytes(), intervals, arrivals)
        if key not in self._solved:
            cmvm = load("alkaid.cmvm")
            self._solved[key] = cmvm.cmvm_solve(
                weights,
                qintervals=[cmvm.QInterval(*each) for each in intervals],
                latencies=list(arrivals),
                method0="mc",
                hard_dc=_EXTRA_DEPTH,
            )
        first, second = self._solved[key]
        return second(first(row, quantize=False), quantize=False)


def _is_constant(array: Any) -> bool:
    return isinstance(array.flat[0], (int, np.integer))


def _map(symbols: Symbols, function: Callable[[Any], Any]) -> Symbols:
    raw = np.asarray(symbols)
    out = np.empty(raw.shape, dtype=object)
    out.reshape(-1)[:] = [function(s) for s in raw.ravel()]
    return _array(out)


def _requantise(s: Any, half_even: bool, lo: int, hi: int) -> Any:
    """A multiple of ``2**-frac`` to an integer in [lo, hi].

    Half is added and the fraction dropped; after a tie the lowest bit is cleared. Whether the integer is out of range
    does not depend on that bit, as the ends of a range of bits are even below and odd above.
    """
    if s.kif[2] <= 0:
        return _limit(s, s, lo, hi)
    above = s + 0.5 if half_even else s
    signed, integers, frac = above.kif
    down = above.quantize(signed, max(integers, 1), 0)
    if not half_even:
        return _limit(down, down, lo, hi)
    odd = down.quantize(0, 1, 0) & above.quantize(0, 0, frac).unary_bit_op("any")
    even = down.quantize(signed, max(integers, 1), -1)
    return _limit(down, even + odd, lo, hi)


def _limit(s: Any, result: Any, lo: int, hi: int) -> Any:
    """``result`` limited to [lo, hi], which the bits of ``s`` above the range decide if it is a range of bits."""
    bits = hi.bit_length()
    coarse = result.kif[2] < 0  # alkaid's multiplexer needs operands with the same lowest bit
    if coarse or not bits or hi != (1 << bits) - 1 or lo not in (0, -hi - 1):
        return result.max_of(float(lo)).min_of(float(hi))
    if lo <= s.low and s.high <= hi:
        return result
    signed, integers, _ = s.kif
    low = result.quantize(lo < 0, bits, result.kif[2])
    if s.high > hi or s.low < lo < 0:
        upper = s.quantize(signed and lo < 0, integers, -bits)
        beyond = upper.unary_bit_op("any")
        if signed and lo < 0:  # all ones is a small negative number
            beyond = beyond & ~upper.unary_bit_op("all")
        end = s.is_negative().msb_mux(float(lo), float(hi)) if lo < 0 else float(hi)
        low = beyond.msb_mux(end, low)
    return s.is_negative().msb_mux(0.0, low) if s.low < lo == 0 else low
