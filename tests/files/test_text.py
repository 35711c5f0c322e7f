"""No text from a file can move the cursor, hide or break XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from hwflow.text import printable


def test_ordinary_text_stays() -> None:
    assert printable("block.0/αβγ <b> µs \"'&") == "block.0/αβγ <b> µs \"'&"


def test_control_characters_are_shown_as_replaced() -> None:
    assert printable("a\x1b[31m\x00b\u202ec") == "a\ufffd[31m\ufffdb\ufffdc"
    assert printable("a\tb\nc\r\nd") == "a b c  d"


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_xml_that_reads_back(text: str) -> None:
    clean = printable(text)
    assert ET.fromstring(f"<a>{escape(clean)}</a>").text == (clean or None)
    assert clean.encode().decode() == clean
