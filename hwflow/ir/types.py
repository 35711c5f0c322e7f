"""Fixed-point types: the one number format of the integer graph."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WIDTH = 64  # the reference computes in int64; wider accumulators are refused, not wrapped


@dataclass(frozen=True, slots=True)
class FixedType:
    """A fixed-point number: value = integer * 2**-frac.

    ``width`` counts every bit, the sign included; ``frac`` may be negative or exceed ``width``.
    """

    signed: bool
    width: int
    frac: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"FixedType: width {self.width} is outside 1..{MAX_WIDTH}")

    @property
    def lo(self) -> int:
        """Smallest integer."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest integer."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def integer_bits(self) -> int:
        """Bits left of the binary point, the sign included (the ``I`` of ``ap_fixed<W, I>``)."""
        return self.width - self.frac

    @property
    def step(self) -> float:
        """The value of one integer step."""
        return 2.0**-self.frac

    def holds(self, lo: int, hi: int) -> bool:
        """Whether every integer of [lo, hi] is representable."""
        return self.lo <= lo and hi <= self.hi

    def __str__(self) -> str:
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer_bits}>"


def type_for(lo: int, hi: int, frac: int) -> FixedType:
    """The narrowest type that holds the integers [lo, hi] at the given fraction."""
    signed = lo < 0
    magnitude = max(hi, -lo - 1 if signed else 0)
    return FixedType(signed, max(1, magnitude.bit_length() + signed), frac)
