"""Widths of near-exact mode."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NearExactOptions:
    """The defaults keep a quantised output of 8 bits equal in all but about one element in a thousand.

    ``table_bits``: address bits of the tables of reciprocals, reciprocal square roots and activations.
    ``exp_bits``: address bits of each of the two exp tables of a softmax.
    ``value_bits``: bits of a table's entries; sums and products keep 4 more.
    ``newton_steps``: Newton-Raphson steps behind a reciprocal or reciprocal square root table.
    ``multiplier_bits``: significant bits of the dyadic multipliers that replace real scales.
    ``bias_guard_bits``: how much finer than its accumulator a bias may be.
    ``input_bits``, ``activation_bits``, ``weight_bits``: of quantisers put where the model has none.
    ``margin``: headroom of a calibrated range.
    """

    table_bits: int = 12
    exp_bits: int = 11
    value_bits: int = 21
    newton_steps: int = 2
    multiplier_bits: int = 21
    bias_guard_bits: int = 6
    input_bits: int = 12
    activation_bits: int = 16
    weight_bits: int = 16
    margin: float = 2.0

    @property
    def narrow_bits(self) -> int:
        """Up to this width a quantised tensor addresses a table as it is."""
        return max(self.table_bits, self.exp_bits, 12)

    @property
    def wide_bits(self) -> int:
        """Bits of sums and products."""
        return self.value_bits + 4
