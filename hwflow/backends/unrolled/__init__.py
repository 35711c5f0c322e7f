"""Fully unrolled designs for the fastest triggers: every operation of a frame in hardware, a new frame every cycle."""

from __future__ import annotations

from hwflow.backends.unrolled.design import UnrolledDesign, write_unrolled

__all__ = ["UnrolledDesign", "write_unrolled"]
