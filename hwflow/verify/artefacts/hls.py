"""The numbers of an HLS project: weights and tables in both of their forms, their types, the depths of its FIFOs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hwflow.backends.hls.project import TOP, fork_behind
from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType
from hwflow.kernels.base import Kernel
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import KernelGraph
from hwflow.schedule.schedule import Schedule
from hwflow.verify.artefacts.expected import in_order, rows_of, tables_of, weights_of
from hwflow.verify.artefacts.read_back import ReadBack, attempt
from hwflow.verify.artefacts.text import cpp_types, initialiser, plain

_DEPTH = re.compile(r"#pragma HLS STREAM variable=(\w+) depth=(\d+)")
_CALL = re.compile(r"hwflow::\w+<(?:.*, )?(\w+)_config>\(([^)]*)\);")
_LEAST_DEPTH = 2  # of a stream in hls4ml


def read_hls(network: KernelGraph, schedule: Schedule, project: Path, streams: bool, result: ReadBack) -> None:
    """Compare all of them, kernel by kernel."""
    types = cpp_types(project / "firmware" / "defines.h")
    for kernel in network.kernels:
        for name, values, type in _arrays(kernel, schedule):
            _array(project / "firmware" / "weights", name, values, type, result)
            known = (type.signed, type.width, type.integer_bits)
            result.check("hls/firmware/defines.h", types.get(name) == known, f"{name}_t is no {type}")
    if streams:
        _depths(network, schedule, (project / "firmware" / f"{TOP}.cpp").read_text(), result)


def _arrays(kernel: Kernel, schedule: Schedule) -> Iterator[tuple[str, IntArray, FixedType]]:
    """Name, integers and type of each array that is a constant of the graph."""
    if (matrix := weights_of(kernel)) is not None:
        yield f"{kernel.name}_weights", in_order(kernel, schedule.folds[kernel.name], matrix.size), matrix.type
    for id, table in tables_of(kernel).items():
        assert table.values is not None
        yield f"{kernel.name}_{id}", table.values.ravel(), table.type
    if (rows := rows_of(kernel)) is not None and rows.values is not None:
        reached = kernel.tensor(kernel.inputs[0]).type.hi + 1
        yield f"{kernel.name}_table", rows.values[:reached].ravel(), kernel.tensor(kernel.output).type


def _array(folder: Path, name: str, values: IntArray, type: FixedType, result: ReadBack) -> None:
    """The header that Vitis reads, and the text that C simulation reads."""
    readers = {f"{name}.h": lambda path: initialiser(path, name, type), f"{name}.txt": lambda path: plain(path, type)}
    for file, read in readers.items():
        shown = f"hls/firmware/weights/{file}"
        attempt(result, shown, partial(_compare, result, shown, partial(read, folder / file), values))


def _compare(result: ReadBack, file: str, read: Callable[[], IntArray], values: IntArray) -> None:
    result.compare(file, read(), values)


def _depths(network: KernelGraph, schedule: Schedule, text: str, result: ReadBack) -> None:
    """Each kernel's streams by its call: those that it is the first to name are the ones that it writes."""
    file, depth = f"hls/firmware/{TOP}.cpp", {name: int(n) for name, n in _DEPTH.findall(text)}
    calls = {name: [each.strip() for each in given.split(",")] for name, given in _CALL.findall(text)}
    seen, wired = set[str](), dict[str, str]()
    wired |= {f"source{'' if c == 'input' else f'_{c}'}": c for c in network.inputs}
    for name, given in calls.items():
        kernel = next((k for k in network.kernels if name in (k.name, f"{fork_behind(k).name}")), None)
        if kernel is None:
            continue
        new = [each for each in given if each not in seen and each not in wired and "layer" in each]
        seen |= set(new)
        if name == kernel.name:
            read = [wired[each] for each in given if each in wired]
            result.check(file, sorted(read) == sorted(kernel.sources), f"{name} reads {read}")
        if len(new) == len(kernel.sinks) and (name != kernel.name or isinstance(kernel, Fork) or len(new) == 1):
            wired |= dict(zip(new, kernel.sinks, strict=True))
            for stream, sink in zip(new, kernel.sinks, strict=True):
                expected = max(_LEAST_DEPTH, schedule.fifo_depths.get(sink, _LEAST_DEPTH))
                given_depth = depth.get(stream, expected)  # an output has no FIFO here
                result.check(file, given_depth == expected, f"{sink} has {given_depth} places, scheduled {expected}")
