"""Names of the files in a build folder."""

from __future__ import annotations

from hwflow.record.evidence import BOARD, GOLDEN, GRAPH, HLS, MODEL, NAMES, RTL, SCHEDULE, VECTORS

LIBRARY = "library"
REPORT = "report.html"
JUNIT = "junit.xml"

__all__ = [
    "BOARD",
    "GOLDEN",
    "GRAPH",
    "HLS",
    "JUNIT",
    "LIBRARY",
    "MODEL",
    "NAMES",
    "REPORT",
    "RTL",
    "SCHEDULE",
    "VECTORS",
]
