"""What the tests of this folder ask of a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hwflow
from hwflow.design import Design
from hwflow.onnx_import.model import import_model
from hwflow.verify.parity import compare_every_tensor
from hwflow.verify.vectors import default_inputs

CLOCK_MHZ, BUDGET_US = 200.0, 2.0


def assert_every_tensor_equals(model: Path, inputs: int, tensors: int) -> None:
    """The integer reference equals onnxruntime on at least ``tensors`` tensors, none of which needs double."""
    imported = import_model(model)
    assert imported.wide == {}
    compared = compare_every_tensor(imported, default_inputs(imported.graph, inputs))
    sizes = {imported.graph.names.get(t.id, t.id): t.size for t in imported.graph.tensors.values()}
    assert len(compared) >= tensors
    assert [each.tensor for each in compared if each.wrong] == []
    assert all(each.compared == inputs * sizes[each.tensor] for each in compared)


def assert_csim_passes(model: Path, folder: Path, vectors: int = 100, **options: Any) -> Design:
    """Build within the budget, simulate in C: no wrong bit in the output nor behind any kernel."""
    options = {"clock_mhz": CLOCK_MHZ, "latency_budget_us": BUDGET_US, **options}
    design = hwflow.convert(model, output_dir=folder, **options)
    assert design.schedule.latency <= options["latency_budget_us"] * CLOCK_MHZ
    results = {result.metric: result.value for result in design.csim(vectors)}
    assert results["inferences"] == vectors
    assert results["mismatching bits"] == results["testbench failures"] == 0
    kernels = [each for each in design.record.parity if each.stage == "csim"]
    computing = [kernel for kernel in design.network.kernels if kernel.kind != "fork"]
    assert len(kernels) == len(computing)
    assert all(each.mismatches == 0 < each.compared for each in kernels)
    design.check()
    return design


def assert_rtl_passes(design: Design, frames: int = 12) -> None:
    """The RTL in every mode: no wrong bit in any stream, and every time and FIFO mark is the predicted one."""
    result = design.cosim(frames, streams=True)
    assert result.failures == ()
    found = {r.metric: r for r in design.record.results if r.stage == "cosim"}
    exact = ("latency", "first output", "initiation interval")
    assert all(found[f"{metric}, distance from the prediction"].value == 0 for metric in exact)
    assert found["FIFOs with another mark than predicted"].value == 0
    streams = [each for each in design.record.parity if each.stage == "cosim"]
    assert len(streams) >= len({kernel.output for kernel in design.network.kernels})
    assert all(each.mismatches == 0 < each.compared for each in streams)
    design.check()
