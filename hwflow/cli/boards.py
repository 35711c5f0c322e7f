"""``hwflow boards``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hwflow.cli.reply import Debug, Json, command

if TYPE_CHECKING:
    from rich.console import Console

    from hwflow.boards import Board

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A board, or a TOML file of your own; all if left out.")
]


def boards(name: Name = None, json: Json = False, debug: Debug = False) -> None:
    """List the boards, or show one: what its chip has, and what of it a design may use."""
    with command(json, debug) as reply:
        from hwflow.boards import list_boards, load_board

        chosen = {id: load_board(id) for id in ([name] if name else list_boards())}
        document = {id: {**board.model_dump(), "usable": board.usable.as_dict()} for id, board in chosen.items()}
        reply({"boards": document}, lambda console: _show(chosen, console))


def _show(boards: dict[str, Board], console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("board", "part", box=SIMPLE_HEAD, title="Boards and what a design may use of them")
    for column in ("MHz", "LUT", "DSP", "BRAM18", "URAM"):
        table.add_column(column, justify="right", no_wrap=True)
    for id, board in boards.items():
        use = board.usable
        counts = (f"{board.clock_mhz:g}", *(f"{count:,}" for count in (use.lut, use.dsp, use.bram18, use.uram)))
        table.add_row(Text(id), board.part, *counts)
    console.print(table)
