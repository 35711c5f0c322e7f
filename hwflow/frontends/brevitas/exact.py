"""Conditions of exactness."""

from __future__ import annotations

from hwflow.errors import UserError


def require_power_of_two(subject: str, size: int) -> None:
    """Raise `UserError` unless a mean over ``size`` elements is exact."""
    if size < 1 or size & (size - 1):
        raise UserError(
            subject, f"a mean over {size} elements", "a power of two", "Choose a power of two as the width."
        )
