"""C simulation of a scheduled graph: every kernel's output against the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwflow.backends.hls.project import IoType, write_project
from hwflow.backends.hls.testbench import Limits, write_testbench
from hwflow.boards import load_board
from hwflow.ir import reference
from hwflow.kernels.network import SOURCE
from hwflow.verify.csim import run_csim
from tests.support.rtl import Scheduled


def assert_csim_equals_reference(
    design: Scheduled, folder: Path, io_type: IoType = "io_stream", count: int = 20
) -> None:
    """No wrong bit behind any kernel, nothing left over in any stream."""
    network = design.network
    source = network.graph.tensors[network.tensor_of[SOURCE]]
    inputs = np.random.default_rng(1).integers(source.type.lo, source.type.hi + 1, (count, *source.shape))
    ids = tuple(dict.fromkeys(kernel.output for kernel in network.kernels if kernel.output != source.id))
    vectors = reference.emulate(network.graph, {source.id: inputs}, ids) | {source.id: inputs}
    schedule = design.schedule
    if io_type == "io_parallel":
        schedule = schedule.model_copy(update={"folds": {k.name: k.full_fold for k in network.kernels}})
    write_project(network, schedule, load_board("vcu118"), io_type, folder)
    write_testbench(network, io_type, Limits(1, 0, 1, 0), vectors, folder)
    result = run_csim(folder)
    assert (result.failures, result.wrong_bits, result.vectors) == ((), 0, count)
    assert len(result.kernels) == sum(kernel.kind != "fork" for kernel in network.kernels)
    assert all(wrong == 0 < compared for compared, wrong in result.kernels.values())
