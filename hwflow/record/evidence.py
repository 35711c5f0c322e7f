"""What each stage's results rest on: a result is void once one of these is another than it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from hwflow.record.model import BuildRecord, Stage

MODEL, GOLDEN, GRAPH, NAMES = "model.onnx", "golden.onnx", "graph.json", "names.json"
SCHEDULE, BOARD, VECTORS = "schedule.json", "board.json", "vectors.npz"
FILES: Final = (MODEL, GOLDEN, GRAPH, NAMES, SCHEDULE, BOARD, VECTORS)
"""Files of every build folder."""
HLS, TESTBENCH, RTL = "hls", "testbench", "rtl"
_BENCH_FILES = ("hls/hwflow_top_test.cpp", "hls/testbench_config.h")
_BENCH_DATA = "hls/tb_data/"

_DATA = (MODEL, GOLDEN, VECTORS)
_DESIGN = (GOLDEN, GRAPH, NAMES, SCHEDULE, VECTORS)
RESTS_ON: Mapping[Stage, tuple[str, ...]] = {
    "float": (VECTORS,), "torch": (VECTORS,), "qkeras": (VECTORS,),
    "onnxruntime": _DATA, "oracle": _DATA, "framework": _DATA, "near-exact": _DATA,
    "near-exact (synthetic)": (MODEL, GOLDEN),
    "reference": (GOLDEN, GRAPH, NAMES, VECTORS),
    "estimate": (GRAPH, SCHEDULE, BOARD),
    "artefacts": (GRAPH, SCHEDULE, HLS, RTL),
    "csim": (*_DESIGN, HLS, TESTBENCH), "cosim": (*_DESIGN, RTL), "hls-cosim": (*_DESIGN, HLS),
    "csynth": (BOARD, HLS), "yosys": (BOARD, RTL), "vsynth": (BOARD, RTL), "post-route": (BOARD, RTL),
}  # fmt: skip


def group_of(file: str) -> str:
    """What a file of the build folder is a part of. C simulation writes the testbench, so it is not the project's."""
    if file.startswith(_BENCH_DATA) or file in _BENCH_FILES:
        return TESTBENCH
    folder, slash, _ = file.partition("/")
    return folder if slash else file


def groups(record: BuildRecord) -> dict[str, str]:
    """Each file and folder that results rest on, with its SHA-256; a folder's is that of its list of files."""
    lists: dict[str, list[str]] = {}
    for file, digest in sorted(record.artefacts.items()):
        lists.setdefault(group_of(file), []).append(f"{digest} {file}\n")
    return {
        **record.inputs,
        **{name: hashlib.sha256("".join(rows).encode()).hexdigest() for name, rows in lists.items()},
    }


def evidence_of(record: BuildRecord, stage: Stage) -> dict[str, str]:
    """What a stage that runs now rests on."""
    known = groups(record)
    return {name: known[name] for name in RESTS_ON[stage] if name in known}


def stages_with_results(record: BuildRecord) -> list[Stage]:
    """In the order of the flow."""
    said = {each.stage for part in (record.results, record.parity, record.accuracy) for each in part}
    said |= {each.stage for each in record.kernel_resources}
    return [stage for stage in RESTS_ON if stage in said]


def anchored(record: BuildRecord) -> BuildRecord:
    """The record of a build that has just been written: all that it says rests on the files as they are."""
    return record.model_copy(update={"evidence": {s: evidence_of(record, s) for s in stages_with_results(record)}})


def voided(record: BuildRecord, group: str) -> list[Stage]:
    """The stages whose results are void when ``group`` is changed."""
    return [stage for stage in stages_with_results(record) if group in RESTS_ON[stage]]


def stale(record: BuildRecord) -> Iterator[str]:
    """Results that rest on something else than what the record names now, or on nothing, in words."""
    for stage in stages_with_results(record):
        before, now = record.evidence.get(stage, {}), evidence_of(record, stage)
        for name in RESTS_ON[stage]:
            if before.get(name) != now.get(name):
                yield f"the results of {stage} were found with another {name}"
    for name in FILES:
        if name not in record.inputs:
            yield f"the record has no hash of {name}"
    kinds = {group_of(file) for file in record.artefacts}
    wanted = (RTL,) if record.style == "unrolled" else (HLS,) if record.io_type == "io_parallel" else (HLS, RTL)
    yield from (f"the record has no hashes of {name}/" for name in wanted if name not in kinds)
