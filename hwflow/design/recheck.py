"""Everything that a design's results rest on, made again: the import, the golden values, the testbench, the record."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwflow import record as r
from hwflow.backends.hls.limits import DEFAULT_TRACED
from hwflow.design import layout
from hwflow.design.artefacts import REMEDY, check_projects
from hwflow.design.describe import (
    bit_widths,
    board_summary,
    estimate_results,
    kernel_rows,
    output_names,
    simulate_schedule,
    totals,
)
from hwflow.errors import GateFailed, UserError
from hwflow.ir import reference, serialise
from hwflow.verify.golden import GoldenRunner
from hwflow.verify.ports import Arrays

if TYPE_CHECKING:
    from hwflow.design.design import Design


def checks(design: Design) -> Iterator[str]:
    """Everything, step by step, each named before it is done."""
    yield "the import again"
    import_again(design)
    yield "hls/ and rtl/ again"
    check_projects(design, *(name for name, has in ((layout.HLS, design.has_hls), (layout.RTL, design.has_rtl)) if has))
    yield "golden values again"
    check_golden(design)
    check_testbench(design)
    yield "the record again"
    check_described(design)
    check_reports(design)


def check_golden(design: Design) -> None:
    """Compare the stored golden values with golden.onnx and with the reference, for the inferences that are traced.

    Values of kernels that no run looks at are compared like any other. Raises GateFailed with the tensor.
    """
    vectors, graph = design.vectors, design.network.graph
    count = min(DEFAULT_TRACED, len(vectors.inputs))
    inputs = tuple(array[:count] for array in vectors.ports)
    own = reference.emulate(graph, design.ports.integers(list(inputs)), tuple(vectors.golden))
    for id, values in vectors.golden.items():
        _compare(design, id, values[:count], own[id], "the reference")
    for id, values in _onnxruntime(design, inputs).items():
        _compare(design, id, vectors.golden[id][:count], values, "golden.onnx")


def import_again(design: Design) -> None:
    """Import model.onnx again and compare golden.onnx, graph.json and names.json.

    Where near-exact mode replaced something, which depends on the user's data, exact mode must refuse the model.
    Raises GateFailed with the file that differs.
    """
    from hwflow.onnx_import.model import import_model

    try:
        again = import_model(design.path / layout.MODEL, "exact")
    except UserError:
        if design.record.model.rewrites:
            return
        raise
    if design.record.model.rewrites:
        raise GateFailed(f"build.json: model.onnx is exact, and nothing of it was replaced; {REMEDY}")
    files = {
        layout.GOLDEN: again.golden,
        layout.GRAPH: serialise.dumps(again.graph).encode(),
        layout.NAMES: json.dumps(dict(again.names), indent=1).encode(),
    }
    wrong = [name for name, content in files.items() if (design.path / name).read_bytes() != content]
    if wrong:
        raise GateFailed(f"not what model.onnx gives when it is imported: {', '.join(wrong)}; {REMEDY}")


def check_described(design: Design) -> None:
    """Compute what the record says of schedule, kernels, types and board again. Raises GateFailed with what differs."""
    build, network, schedule = design.record, design.network, design.schedule
    fresh = {
        "board": board_summary(design.board),
        "clock_mhz": schedule.clock_mhz,
        "totals": totals(schedule),
        "outputs": output_names(network),
        "bit_widths": tuple(bit_widths(network)),
        "kernels": () if build.style == "unrolled" else tuple(kernel_rows(network, schedule, build.io_type)),
    }
    wrong = [name for name, value in fresh.items() if getattr(build, name) != value]
    estimates = estimate_results(schedule, design.board, build.budgets)
    if [each for each in build.results if each.stage == "estimate"] != estimates:
        wrong.append("the results of estimate")
    compared = any(each.stage == "framework" and each.limit == 0 for each in build.results)
    if compared != bool(design.vectors.expected[0]):
        wrong.append("the results of framework")
    if build.style == "streaming" and build.io_type == "io_stream":
        simulated = simulate_schedule(network, schedule)
        if (simulated.latency, simulated.first_output) != (schedule.latency, schedule.first_output):
            wrong.append("the latency of schedule.json")
    if wrong:
        raise GateFailed(f"build.json: {', '.join(wrong)}: not what graph, schedule and board give; {REMEDY}")


def check_testbench(design: Design) -> None:
    """Write what csim ran on again, as far as its data are those of the build. Raises GateFailed with the file."""
    from hwflow.design.golden import golden_vectors, with_directed, with_expected
    from hwflow.design.simulate_c import write_bench

    ran = {each.metric: int(each.value) for each in design.record.results if each.stage == "csim"}
    if (count := ran.get("inferences")) is None:
        return
    total = sum(value for metric, value in ran.items() if metric.startswith("inferences"))
    vectors = golden_vectors(design, min(count, len(design.vectors.inputs)), "csim")
    if count <= len(design.vectors.inputs):
        vectors = with_expected(design, with_directed(design, vectors, count))  # behind the others
    with tempfile.TemporaryDirectory(prefix="hwflow-") as name:
        fresh = Path(name)
        write_bench(design, vectors, fresh)
        files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
        wrong = [str(file) for file in files if not _same(design.path / layout.HLS / file, fresh / file, total)]
    if wrong:
        raise GateFailed(f"not the testbench of this design: hls/{', hls/'.join(wrong)}; run hwflow csim again")


def check_reports(design: Design) -> None:
    """Render report.html and junit.xml again, where they are. Raises GateFailed with the one that differs."""
    from hwflow.report.html import html

    for name, text in ((layout.REPORT, html(design.record)), (layout.JUNIT, r.junit_xml(design.record))):
        file = design.path / name
        if file.exists() and file.read_bytes() != text.encode():
            raise GateFailed(
                f"{name}: not what the record says; remove it, or write it again (hwflow report, hwflow check --junit)"
            )


def _same(found: Path, expected: Path, count: int) -> bool:
    """Data may go on; their number is the one that was run."""
    text, wanted = found.read_bytes() if found.is_file() else b"", expected.read_bytes()
    if expected.suffix == ".dat":
        return text.startswith(wanted)
    number = f"#define TB_VECTORS {count}\n".encode()
    return text == re.sub(rb"#define TB_VECTORS \d+\n", number, wanted)


def _onnxruntime(design: Design, inputs: Arrays) -> dict[str, np.ndarray]:
    """Integers of the outputs by the tensor that streams out."""
    from hwflow.onnx_import.session import session_of

    network = design.network
    found = GoldenRunner(network.graph, session_of(design.ports.golden), network.graph.outputs).run(inputs)
    return {
        network.tensor_of[channel]: network.streamed(n, found[id])
        for n, (id, channel) in enumerate(zip(network.graph.outputs, network.outputs, strict=True))
    }


def _compare(design: Design, id: str, stored: np.ndarray, found: np.ndarray, what: str) -> None:
    wrong = int(np.count_nonzero(stored.reshape(len(stored), -1) != found[: len(stored)].reshape(len(stored), -1)))
    if wrong:
        name = design.network.graph.names.get(id, id)
        raise GateFailed(f"vectors.npz: {wrong} golden values of {name} are not those of {what}; {REMEDY}")
