"""Convert, predict, trace, csim, check: the Python API, and what it leaves behind when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hwflow
from hwflow.design import Design, simulate_c
from hwflow.errors import GateFailed, ToolMissing, UserError
from hwflow.onnx_import.model import import_model
from hwflow.verify.golden import golden_runner
from hwflow.verify.vectors import default_inputs
from tests.support.qonnx import ModelBuilder, weights
from tests.synthesis import reports


def test_the_record_holds_every_stage_and_every_gate(built: Path) -> None:
    record = json.loads((built / "build.json").read_text())
    stages = {result["stage"] for result in record["results"]}
    assert stages == {"estimate", "oracle", "framework", "reference", "artefacts", "csim"}
    by_metric = {(r["stage"], r["metric"], r["unit"]): r for r in record["results"]}
    assert by_metric["csim", "mismatching bits", "bits"]["value"] == 0
    assert by_metric["estimate", "latency", "us"]["value"] <= 2.0
    assert all(r["ok"] is not False for r in record["results"])
    assert (built / "junit.xml").is_file()
    assert "<svg" in (built / "report.html").read_text()


def test_predict_before_and_after_compile_agree_bit_for_bit(design: Design) -> None:
    inputs = default_inputs(design.network.graph, 40, seed=5)
    emulated = design.predict(inputs)
    design.compile()
    assert np.array_equal(emulated, design.predict(inputs))
    assert emulated.shape == (40, 5)


def test_trace_gives_every_named_tensor(design: Design) -> None:
    inputs = default_inputs(design.network.graph, 3)
    outputs, tensors = design.trace(inputs)
    assert np.array_equal(outputs, design.predict(inputs))
    assert len(tensors) > 30
    assert np.array_equal(tensors["output"], outputs)


def test_trace_of_an_image_is_channels_first_as_onnxruntime_has_it(tmp_path: Path) -> None:
    """The design keeps these tensors channels last alone."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 3, 6, 5), 8, 4)
    x = m.quant(m.node("Conv", x, m.weights(weights(4, 3, 3, 3)), pads=[1, 1, 1, 1], name="image"), 8, 3)
    model = m.save(tmp_path, m.quant(m.node("GlobalAveragePool", m.node("Relu", x, name="positive")), 8, 5))
    design = hwflow.convert(model, output_dir=tmp_path / "d", clock_mhz=200)
    inputs = design.vectors.inputs[:5]
    outputs, tensors = design.trace(inputs)
    assert np.array_equal(outputs, design.predict(inputs))
    imported = import_model(model)
    golden = golden_runner(imported).run(inputs)
    named = {name: id for name, id in imported.names.items() if id in golden}
    assert {"image", "positive"} <= set(named) <= set(tensors)
    for name, id in named.items():
        assert np.array_equal(tensors[name], golden[id] * imported.graph.tensors[id].type.step), name


def test_csim_of_more_vectors_than_were_stored(design: Design) -> None:
    results = design.csim(1050)
    assert next(r.value for r in results if r.metric == "inferences") == 1050
    design.check()


def test_a_changed_file_is_noticed(copy: Callable[[], Path]) -> None:
    folder = copy()
    golden = folder / "golden.onnx"
    golden.write_bytes(golden.read_bytes() + b"\0")
    with pytest.raises(
        GateFailed, match=r"golden\.onnx changed: the results of oracle, framework, reference, csim are void; build"
    ):
        Design.load(folder)


