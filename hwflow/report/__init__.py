"""What a build record says, for people: one HTML file, or a table on the terminal."""

from __future__ import annotations

from hwflow.report.console import print_summary
from hwflow.report.html import write_report

__all__ = ["print_summary", "write_report"]
