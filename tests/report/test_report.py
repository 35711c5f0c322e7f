"""The report is one well-formed file that holds every figure and that no name can break."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hwflow.record import Accuracy, BitWidth, BuildRecord, Kernel, Parity, ResourceUse, Result, load
from hwflow.record.coverage import reach_results
from hwflow.report import print_summary, write_report
from hwflow.report.charts import ticks
from hwflow.report.html import html

SAMPLE = Path(__file__).parents[1] / "record" / "sample.json"
NASTY = '</script></title></svg><b onload="x">\'&]]>{{ 7*7 }}\x00\x1b[31m\u202e'
FIGURES = [
    "jet_tagger_n8",
    "AMD ZCU102",
    "200 MHz",
    "2,000 parameters",
    "16,000 multiply-accumulates",
    "All gates hold",
    "0.6 µs",
    "120 cycles, estimate",
    "0 of 13,000 values in 2 tensors differ",
    "66.00 % of 1,000 samples",
    "0.9100",
    "20,000 of 274,080 (7.3 %)",
    "fixed<18,8>",
    "1.32.0",
    "a" * 64,
    "yosysLUT19,500",
    "a latency of at most 1 µs, an initiation interval of at most 64 cycles",
]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """A page that must close what it opens."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture
def record() -> BuildRecord:
    return load(SAMPLE)


def changed(record: BuildRecord, **parts: Any) -> BuildRecord:
    return record.model_copy(update=parts)


def nasty(record: BuildRecord) -> BuildRecord:
    """Every text that comes from a model or a tool, made hostile."""
    return changed(
        record,
        versions={NASTY: NASTY},
        inputs={NASTY: "a" * 64},
        model=record.model.model_copy(update={"name": NASTY, "wide_tensors": (NASTY,)}),
        board=record.board.model_copy(update={"name": NASTY, "part": NASTY}),
        kernels=[k.model_copy(update={"name": NASTY, "kind": NASTY, "tensors": (NASTY,)}) for k in record.kernels],
        bit_widths=[BitWidth(tensor=NASTY, type=NASTY, width=8, kind="weight")],
        accuracy=[Accuracy(stage="csim", accuracy=0.5, auc={NASTY: 0.5}, samples=1)],
        parity=[Parity(tensor=NASTY, stage="csim", compared=9, mismatches=1)],
        results=[Result(stage="csim", metric=NASTY, value=1, unit=NASTY, limit=0)],
    )


def test_the_report_needs_no_network_and_no_script(record: BuildRecord) -> None:
    text = html(record)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not {"src", "href", "style"} & {name for _, attributes in page.tags for name in attributes}
    assert not re.search(r"url\(|@import|https?:", text)
    assert "default-src 'none'" in text


def test_transcripts_are_judged_by_their_token_error_rate(record: BuildRecord) -> None:
    entry = Accuracy(stage="csim", accuracy=0.5, token_error_rate=0.125, samples=8)
    text = " ".join(Page(html(changed(record, accuracy=[entry]))).text.split())
    assert "Token error rate by stage" in text and "12.50 % of 8 samples" in text
    assert "Accuracy" not in text


def test_every_figure_is_there_with_its_stage(record: BuildRecord) -> None:
    text = " ".join(Page(html(record)).text.split())
    for figure in FIGURES:
        assert figure in text


def test_pictures_have_titles_and_tables_captions(record: BuildRecord) -> None:
    page = Page(html(record))
    assert page.count("svg") == 7  # accuracy, waterfall, occupancy, resources, and widths of three kinds
    assert all(attributes.get("role") == "img" for tag, attributes in page.tags if tag == "svg")
    assert re.findall(r"<svg[^>]*>(?!<title>)", html(record)) == []
    assert page.count("caption") == page.count("table")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_malicious_names_stay_text(record: BuildRecord) -> None:
    text = html(nasty(record))
    page, plain = Page(text), Page(html(record))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert "onload" not in {name for _, attributes in page.tags for name in attributes}
    assert "{{ 7*7 }}" in page.text
    assert not set(text) & {"\x00", "\x1b", "\u202e"}


def test_failures_and_missing_measurements_are_said(record: BuildRecord) -> None:
    late = Result(stage="cosim", metric="latency", value=2.5, unit="us", limit=1)
    text = Page(html(changed(record, results=(late,)))).text
    assert "Not all gates hold" in text
    assert "1 of 5 gates failed: cosim: latency 2.5 us, limit 1" in text
    assert "Not verified yet" in Page(html(changed(record, results=(), parity=()))).text


def test_a_mismatch_opens_the_table_of_tensors(record: BuildRecord) -> None:
    assert "<details open>" not in html(record)
    wrong = Parity(tensor="softmax", stage="csim", compared=10, mismatches=1)
    assert "<details open>" in html(changed(record, parity=(wrong,)))


def test_an_empty_record_makes_a_page(record: BuildRecord) -> None:
    empty = changed(record, totals=None, kernels=(), bit_widths=(), accuracy=(), parity=(), results=())
    assert Page(html(empty)).count("svg") == 0


def test_resources_over_what_is_usable_and_absent_ones_are_marked(record: BuildRecord) -> None:
    assert record.totals is not None
    over = record.totals.model_copy(update={"resources": ResourceUse(lut=230_000, uram=3)})
    text = html(changed(record, totals=over))
    assert text.count('class="bar bad"') == 2
    assert "3 of none" in text


def test_positions_stay_inside_the_picture(record: BuildRecord) -> None:
    kernel = Kernel(name="k", kind="x", first_start=0, first_output=0, last_output=0, occupancy=0.0)
    over = ResourceUse(lut=10**9)
    totals = record.totals and record.totals.model_copy(update={"resources": over})
    text = html(changed(record, kernels=(kernel,), totals=totals))
    assert all(0 <= float(share) <= 100 for share in re.findall(r'(?:x|width)="([\d.]+)%"', text))


@pytest.mark.parametrize(("length", "expected"), [(1, [0]), (4, [0, 1, 2, 3]), (231, [0, 50, 100, 150, 200])])
def test_ticks_are_round(length: int, expected: list[int]) -> None:
    assert ticks(length) == expected


def test_the_same_record_gives_the_same_file(record: BuildRecord, tmp_path: Path) -> None:
    first = write_report(record, tmp_path / "a.html").read_bytes()
    assert write_report(record, tmp_path / "b.html").read_bytes() == first


def test_the_summary_takes_no_markup_from_names(record: BuildRecord) -> None:
    bad = Result(stage="csim", metric="[red]x[/red]\x1b[2J", value=1, limit=0)
    out = io.StringIO()
    print_summary(changed(record, results=(bad,)), Console(file=out, width=100))
    assert "[red]x[/red]\ufffd[2J" in out.getvalue()
    assert "Not all gates hold" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_the_summary_has_all_tables_together_and_the_page_each(record: BuildRecord) -> None:
    figures = changed(record, results=tuple(reach_results([("exp", 3, 16), ("rsqrt", 40, 4096)])))
    out = io.StringIO()
    print_summary(figures, Console(file=out, width=100))
    assert re.search(r"reference +table addresses reached +43 of 4,112 in 2 tables", out.getvalue())
    assert "rsqrt" not in out.getvalue()
    assert "referencetable addresses reached, rsqrt40 of 4,096" in re.sub(r"\s*\n\s*", "", Page(html(figures)).text)


def test_a_model_without_tables_has_nothing_to_say() -> None:
    assert list(reach_results([])) == []


def test_reporting_loads_no_numerical_package() -> None:
    code = "import sys, hwflow.report, hwflow.record; assert not {'numpy', 'onnx', 'torch'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
