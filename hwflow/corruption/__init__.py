"""Whether the gates would notice: what a build wrote is corrupted, one thing at a time, and each gate is asked.

Not a gate itself: a command for those who work on hwflow, ``python -m hwflow.corruption DIR``.
"""

from __future__ import annotations

from hwflow.corruption.catalogue import CATALOGUE, Corruption
from hwflow.corruption.run import Outcome, attack

__all__ = ["CATALOGUE", "Corruption", "Outcome", "attack"]
