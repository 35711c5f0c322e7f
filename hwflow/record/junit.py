"""The gates of a record as JUnit XML, which every continuous integration service reads."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from hwflow.errors import GateFailed
from hwflow.files import write_atomic
from hwflow.record.gates import gate, gated
from hwflow.record.model import BuildRecord, Result
from hwflow.text import printable


def write_junit(record: BuildRecord, path: Path) -> Path:
    """Write `junit_xml` to a file."""
    return write_atomic(path, junit_xml(record))


def junit_xml(record: BuildRecord) -> str:
    """One test case per gated result, and one for `hwflow.record.gate`, which fails if the design was not run."""
    suite = ET.Element("testsuite", name=f"hwflow {printable(record.model.name)}")
    cases = [_case(suite, result) for result in gated(record)]
    cases.append(_whole(suite, record))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(len(case) > 0 for case in cases)))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def refused_xml(folder: str, reason: str) -> str:
    """What stands in the place of the gates of a record that cannot be believed: one failure."""
    suite = ET.Element("testsuite", name=f"hwflow {printable(folder)}", tests="1", failures="1")
    case = ET.SubElement(suite, "testcase", classname="hwflow", name="record")
    ET.SubElement(case, "failure", message=printable(reason))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: ET.Element, result: Result) -> ET.Element:
    case = ET.SubElement(suite, "testcase", classname=f"hwflow.{result.stage}", name=printable(result.metric))
    if not result.ok:
        ET.SubElement(case, "failure", message=printable(str(result)))
    return case


def _whole(suite: ET.Element, record: BuildRecord) -> ET.Element:
    case = ET.SubElement(suite, "testcase", classname="hwflow", name="gate")
    try:
        gate(record)
    except GateFailed as error:
        ET.SubElement(case, "failure", message=printable(str(error)))
    return case