def test_check_fails_after_a_failing_csim(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = dict(design.vectors.golden)
    (sink,) = (design.network.tensor_of[channel] for channel in design.network.outputs)
    golden[sink] = golden[sink] ^ (np.arange(golden[sink].size) == 7).reshape(golden[sink].shape)
    design.vectors = replace(design.vectors, golden=golden)
    with pytest.raises(GateFailed, match=r"vectors\.npz: 1 golden values of output are not those of the reference"):
        design.csim(60)
    monkeypatch.setattr(simulate_c, "check_golden", lambda _: None)
    design.csim(60)
    with pytest.raises(GateFailed, match="csim: mismatch"):
        design.check()
    with pytest.raises(GateFailed):
        Design.load(design.path).check()


@pytest.mark.parametrize(
    ("file", "void"),
    [
        ("hls/firmware/weights/k3_linear_weights.txt", "artefacts, csim"),
        ("hls/firmware/weights/k3_linear_weights.h", "artefacts, csim"),
        ("hls/tb_data/golden.dat", "csim"),
        ("rtl/k3_linear.sv", "artefacts"),
    ],
)
def test_nothing_of_a_changed_folder_is_compiled_or_run(design: Design, file: str, void: str) -> None:
    changed = design.path / file
    changed.write_text(changed.read_text() + " ")
    (design.path / "hls" / "csim.exe").unlink()
    said = f"{file} changed: the results of {void} are void"
    with pytest.raises(GateFailed, match=said):
        design.check()
    if "tb_data" in file:
        design.csim(20)  # writes its own
        design.check()
        return
    with pytest.raises(GateFailed, match=said):
        design.cosim() if "rtl" in file else design.csim()
    with pytest.raises(GateFailed, match=said):
        design.synth("yosys" if "rtl" in file else "vitis")
    assert not (design.path / "hls" / "csim.exe").exists() and not (design.path / "cosim").exists()


def test_an_impossible_budget_is_refused_and_says_how_far_off(model: Path, tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match=r"(?s)latency.*(cycles|us).*k\d+_"):
        hwflow.convert(model, output_dir=tmp_path / "d", clock_mhz=200, latency_budget_us=0.05)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"board": "vcu999"}, r"vcu999.*vcu118"),
        ({"clock_mhz": 0.0}, r"clock: found 0; expected 1 to 1000"),
        ({"latency_budget_us": -1.0}, r"latency budget: found -1"),
        ({"ii_budget": 0}, r"initiation interval budget: found 0"),
        ({"io_type": "io_serial"}, r"io_type: found 'io_serial'; expected io_stream or io_parallel"),
        ({"style": "folded"}, r"style: found 'folded'; expected streaming or unrolled"),
        ({"mode": "near_exact"}, r"mode: found 'near_exact'; expected exact or near-exact"),
        ({"style": "unrolled", "schedule": "s.json"}, r"schedule: found one beside io_parallel or style unrolled"),
        ({"io_type": "io_parallel", "axi_lite": True}, r"AXI4-Lite registers: found a design without beats"),
        ({"vectors": np.zeros((5, 7), np.float32)}, r"vectors: found shape \(5, 7\); expected \(count, 4, 3\)"),
        ({"vectors": np.full((2, 4, 3), np.nan, np.float32)}, r"vectors: found values that are not finite"),
    ],
)
def test_bad_requests_are_named_and_leave_nothing(
    model: Path, tmp_path: Path, options: dict[str, object], text: str
) -> None:
    with pytest.raises(UserError, match=f"(?s){text}"):
        hwflow.convert(model, output_dir=tmp_path / "d", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "d").exists()


def test_registers_on_request(model: Path, tmp_path: Path) -> None:
    design = hwflow.convert(model, output_dir=tmp_path / "d", clock_mhz=200, axi_lite=True)
    assert "s_axil_awaddr" in (design.path / "rtl" / "hwflow_top.sv").read_text()
    design.cosim(10, ("nominal",))
    design.check()


def test_an_interrupted_build_can_be_started_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hwflow.backends.hls import project

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "d"
    with monkeypatch.context() as patch:
        patch.setattr(project, "write_project", interrupted)
        with pytest.raises(KeyboardInterrupt):
            hwflow.convert(model, output_dir=folder, clock_mhz=200)
    with pytest.raises(UserError):
        Design.load(folder)  # half a build is no design
    hwflow.convert(model, output_dir=folder, clock_mhz=200)
    assert Design.load(folder).record.totals is not None


def test_csim_without_a_compiler_says_what_is_missing(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolMissing, match=r"g\+\+: not installed or not on the PATH; needed for C simulation"):
        design.csim(10)


def test_synthesis_without_vitis_says_what_is_missing(design: Design) -> None:
    with pytest.raises(ToolMissing, match="vitis-run: not installed or not on the PATH; needed for HLS synthesis"):
        design.build(csim=False, synth=True)


@pytest.mark.parametrize("code", [0, 1])
def test_vitis_runs_on_the_project_with_our_testbench(
    design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A program in the place of Vitis, to see how it is called, that its exit code counts, and its reports too."""
    tool = tmp_path / "bin" / "vitis-run"
    tool.parent.mkdir()
    (tool.parent / "csynth.xml").write_text(reports.csynth())
    (tool.parent / "cosim.rpt").write_text(reports.cosim())
    tool.write_text(
        f"""#!/bin/sh
        echo "$PWD $@" > call.txt; ls > files.txt
        to=hwflow_top_prj/solution1; mkdir -p $to/syn/report $to/sim/report
        cp {tool.parent}/csynth.xml $to/syn/report/; cp {tool.parent}/cosim.rpt $to/sim/report/hwflow_top_cosim.rpt
        exit {code}"""
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    if code:
        with pytest.raises(GateFailed, match="Vitis HLS ended with exit code 1"):
            design.build(csim=False, cosim=True)
    else:
        record = design.build(csim=False, cosim=True)
        found = {each.metric: each for each in record.results if each.stage == "hls-cosim"}
        assert (found["latency"].value, found["latency"].limit, found["failures"].ok) == (42, 400, True)
        assert [each.value for each in record.results if each.stage == "csynth" and each.metric == "lut"] == [5000]
    project = design.path / "hls"
    assert (project / "call.txt").read_text() == f"{project} --mode hls --tcl build_prj.tcl\n"
    assert "testbench_config.h" in (project / "files.txt").read_text()
    options = (project / "build_opt.tcl").read_text()
    assert "cosim 1" in options and "validation 1" in options and "synth 1" in options and "csim 0" in options
