"""The three kinds of picture in a report: bars, a waterfall and a heat map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from hwflow.report.svg import box, group, label, picture, short, upright

ROW, BAR = 42, 12  # pixels: a row has its text above its bar
CELL, CELLS = 26, 20  # pixels; cells in a row of a heat map


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a share of the axis; ``mark`` is a limit on the same axis. A value beyond the axis fills it."""

    name: str
    text: str
    share: float
    mark: float | None = None
    tone: Literal["plain", "bad"] = "plain"


def bar_chart(title: str, bars: Sequence[Bar]) -> Markup:
    """One bar below the other."""
    return picture(title, ROW * len(bars), (_bar(bar, ROW * i) for i, bar in enumerate(bars)))


def _bar(bar: Bar, y: float) -> Markup:
    top = y + 22
    parts = [
        label(short(bar.name), 0, y + 15),
        label(bar.text, 1, y + 15, "value", "end"),
        box(0, 1, top, BAR, "track"),
        box(0, min(bar.share, 1.0), top, BAR, f"bar {bar.tone}"),
    ]
    if bar.mark is not None:
        parts.append(upright(bar.mark, top - 4, top + BAR + 4, "mark"))
    return group(f"{bar.name}: {bar.text}", parts)


@dataclass(frozen=True, slots=True)
class Span:
    """Work on a time axis: it starts, gives its first result, gives its last one. Cycles."""

    name: str
    text: str
    start: int
    first: int
    last: int


def waterfall(title: str, spans: Sequence[Span]) -> Markup:
    """Spans under a common axis in cycles; the time before the first result is lighter."""
    length = max((span.last for span in spans), default=0) + 1
    height = ROW * len(spans) + 24
    axis = [
        part
        for tick in ticks(length)
        for part in (upright(tick / length, 20, height, "grid"), label(f"{tick:,}", tick / length, 12, "tick"))
    ]
    return picture(title, height, (*axis, *(_span(span, length, 24 + ROW * i) for i, span in enumerate(spans))))


def _span(span: Span, length: int, y: float) -> Markup:
    start, first, end = span.start / length, span.first / length, (span.last + 1) / length
    parts = [
        label(short(span.name), 0, y + 14),
        label(span.text, 1, y + 14, "value", "end"),
        box(start, first, y + 20, BAR, "bar filling"),
        box(first, end, y + 20, BAR, "bar plain"),
    ]
    return group(f"{span.name}: start {span.start:,}, first result {span.first:,}, last result {span.last:,}", parts)


def ticks(length: int, most: int = 5) -> list[int]:
    """Round positions from 0, at most ``most`` of them, that lie inside ``length``."""
    rough = max(length / most, 1.0)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    return list(range(0, length, step))


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing on a heat map: its name, a few letters to stand in the cell, and how strong it is in [0, 1]."""

    name: str
    text: str
    share: float


def heat_map(title: str, cells: Sequence[Cell]) -> Markup:
    """Cells in reading order, darker for a larger share."""
    rows = -(-len(cells) // CELLS)
    return picture(title, CELL * rows, (_cell(cell, *divmod(i, CELLS)) for i, cell in enumerate(cells)))


def _cell(cell: Cell, row: int, column: int) -> Markup:
    start, y = column / CELLS, CELL * row
    opacity = f"{0.08 + 0.5 * min(max(cell.share, 0.0), 1.0):.3f}"
    return group(
        f"{cell.name}: {cell.text}",
        [
            box(start, start + 0.94 / CELLS, y, CELL - 3, "heat", fill_opacity=opacity),
            label(cell.text, start + 0.47 / CELLS, y + 16, "cell", "middle"),
        ],
    )
