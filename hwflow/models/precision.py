"""Bit widths as configuration: one default per kind of tensor, overridden by layer name. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["weight", "bias", "activation", "table", "sum", "variance", "output"]
Bits = Annotated[int, Field(ge=2, le=32)]


class FixedPoint(BaseModel):
    """One format for every tensor: ``bits`` in all, ``frac`` of them fractional."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bits: Bits
    frac: int = Field(ge=-32, le=32)


class Precision(BaseModel):
    """Bit widths of a model.

    Each kind of tensor has a default width. ``overrides`` maps a layer name to a width; the name is that of one
    quantizer (``"blocks.0.attention.score"``) or of any module around it (``"head"``), and the longest match wins.
    ``uniform`` gives every tensor, weights included, the same fixed-point format; it then decides alone.
    The default widths keep every intermediate of the zoo's models within the 24 bits that fp32 computes exactly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: Bits = 8
    activation: Bits = 8
    bias: Bits = 20
    table: Bits = 8
    sum: Bits = 10
    variance: Bits = 12
    output: Bits = 12
    overrides: Mapping[str, Bits] = Field(default_factory=dict)
    uniform: FixedPoint | None = None

    def bits(self, kind: Kind, name: str) -> int:
        """The width of the quantizer ``name``."""
        parts = name.split(".")
        scopes = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        named = (self.overrides[scope] for scope in scopes if scope in self.overrides)
        width: int = getattr(self, kind)
        return next(named, width)


PAPER = Precision(uniform=FixedPoint(bits=20, frac=10))
"""10 integer and 10 fractional bits everywhere (Jiang et al., arXiv 2402.01047); over 24 bits: evaluate in double."""
