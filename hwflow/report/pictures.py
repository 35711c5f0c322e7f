"""What of a build record becomes which picture."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from hwflow.record import BitWidth, BuildRecord
from hwflow.report.charts import Bar, Cell, Span, bar_chart, heat_map, waterfall
from hwflow.report.tables import RESOURCES, score, score_name


def accuracy_picture(record: BuildRecord) -> Markup:
    """A bar per stage; the axis runs from 0 to 1."""
    bars = [Bar(a.stage, f"{100 * score(a):.2f} % of {a.samples:,} samples", score(a)) for a in record.accuracy]
    return bar_chart(f"{score_name(record)} by stage", bars)


def latency_picture(record: BuildRecord) -> Markup:
    """When each kernel works on the first frame."""
    spans = [
        Span(k.name, f"{k.last_output - k.first_start + 1:,} cycles", k.first_start, k.first_output, k.last_output)
        for k in record.kernels
    ]
    return waterfall("Latency waterfall of the first frame, in clock cycles", spans)


def occupancy_picture(record: BuildRecord) -> Markup:
    """Busy share of each kernel in percent, in the order of the waterfall."""
    cells = [Cell(k.name, f"{100 * k.occupancy:.0f}", k.occupancy) for k in record.kernels]
    return heat_map("Occupancy of the kernels, in percent", cells)


def resource_picture(record: BuildRecord) -> Markup:
    """Used share of the chip, with a line at what a design may use. Needs ``record.totals``."""
    assert record.totals is not None
    parts = (record.totals.resources, record.board.total, record.board.usable)
    bars = [_resource(name, *(getattr(part, kind) for part in parts)) for kind, name in RESOURCES.items()]
    return bar_chart("Resources against the chip, estimate", bars)


def width_pictures(record: BuildRecord) -> dict[str, Markup]:
    """Kind of tensor to a picture with a cell per tensor that holds its width in bits; one scale for all."""
    most = max((w.width for w in record.bit_widths), default=1)
    kinds = dict.fromkeys(w.kind for w in record.bit_widths)
    return {kind: _widths(kind, [w for w in record.bit_widths if w.kind == kind], most) for kind in kinds}


def _widths(kind: str, widths: Sequence[BitWidth], most: int) -> Markup:
    cells = [Cell(f"{w.tensor}, {w.type}", str(w.width), w.width / most) for w in widths]
    return heat_map(f"Bit widths, {kind} tensors", cells)


def _resource(name: str, used: int, total: int, usable: int) -> Bar:
    if not total:
        return Bar(name, f"{used:,} of none", float(used > 0), None, "bad" if used else "plain")
    text = f"{used:,} of {total:,} ({100 * used / total:.1f} %)"
    return Bar(name, text, used / total, usable / total, "bad" if used > usable else "plain")
