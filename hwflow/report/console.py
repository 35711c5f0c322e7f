"""The build record as tables on the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hwflow.record import BuildRecord, Result
from hwflow.record.coverage import is_of_one_table
from hwflow.record.model import amount
from hwflow.report.tables import by_stage, parity_totals, tiles, verdict
from hwflow.text import printable

_VERDICT = {True: Text("pass", "green"), False: Text("FAIL", "bold red"), None: Text("")}
_STYLE = {"pass": "green", "fail": "bold red", "open": "yellow"}


def print_summary(record: BuildRecord, console: Console | None = None) -> None:
    """Print the headline figures, the results, parity per stage and the verdict, by default to standard output."""
    console = console or Console()
    model, board = record.model, record.board
    console.print(_text(f"{model.name} ({model.mode}) on {board.name}, {board.part}, {record.clock_mhz:g} MHz", "bold"))
    for tile in tiles(record):
        console.print(_text(f"  {tile.name}: {tile.value} ({tile.note})"))
    if record.results or record.parity:
        console.print(_results(record))
    outcome = verdict(record)
    console.print(_text(outcome.title, _STYLE[outcome.word]))


def _results(record: BuildRecord) -> Table:
    table = Table("stage", "metric", "value", "limit", "", box=SIMPLE_HEAD, title="Results")
    for result in by_stage(record.results):
        if not is_of_one_table(result):  # the HTML report has those
            table.add_row(*_row(result), _VERDICT[result.ok])
    for p in parity_totals(record):
        figure = f"{p.mismatches:,} of {p.compared:,}"
        table.add_row(p.stage, f"mismatches in {p.tensor}", figure, "0", _VERDICT[p.mismatches == 0])
    return table


def _row(result: Result) -> tuple[Text, ...]:
    limit = "" if result.limit is None else amount(result.limit)
    return _text(result.stage), _text(result.metric), _text(f"{amount(result.value)} {result.unit}"), _text(limit)


def _text(text: str, style: str = "") -> Text:
    """A name from a model file is no markup."""
    return Text(printable(text), style)
