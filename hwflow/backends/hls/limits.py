"""Numbers that the testbench and those who fill it share. Imports nothing heavy."""

from __future__ import annotations

DEFAULT_TRACED = 50
"""Inferences for which the testbench compares every kernel, not the outputs alone."""
