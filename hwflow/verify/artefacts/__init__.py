"""What a build wrote, against what it was to be: written again and compared byte by byte, and read back by itself.

Nothing is run, so an entry that no vector reaches is compared like any other.
"""

from __future__ import annotations

from hwflow.verify.artefacts.again import differing
from hwflow.verify.artefacts.read_back import ReadBack, read_back

__all__ = ["ReadBack", "differing", "read_back"]
