"""The self-checking testbench of a project: its source, its constants and its vector files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwflow.backends.hls.limits import DEFAULT_TRACED
from hwflow.backends.hls.project import TOP, IoType, port_type
from hwflow.data_folder import data_folder
from hwflow.ir.graph import IntArray
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import SINK, SOURCE, KernelGraph


@dataclass(frozen=True, slots=True)
class Limits:
    """Estimates in cycles and their budgets (0: none)."""

    latency: int
    latency_budget: int
    ii: int
    ii_budget: int


def traced_kernels(network: KernelGraph, golden: Mapping[str, IntArray]) -> list[tuple[str, str]]:
    """(kernel name, tensor id) of every kernel whose output has golden values."""
    return [(k.name, k.output) for k in network.kernels if not isinstance(k, Fork) and k.output in golden]


def write_testbench(
    network: KernelGraph, io_type: IoType, limits: Limits, vectors: Mapping[str, IntArray], folder: Path
) -> None:
    """Replace hls4ml's testbench in ``folder``.

    ``vectors``: integers (count, *shape) by tensor id: the graph input, the output, and any kernel outputs.
    """
    count = len(vectors[network.tensor_of[SOURCE]])
    kernels = traced_kernels(network, vectors)
    traced = min((DEFAULT_TRACED, count, *(len(vectors[id]) for _, id in kernels)))
    shutil.copyfile(data_folder("hls_templates") / "testbench.cpp", folder / f"{TOP}_test.cpp")
    config = _config(network, io_type, limits, (count, traced), kernels)
    (folder / "testbench_config.h").write_text(config)
    data = folder / "tb_data"
    data.mkdir(exist_ok=True)
    for channel in (*network.inputs, *network.outputs):
        write_vectors(data / _file(channel), vectors[network.tensor_of[channel]])
    for name, id in kernels:
        write_vectors(data / f"{name}.dat", vectors[id][:traced])


def write_vectors(path: Path, values: IntArray) -> None:
    """One inference a line, raw integers separated by blanks."""
    np.savetxt(path, values.reshape(len(values), -1), fmt="%d")


def _config(
    network: KernelGraph,
    io_type: IoType,
    limits: Limits,
    counts: tuple[int, int],
    kernels: list[tuple[str, str]],
) -> str:
    graph = network.graph
    numbers = {
        "IO_STREAM": int(io_type == "io_stream"), "VECTORS": counts[0], "TRACED": counts[1], "KERNELS": len(kernels),
        "LATENCY": limits.latency, "LATENCY_BUDGET": limits.latency_budget, "II": limits.ii,
        "II_BUDGET": limits.ii_budget, "SOURCES(port)": _ports(network, network.inputs),
        "SINKS(port)": _ports(network, network.outputs), "CALL(top)": _call(network),
    }  # fmt: skip
    defines = "\n".join(f"#define TB_{key} {value}" for key, value in numbers.items())
    rows = [(name, graph.tensors[id].size, 2.0 ** graph.tensors[id].type.frac) for name, id in kernels]
    table = ",\n".join(f'    {{"{name}", {size}, {scale!r}}}' for name, size, scale in rows or [("none", 0, 1.0)])
    return (
        "// Constants of the testbench, written by hwflow. Cycles are estimates of the schedule; budget 0 means none.\n"
        f"#ifndef TESTBENCH_CONFIG_H_\n#define TESTBENCH_CONFIG_H_\n\n{defines}\n\n"
        "struct TbKernel {\n    const char *name;\n    unsigned size;\n    double scale;\n};\n"
        f"static const TbKernel TB_KERNEL[] = {{\n{table}}};\n\n#endif\n"
    )


def _file(channel: str) -> str:
    return {SOURCE: "inputs.dat", SINK: "golden.dat"}.get(channel, f"state_{channel}.dat")


def _ports(network: KernelGraph, channels: Sequence[str]) -> str:
    """Number, C++ type, numbers an inference, bits of each, name and file of every port."""
    tensors = [network.graph.tensors[network.tensor_of[channel]] for channel in channels]
    return " ".join(
        f'port({n}, {port_type(c)}, {t.size}, {t.type.width}, "{c}", "tb_data/{_file(c)}")'
        for n, (c, t) in enumerate(zip(channels, tensors, strict=True))
    )


def _call(network: KernelGraph) -> str:
    sides = (("source", network.inputs), ("sink", network.outputs))
    return f"top({', '.join(f'{side}{n}' for side, channels in sides for n in range(len(channels)))})"
