"""What synthesis says of a design as a table for people: by kernel, in total, and as a share of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwflow.boards import Board
from hwflow.schedule.resources import KINDS, Resources
from hwflow.synthesis.figures import Figures

if TYPE_CHECKING:
    from rich.table import Table

_REST = "between them"


def resource_table(figures: Figures, board: Board) -> Table:
    """A row for each kernel that the tool tells apart, the total, and the share of what a design may use."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from hwflow.text import printable

    table = Table("kernel", box=SIMPLE_HEAD, title=f"{figures.tool} {figures.version}, stage {figures.stage}")
    for kind in KINDS:
        table.add_column(kind.upper(), justify="right")
    for name, used in figures.kernels.items():
        table.add_row(printable(name or _REST), *_counts(used))
    table.add_section()
    table.add_row("total", *_counts(figures.total))
    table.add_row(f"of {board.name}", *(f"{figures.total.share_of(board)[kind]:.1%}" for kind in KINDS))
    return table


def _counts(used: Resources) -> list[str]:
    return [f"{getattr(used, kind):,}" for kind in KINDS]
