"""The HTML report: one file that needs no network and no script."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hwflow.files import write_atomic
from hwflow.record import BuildRecord
from hwflow.record.model import amount
from hwflow.report import pictures, tables
from hwflow.report.svg import short
from hwflow.text import printable


def write_report(record: BuildRecord, path: Path) -> Path:
    """Write the report; the same record gives the same bytes. ``path`` is replaced as a whole."""
    return write_atomic(path, html(record))


def html(record: BuildRecord) -> str:
    """The report as text."""
    return _environment().get_template("report.html.j2").render(record=record, tables=tables, pictures=pictures)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hwflow.report"),
        autoescape=True,
        finalize=_clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(amount=amount, short=short)
    return environment


def _clean(value: object) -> object:
    """Every expression of the template passes here, so no control character can be forgotten."""
    return value if isinstance(value, Markup) else printable(str(value))
