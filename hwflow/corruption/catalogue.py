"""The corruptions: in each part of a build folder, one thing at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hwflow.corruption import edit
from hwflow.corruption.edit import Absent, first
from hwflow.design import layout
from hwflow.record import FILE

Part = Literal["hls", "rtl", "testbench", "vectors", "other", "record", "report"]
_WEIGHTS, _TOP_CPP, _TOP_SV = "hls/firmware/weights", "hls/firmware/hwflow_top.cpp", "rtl/hwflow_top.sv"


@dataclass(frozen=True)
class Corruption:
    """``apply`` changes one thing of a build folder. ``part`` says which of its files, so which runs could notice."""

    name: str
    part: Part
    apply: Callable[[Path], None]


def _table(folder: Path, ending: str) -> Path:
    """The longest table."""
    pattern = f"{_WEIGHTS}/*_t*{ending}" if ending != ".hex" else "rtl/*_t*.hex"
    found = [path for path in folder.glob(pattern) if re.search(r"_[a-z]+_t\d+$", path.stem)]
    if not found:
        raise Absent
    return max(found, key=lambda path: (path.stat().st_size, path.name))


def _swap_nets(folder: Path) -> None:
    """The first two streams that a kernel reads."""
    path = folder / _TOP_SV
    text = path.read_text()
    for block in re.findall(r"^    \w+ #\(.*?\);$", text, re.MULTILINE | re.DOTALL):
        nets = dict(re.findall(r"\.s(\d)_data\((c\d+)_data\)", block))
        widths = [re.search(rf"logic (\S*) ?{nets.get(port)}_data;", text) for port in "01"]
        if "1" in nets and widths[0] and widths[1] and widths[0][1] == widths[1][1]:
            a, b = nets["0"], nets["1"]
            swapped = block.replace(f"{a}_", "net_").replace(f"({b}_", f"({a}_").replace("net_", f"{b}_")
            path.write_text(text.replace(block, swapped))
            return
    raise Absent


def _swap_arguments(folder: Path) -> None:
    edit.substitute(folder / _TOP_CPP, r"attention<[^(]*\((\w+), (\w+)", lambda m: _swapped(m, m[1], m[2]))


def _swapped(match: re.Match[str], a: str, b: str) -> str:
    return re.sub(rf"\b({a}|{b})$|\b({a}|{b})(?=,)", lambda m: b if m[0] == a else a, match[0])


def _weights(ending: str, index: int) -> Callable[[Path], None]:
    return lambda folder: edit.decimal(first(folder, f"{_WEIGHTS}/*_weights{ending}"), index)


def _in(file: str, change: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: change(folder / file)


def _sv(pattern: str, by: int, least: int = 1) -> Callable[[Path], None]:
    """A number in the RTL of a kernel."""
    return lambda folder: edit.more(pattern, by, least)(first(folder, "rtl/k*.sv", pattern))


def _add(file: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).write_text(text)

    return change


def _json(file: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda folder: edit.document(folder / file, change)


def _flip(key: str) -> Callable[[Path], None]:
    """The first number of the first array whose name starts like that."""

    def change(content: dict[str, Any]) -> None:
        name = next(name for name in content if name.startswith(key))
        content[name].flat[0] += 1

    return lambda folder: edit.arrays(folder / layout.VECTORS, change)


def _result(document: dict[str, Any], stage: str, metric: str) -> dict[str, Any]:
    return next(r for r in document["results"] if (r["stage"], r["metric"]) == (stage, metric))


def _record(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return _json(FILE, change)


def _graph_weight(folder: Path) -> None:
    from dataclasses import replace

    from hwflow.files import write_atomic
    from hwflow.ir import serialise

    graph = serialise.loads((folder / layout.GRAPH).read_text())
    id, tensor = next((id, t) for id, t in graph.tensors.items() if t.is_constant and t.size > 4)
    assert tensor.values is not None
    values = tensor.values.copy()
    values.flat[0] = 0 if values.flat[0] else 1
    changed = replace(graph, tensors={**graph.tensors, id: replace(tensor, values=values)})
    write_atomic(folder / layout.GRAPH, serialise.dumps(changed))


def _budget(document: dict[str, Any]) -> None:
    document["budgets"]["latency_us"] *= 2
    for result in document["results"]:
        if result["metric"] == "latency" and result["limit"] is not None:
            result["limit"] *= 2


CATALOGUE: tuple[Corruption, ...] = (
    Corruption("a weight in the header that Vitis reads", "hls", _weights(".h", 0)),
    Corruption("the last weight in the header that Vitis reads", "hls", _weights(".h", -1)),
    Corruption("a weight in the text that C simulation reads", "hls", _weights(".txt", 3)),
    Corruption("a table entry in the header", "hls", lambda f: edit.decimal(_table(f, ".h"), 0)),
    Corruption("a table entry in the text", "hls", lambda f: edit.decimal(_table(f, ".txt"), 1)),
    Corruption("the last table entry in the text", "hls", lambda f: edit.decimal(_table(f, ".txt"), -1)),
    Corruption("two streams swapped in the C++", "hls", _swap_arguments),
    Corruption("the depth of a FIFO in the C++", "hls", _in(_TOP_CPP, edit.more(r"depth=(\d+)", 1))),
    Corruption("a rounding mode in the C++", "hls",
               _in("hls/firmware/parameters.h", lambda p: edit.substitute(p, "AP_RND_CONV", lambda _: "AP_TRN"))),
    Corruption("an accumulator's loop one step short in the C++", "hls",
               _in("hls/firmware/parameters.h", edit.more(r"static const unsigned simd = (\d+);", -1))),
    Corruption("a type one bit narrower", "hls",
               _in("hls/firmware/defines.h", edit.more(r"typedef ap_fixed<(\d+),", -1, 2))),
    Corruption("a header added where a compiler finds it first", "hls",
               _add("hls/firmware/nnet_utils/ap_fixed.h", "#error no\n")),
    Corruption("the latency budget of the testbench", "testbench",
               _in("hls/testbench_config.h", edit.more(r"TB_LATENCY_BUDGET (\d+)", 1000))),
    Corruption("a golden value of the testbench", "testbench",
               _in("hls/tb_data/golden.dat", edit.more(r"^(-?\d+)", 1, -(10**9)))),
    Corruption("a word of a ROM", "rtl", lambda f: edit.word(first(f, "rtl/*_weights.hex"), 0)),
    Corruption("the last word of a ROM", "rtl", lambda f: edit.word(first(f, "rtl/*_weights.hex"), -2)),
    Corruption("a table entry in the RTL", "rtl", lambda f: edit.word(_table(f, ".hex"), 0)),
    Corruption("the last table entry in the RTL", "rtl", lambda f: edit.word(_table(f, ".hex"), -2)),
    Corruption("two streams swapped in the RTL", "rtl", _swap_nets),
    Corruption("a FIFO one place deeper", "rtl", _in(_TOP_SV, edit.more(r"\.DEPTH0\((\d+)\)", 1))),
    Corruption("a FIFO one place deeper, in the manifest", "rtl",
               _in("rtl/rtl.json", edit.more(r'"depth": (\d+)', 1))),
    Corruption("an accumulator one step short", "rtl", _sv(r"hwflow_counter #\(\.COUNT\((\d+)\)\)", -1)),
    Corruption("the shift of a requantiser", "rtl", _sv(r"hwflow_requantise #\(.*?\.SHIFT\((\d+)\)", 1)),
    Corruption("the rounding of a requantiser", "rtl", _sv(r"hwflow_requantise #\(.*?\.HALF_EVEN\((1)\)", -1, 0)),
    Corruption("a constant in the code", "rtl", _sv(r"assign t\d+_t\d+ = \d+'h[0-9a-f]*?(\d)(?=;)", -1, 0)),
    Corruption("a golden value of the output", "vectors", lambda f: _flip_output(f)),
    Corruption("a golden value of a kernel", "vectors", _flip("golden_")),
    Corruption("an input of the vectors", "vectors", _flip("inputs")),
    Corruption("model.onnx: a weight", "other", _in(layout.MODEL, edit.initializer)),
    Corruption("golden.onnx: a weight", "other", _in(layout.GOLDEN, edit.initializer)),
    Corruption("graph.json: a weight", "other", _graph_weight),
    Corruption("graph.json: a rounding mode", "other",
               _in(layout.GRAPH, lambda p: edit.substitute(p, '"half_even"', lambda _: '"floor"'))),
    Corruption("schedule.json: a FIFO depth", "other", _json(layout.SCHEDULE, lambda d: d["fifo_depths"].update(
        {name: depth + 1 for name, depth in [next(iter(d["fifo_depths"].items()))]}))),
    Corruption("schedule.json: the latency", "other", _json(layout.SCHEDULE, lambda d: d.update(latency=1))),
    Corruption("board.json: the resources", "other",
               _json(layout.BOARD, lambda d: d["resources"].update(lut=10 * d["resources"]["lut"]))),
    Corruption("board.json: the part", "other", _json(layout.BOARD, lambda d: d.update(part="xczu9eg-ffvb1156-2-e"))),
    Corruption("names.json: a name", "other",
               _json(layout.NAMES, lambda d: d.update({next(iter(d)): list(d.values())[-1]}))),
    Corruption("build.json: a value over its limit", "record",
               _record(lambda d: _result(d, "csim", "mismatching bits").update(value=5))),
    Corruption("build.json: a value over its limit, and ok", "record",
               _record(lambda d: _result(d, "csim", "mismatching bits").update(value=5, ok=True))),
    Corruption("build.json: a limit raised", "record",
               _record(lambda d: _result(d, "csim", "mismatching bits").update(value=5, limit=9))),
    Corruption("build.json: a limit removed", "record",
               _record(lambda d: _result(d, "csim", "mismatching bits").update(value=5, limit=None, ok=None))),
    Corruption("build.json: a gate deleted", "record",
               _record(lambda d: d["results"].remove(_result(d, "csim", "mismatching bits")))),
    Corruption("build.json: a row of parity deleted", "record", _record(lambda d: d["parity"].pop(0))),
    Corruption("build.json: the outputs' parity of csim deleted", "record", _record(lambda d: d.update(
        parity=[p for p in d["parity"] if p["stage"] != "csim" or p["tensor"] not in d["outputs"]]))),
    Corruption("build.json: the latency budget raised", "record", _record(_budget)),
    Corruption("build.json: a board with more resources", "record",
               _record(lambda d: d["board"]["usable"].update(lut=10 * d["board"]["usable"]["lut"]))),
    Corruption("build.json: the estimated latency", "record",
               _record(lambda d: _result(d, "estimate", "latency").update(value=0.001))),
    Corruption("build.json: a mode that asks for less", "record",
               _record(lambda d: d["model"].update(mode="near-exact", rewrites=["Softmax"]))),
    Corruption("build.json: the hashes removed", "record", _record(lambda d: d.update(inputs={}, artefacts={}))),
    Corruption("build.json: the hash of golden.onnx removed", "record",
               _record(lambda d: d["inputs"].pop(layout.GOLDEN))),
    Corruption("build.json: results of another build", "record",
               _record(lambda d: d["evidence"]["csim"].update({layout.GRAPH: "0" * 64}))),
    Corruption("report.html: a figure", "report",
               _in(layout.REPORT, lambda p: edit.substitute(p, "cycles", lambda _: "picoseconds"))),
    Corruption("junit.xml: a case", "report",
               _in(layout.JUNIT, lambda p: edit.substitute(p, "testcase", lambda _: "test-case"))),
)  # fmt: skip


def _flip_output(folder: Path) -> None:
    """The outputs are the arrays with the most rows."""

    def change(content: dict[str, Any]) -> None:
        golden = [name for name in content if name.startswith("golden_")]
        content[max(golden, key=lambda name: len(content[name]))].flat[0] += 1

    edit.arrays(folder / layout.VECTORS, change)
