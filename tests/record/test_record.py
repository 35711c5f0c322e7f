"""The record keeps its format, its gates can fail, and its JUnit file says the same."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hwflow.errors import GateFailed, UserError
from hwflow.record import (
    Accuracy,
    BuildRecord,
    KernelResources,
    Parity,
    ResourceUse,
    Result,
    failed,
    gate,
    gated,
    junit_xml,
    load,
    measured,
    save,
    tool_versions,
    with_stage,
    write_junit,
)

SAMPLE = Path(__file__).with_name("sample.json")
NASTY = "</script><b>\"'&]]>\x00\x1b[2J\u202e"


@pytest.fixture
def record() -> BuildRecord:
    return load(SAMPLE)


def changed(record: BuildRecord, **parts: Any) -> BuildRecord:
    return record.model_copy(update=parts)


def test_save_and_load_agree(record: BuildRecord, tmp_path: Path) -> None:
    assert load(save(record, tmp_path / "build.json")) == record
    assert (tmp_path / "build.json").read_bytes() == SAMPLE.read_bytes()


def test_the_gate_of_a_good_record_holds(record: BuildRecord) -> None:
    gate(record)
    assert [f"{r.stage} {r.metric}" for r in gated(record)] == [
        "csim mismatching bits", "csim testbench failures", "reference output mismatches",
        "artefacts differences from the graph", "estimate latency",
        "estimate initiation interval", *(f"estimate {kind}" for kind in ("lut", "ff", "dsp", "bram18", "uram")),
        "oracle import: differing values",
        "csim mismatches of softmax", "csim mismatches of output", "reference mismatches of softmax",
        "oracle mismatches of softmax",
    ]  # fmt: skip


def test_each_failed_result_is_named_with_value_and_limit(record: BuildRecord) -> None:
    late = Result(stage="cosim", metric="latency", value=1234.5, unit="us", limit=1000)
    big = Result(stage="vsynth", metric="LUT", value=300000, limit=219264)
    expected = r"^2 of 18 gates failed: cosim: latency 1,234 us, limit 1,000; vsynth: LUT 300,000, limit 219,264$"
    with pytest.raises(GateFailed, match=expected):
        gate(changed(record, results=(*record.results, late, big)))


def test_one_wrong_value_fails_in_either_mode(record: BuildRecord) -> None:
    wrong = changed(record, parity=(Parity(tensor="softmax", stage="cosim", compared=8000, mismatches=1),))
    with pytest.raises(GateFailed, match="cosim: mismatches of softmax 1 of 8,000, limit 0"):
        gate(wrong)
    near = changed(wrong, model=record.model.model_copy(update={"mode": "near-exact"}))
    with pytest.raises(GateFailed, match="cosim: mismatches of softmax 1 of 8,000, limit 0"):
        gate(near)


@pytest.mark.parametrize("keep", [[], ["estimate"], ["yosys"]])
def test_a_record_that_measured_nothing_against_a_limit_fails(record: BuildRecord, keep: list[str]) -> None:
    empty = changed(record, parity=(), results=tuple(r for r in record.results if r.stage in keep))
    assert failed(empty) == []
    assert not measured(empty)
    with pytest.raises(GateFailed, match="the design itself was not run against a limit, so nothing is known to hold"):
        gate(empty)


def test_a_stage_that_runs_again_replaces_what_it_said(record: BuildRecord) -> None:
    result = Result(stage="csim", metric="wrong output values", value=3, limit=0)
    accuracy = Accuracy(stage="csim", accuracy=0.5, samples=10)
    once = with_stage(record, "csim", [result], accuracy=[accuracy])
    assert with_stage(once, "csim", [result], accuracy=[accuracy]) == once
    assert [r.stage for r in once.results if r.stage not in ("estimate", "oracle", "reference", "artefacts")] == [
        "yosys",
        "csim",
    ]
    assert [a.stage for a in once.accuracy] == ["float", "onnxruntime", "csim"]
    assert [p.stage for p in once.parity] == ["reference", "oracle"]
    use = KernelResources(stage="csim", kernel="k0_linear", resources=ResourceUse(lut=3))
    again = with_stage(with_stage(once, "csim", [], kernel_resources=[use]), "csim", [], kernel_resources=[use])
    assert [(k.stage, k.kernel) for k in again.kernel_resources] == [
        ("yosys", "k0_linear"), ("yosys", None), ("csim", "k0_linear"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="results of csim given for cosim"):
        with_stage(record, "cosim", [result])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": 3, "ok": False}, "ok is False, which value 1 and limit 3 contradict"),
        ({"limit": 0, "ok": True}, "ok is True, which value 1 and limit 0 contradict"),
        ({"limit": 3, "ok": None}, "ok is None, which value 1 and limit 3 contradict"),
        ({"ok": True}, "ok is True, which value 1 and limit None contradict"),
        ({"value": float("nan")}, "finite number"),
        ({"value": "3"}, "valid"),
        ({"stage": "guess"}, "Input should be"),
        ({"note": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_a_result_is_strict(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Result(**{"stage": "csim", "metric": "x", "value": 1, **change})


def test_parity_cannot_claim_more_mismatches_than_elements_or_compare_nothing() -> None:
    with pytest.raises(ValidationError, match="11 mismatches in 10 elements"):
        Parity(tensor="x", stage="csim", compared=10, mismatches=11)
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Parity(tensor="x", stage="csim", compared=0, mismatches=0)


def test_lists_are_as_good_as_tuples(record: BuildRecord) -> None:
    parts = {name: list(getattr(record, name)) for name in ("kernels", "results", "parity", "accuracy", "bit_widths")}
    assert BuildRecord(**{**dict(record), **parts}) == record


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "Invalid JSON"),
        ("{}", "Field required at versions"),
        ('{"version": 3}', "a build record of version 3; expected version 2, which this hwflow reads"),
        ('{"version": 1}', "a build record of version 1; expected version 2, which this hwflow reads"),
        ("[" * 100_000, "Invalid JSON"),
    ],
)
def test_a_damaged_record_is_a_user_error(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "build.json").write_text(text)
    with pytest.raises(UserError, match=found) as caught:
        load(tmp_path / "build.json")
    assert "version 2" in str(caught.value) and "Run hwflow build again." in str(caught.value)


def test_no_record_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"build\.json: found No such file or directory; expected a build record"):
        load(tmp_path / "build.json")


def test_a_hash_is_a_hash() -> None:
    document = json.loads(SAMPLE.read_text())
    document["inputs"]["model.onnx"] += "\n"
    with pytest.raises(ValidationError, match="String should match pattern"):
        BuildRecord.model_validate_json(json.dumps(document))


def test_junit_has_a_case_per_gate(record: BuildRecord, tmp_path: Path) -> None:
    bad = Result(stage="cosim", metric="latency", value=2.5, unit="us", limit=1)
    write_junit(changed(record, results=(*record.results, bad)), tmp_path / "junit.xml")
    suite = ET.parse(tmp_path / "junit.xml").getroot()
    cases = {(c.get("classname"), c.get("name")): c.find("failure") for c in suite}
    assert (suite.get("tests"), suite.get("failures")) == ("18", "2")
    failure = cases["hwflow.cosim", "latency"]
    assert failure is not None
    assert failure.get("message") == "cosim: latency 2.5 us, limit 1"
    assert cases["hwflow.csim", "mismatching bits"] is None
    assert cases["hwflow", "gate"] is not None


def test_junit_of_a_record_without_gates_fails(record: BuildRecord) -> None:
    suite = ET.fromstring(junit_xml(changed(record, parity=(), results=())))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_malicious_names_do_not_break_junit(record: BuildRecord) -> None:
    bad = Result(stage="csim", metric=NASTY, value=1, unit=NASTY, limit=0)
    named = changed(record, results=(bad,), model=record.model.model_copy(update={"name": NASTY}))
    text = junit_xml(named)
    assert not set(text) & {"\x00", "\x1b", "\u202e"}
    case = ET.fromstring(text).find("testcase[@classname='hwflow.csim']")
    assert case is not None
    assert case.get("name") == "</script><b>\"'&]]>\ufffd\ufffd[2J\ufffd"


def test_tool_versions_name_hwflow_python_and_onnxruntime() -> None:
    assert {"hwflow", "python", "onnxruntime", "numpy"} <= tool_versions().keys()
