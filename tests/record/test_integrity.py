"""A record cannot lie: not about itself, not about its gates, not about the files that it speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwflow.errors import GateFailed, HwflowError, UserError
from hwflow.record import BuildRecord, Result, check_files, gate, load, save, with_stage
from tests.support.folders import edit_record, fill

SAMPLE = Path(__file__).with_name("sample.json")
SIZE = SAMPLE.stat().st_size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(fill(tmp_path, load(SAMPLE)), tmp_path / "build.json")
    return tmp_path


def check(folder: Path) -> BuildRecord:
    record = load(folder / "build.json")
    check_files(folder, record)
    gate(record)
    return record


def test_a_good_folder_holds(folder: Path) -> None:
    check(folder)


@given(st.integers(0, SIZE - 1), st.integers(1, 255))
def test_no_byte_of_a_record_can_be_changed(tmp_path_factory: pytest.TempPathFactory, place: int, by: int) -> None:
    text = bytearray(SAMPLE.read_bytes())
    text[place] ^= by
    path = tmp_path_factory.mktemp("r") / "build.json"
    path.write_bytes(text)
    with pytest.raises(UserError):
        load(path)


def test_a_record_without_its_seal_is_damaged(folder: Path) -> None:
    path = folder / "build.json"
    path.write_text(load(path).model_dump_json(indent=1))
    with pytest.raises(UserError, match="found no seal at its end"):
        load(path)


@given(st.floats(-1e6, 1e6) | st.integers(-9, 9), st.floats(-1e6, 1e6) | st.integers(-9, 9))
def test_ok_is_computed(value: float, limit: float) -> None:
    assert Result(stage="csim", metric="x", value=value, limit=limit).ok is (value <= limit)
    with pytest.raises(ValueError, match="contradict"):
        Result(stage="csim", metric="x", value=value, limit=limit, ok=not value <= limit)


def row(document: dict[str, Any], stage: str, metric: str) -> dict[str, Any]:
    return next(r for r in document["results"] if (r["stage"], r["metric"]) == (stage, metric))


def test_a_stored_ok_that_disagrees_is_a_damaged_record(folder: Path) -> None:
    edit_record(folder, lambda d: row(d, "csim", "mismatching bits").update(value=5))
    with pytest.raises(UserError, match=r"ok is True, which value 5 and limit 0 contradict at results\.0"):
        load(folder / "build.json")


GATES = [(r.stage, r.metric) for r in load(SAMPLE).results if r.limit is not None]


@pytest.mark.parametrize(("stage", "metric"), GATES)
def test_no_limit_can_be_raised_and_no_gate_removed(folder: Path, stage: str, metric: str) -> None:
    sealed = (folder / "build.json").read_bytes()
    edit_record(folder, lambda d: row(d, stage, metric).update(limit=10**9))
    with pytest.raises(GateFailed, match=f"limits that are not those of the design: {stage}: {metric} has the limit 1"):
        check(folder)
    (folder / "build.json").write_bytes(sealed)
    edit_record(folder, lambda d: row(d, stage, metric).update(limit=None, ok=None))
    with pytest.raises(GateFailed, match=f"{stage}: (no gate '{metric}'|{metric} has the limit None)"):
        check(folder)
    (folder / "build.json").write_bytes(sealed)
    edit_record(folder, lambda d: d["results"].remove(row(d, stage, metric)))
    with pytest.raises(GateFailed, match=f"gates are missing from the record: {stage}: no gate '{metric}'"):
        check(folder)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (1, "csim: output output was not compared"),
        (2, "reference: 0 rows of parity for 1 tensors compared"),
        (3, "oracle: 0 rows of"),
    ],
)
def test_no_row_of_parity_can_be_deleted(folder: Path, index: int, said: str) -> None:
    edit_record(folder, lambda d: d["parity"].pop(index))
    with pytest.raises(GateFailed, match=f"gates are missing from the record: {said}"):
        check(folder)


def test_a_measured_latency_is_required_where_one_was_asked_for(folder: Path) -> None:
    record = load(folder / "build.json")
    rows = [Result(stage="cosim", metric=metric, value=0, limit=0) for metric in ("mismatching bits", "failures")]
    with pytest.raises(
        GateFailed, match="cosim: no gate 'latency'; cosim: no gate 'initiation interval'; cosim: output"
    ):
        gate(with_stage(record, "cosim", rows))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("model.onnx", "model.onnx {}: the results of onnxruntime, oracle are void"),
        ("vectors.npz", r"vectors.npz {}: the results of float, onnxruntime, oracle, reference, csim are void"),
        ("schedule.json", "schedule.json {}: the results of estimate, artefacts, csim are void"),
        ("hls/firmware/top.cpp", r"hls/firmware/top.cpp {}: the results of artefacts, csim are void"),
        ("rtl/top.sv", "rtl/top.sv {}: the results of artefacts, yosys are void"),
    ],
)
@pytest.mark.parametrize("how", ["changed", "is missing", "is a link"])
def test_a_file_that_is_not_as_recorded_is_named_with_what_it_voids(
    folder: Path, file: str, said: str, how: str
) -> None:
    path = folder / file
    if how == "changed":
        path.write_text("x")
    elif how == "is missing":
        path.unlink()
    else:
        path.symlink_to(path.rename(folder / "elsewhere"))
    with pytest.raises(GateFailed, match=said.format(how)):
        check(folder)


@pytest.mark.parametrize("file", ["hls/firmware/ap_fixed.h", "hls/extra.cpp", "rtl/extra.sv", "hls/firmware/link"])
def test_a_file_that_a_tool_could_read_may_not_be_added(folder: Path, file: str) -> None:
    if file.endswith("link"):
        (folder / file).symlink_to(folder)
    else:
        (folder / file).write_text("x")
    with pytest.raises(GateFailed, match=f"{file} was added"):
        check(folder)


def test_what_tools_report_may_be_added(folder: Path) -> None:
    for name in ("hls/csim.exe", "hls/g++.log", "hls/firmware/top.so", "notes.txt"):
        (folder / name).write_text("x")
    check(folder)


@pytest.mark.parametrize(
    ("part", "key", "said"),
    [
        ("inputs", "golden.onnx", "the results of .* were found with another golden.onnx"),
        ("inputs", "names.json", "names.json"),
        ("artefacts", "hls/firmware/top.cpp", "the results of artefacts were found with another hls"),
        ("artefacts", "rtl/top.sv", "rtl"),
        ("evidence", "csim", "the results of csim were found with another golden.onnx"),
    ],
)
def test_no_hash_can_be_removed(folder: Path, part: str, key: str, said: str) -> None:
    edit_record(folder, lambda d: d[part].pop(key))
    if part == "artefacts":
        (folder / key).unlink()  # else it is a file that was added
    with pytest.raises(GateFailed, match=said):
        check(folder)


def test_results_of_another_build_are_not_taken_over(folder: Path) -> None:
    def graft(document: dict[str, Any]) -> None:
        document["evidence"]["csim"]["hls"] = "0" * 64

    edit_record(folder, graft)
    with pytest.raises(GateFailed, match="the results of csim were found with another hls"):
        check(folder)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a//b", "a/../b", ".hidden", ""])
def test_names_of_files_stay_below_the_folder(folder: Path, name: str) -> None:
    edit_record(folder, lambda d: d["artefacts"].update({name: "0" * 64}))
    with pytest.raises(HwflowError, match="should match pattern"):
        load(folder / "build.json")
