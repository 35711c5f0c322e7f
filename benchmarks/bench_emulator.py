"""Inferences a second of the integer reference, of onnxruntime and of the compiled C++ design, all bit-exact.

The model: one encoder block of 32 tokens x width 64, 4 heads, 1.2 million multiply-accumulates, 8 bits. Speeds are
wall-clock times of this machine; the three are compared bit for bit in the same run.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import export_untrained, print_table

import hwflow
from hwflow.design import Design
from hwflow.design.layout import HLS
from hwflow.ir import reference
from hwflow.models import ZOO
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.verify.golden import golden_runner
from hwflow.verify.vectors import default_inputs

BATCH, GOLDEN, CSIM = 8000, 1000, 200
SHAPE = {"tokens": 32, "features": 8, "blocks": 1, "dim": 64, "heads": 4, "key_dim": 16, "hidden": 128, "head": 16}
CONFIG = ZOO["btag"].model_copy(update=SHAPE)


def emulate(imported: ImportedModel, inputs: np.ndarray) -> np.ndarray:
    """Integer outputs of the reference for real inputs."""
    graph = imported.graph
    raw = reference.quantise_input(graph, graph.inputs[0], inputs)
    return reference.emulate(graph, {graph.inputs[0]: raw})[graph.outputs[0]]


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """The shortest of a few runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def csim_rate(design: Design) -> float:
    """Inferences a second of the compiled testbench, which stops with an error on one wrong bit."""
    design.csim(CSIM)
    design.check()
    return CSIM / seconds(
        lambda: subprocess.run(["./csim.exe"], cwd=design.path / HLS, check=True, capture_output=True)
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        model = export_untrained(CONFIG, Path(folder) / "model.onnx")
        imported = import_model(model)
        inputs = default_inputs(imported.graph, BATCH)
        golden = golden_runner(imported, imported.graph.outputs)
        expected = golden.run(inputs[:GOLDEN])[imported.graph.outputs[0]]
        wrong = int(np.count_nonzero(emulate(imported, inputs[:GOLDEN]) != expected))
        assert wrong == 0, f"{wrong} values differ from onnxruntime"
        design = hwflow.convert(model, output_dir=Path(folder) / "design")
        rates = {
            f"integer reference, {os.cpu_count()} threads": BATCH / seconds(lambda: emulate(imported, inputs)),
            "onnxruntime on golden.onnx, 1 thread": GOLDEN / seconds(lambda: golden.run(inputs[:GOLDEN])),
            "C++ design, g++ -O1, 1 thread": csim_rate(design),
        }
    stages = ("reference", "onnxruntime", "csim")
    print_table(
        f"32 tokens x 64, {design.network.macs:,} MAC; {wrong} of {expected.size:,} outputs differ from onnxruntime",
        ("executor", "stage", "inferences/s"),
        [(name, stage, round(rate)) for (name, rate), stage in zip(rates.items(), stages, strict=True)],
        texts=2,
    )


if __name__ == "__main__":
    main()
