"""The numbers of an RTL folder: memories, constants in the code, depths and wires of the FIFOs, the manifest."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np

from hwflow.backends.rtl.top import TOP, input_fifo
from hwflow.ir.graph import IntArray
from hwflow.kernels.base import Kernel
from hwflow.kernels.network import KernelGraph
from hwflow.schedule.schedule import Schedule
from hwflow.verify.artefacts.expected import in_order, repeats, rows_of, tables_of, weights_of
from hwflow.verify.artefacts.read_back import ReadBack, attempt
from hwflow.verify.artefacts.text import memory
from hwflow.verify.cosim.manifest import read_manifest

_MEMORY = re.compile(r'\.WIDTH\((\d+)\), \.FILE\("(\w+)\.hex"\)')
_FIXED = re.compile(r"assign (t\d+)_(t\d+) = (\d+)'h([0-9a-f]+);")
_INSTANCE = re.compile(r"^    (\w+) #\((.*)\) (\w+) \(\n((?:.*\n)*?.*\);)$", re.MULTILINE)
_NET = re.compile(r"\.([sm])(\d+)_(\w+)\((\w+)_\3\)")


def read_rtl(network: KernelGraph, schedule: Schedule, rtl: Path, streams: bool, result: ReadBack) -> None:
    """Compare all of them, kernel by kernel, then the top."""
    for kernel in network.kernels:
        text = (rtl / f"{kernel.name}.sv").read_text()
        held = {name: int(width) for width, name in _MEMORY.findall(text)}
        for name, width in held.items():
            attempt(result, f"rtl/{name}.hex", partial(_memory, kernel, schedule, rtl, (name, width), result))
        for id in tables_of(kernel):
            result.check(f"rtl/{kernel.name}.sv", f"{kernel.name}_{id}" in held, f"does not read the table {id}")
        for _, id, width, digits in _FIXED.findall(text):
            _fixed(kernel, id, int(width), int(digits, 16), result)
    if streams:
        _top(network, schedule, rtl, result)


def _memory(kernel: Kernel, schedule: Schedule, rtl: Path, found: tuple[str, int], result: ReadBack) -> None:
    """A memory by its name: the kernel's weights, its rows, a table, or a constant of one of its nodes."""
    name, bits = found
    file, path, rest = f"rtl/{name}.hex", rtl / f"{name}.hex", name.removeprefix(f"{kernel.name}_")
    constants = {id: kernel.graph.tensors[id] for node in kernel.nodes for id in node.inputs}
    if rest == "weights" and (matrix := weights_of(kernel)) is not None:
        words = memory(path, matrix.type.width, bits // matrix.type.width, matrix.type.signed)
        order = in_order(kernel, schedule.folds[kernel.name], matrix.size)
        result.compare(file, words, order.reshape(words.shape) if kernel.kind == "linear" else _columns(order, words))
    elif rest == "rows" and (rows := rows_of(kernel)) is not None and rows.values is not None:
        type = kernel.tensor(kernel.output).type
        words = memory(path, type.width, bits // type.width, type.signed)
        reached = min(len(rows.values), kernel.tensor(kernel.inputs[0]).type.hi + 1)
        result.compare(file, words, rows.values[np.minimum(np.arange(len(words)), reached - 1)])
    elif (id := rest.rpartition("_")[2]) in constants and constants[id].is_constant:
        tensor = constants[id]
        words = memory(path, tensor.type.width, bits // tensor.type.width, tensor.type.signed)
        if rest == id and tensor.values is not None:
            result.compare(file, words.ravel(), tensor.values.ravel())
        else:
            result.check(file, repeats(words.ravel(), tensor), f"not the constant {id}", words.size)


def _columns(order: IntArray, words: IntArray) -> IntArray:
    """A matrix that is read column by column."""
    return order.reshape(words.shape[1], len(words)).T


def _fixed(kernel: Kernel, id: str, bits: int, value: int, result: ReadBack) -> None:
    """A constant in the code, lane 0 lowest."""
    tensor = kernel.graph.tensors.get(id)
    if tensor is None or not tensor.is_constant:
        return
    type = tensor.type
    fields = [value >> at & (1 << type.width) - 1 for at in range(0, bits, type.width)]
    lanes = np.array([f - (1 << type.width) if f > type.hi else f for f in fields], np.int64)
    result.check(f"rtl/{kernel.name}.sv", repeats(lanes, tensor), f"not the constant {id}", len(lanes))


def _top(network: KernelGraph, schedule: Schedule, rtl: Path, result: ReadBack) -> None:
    """Depths, and that each channel is one net from its writer to its reader."""
    file, nets = f"rtl/{TOP}.sv", dict[str, set[str]]()
    found = {name: (settings, ports) for _, settings, name, ports in _INSTANCE.findall((rtl / f"{TOP}.sv").read_text())}
    for channel in network.inputs:
        settings, ports = found.get(input_fifo(channel), ("", ""))
        nets.setdefault(channel, set()).update(re.findall(r"\.m_\w+\((\w+)_(?:valid|ready|data)\)", ports))
        _depth(channel, settings, "DEPTH", schedule, result)
    for kernel in network.kernels:
        settings, ports = found.get(kernel.name, ("", ""))
        sides = {"s": kernel.sources, "m": kernel.sinks}
        for side, number, _, net in _NET.findall(ports):
            nets.setdefault(sides[side][int(number)], set()).add(net)
        for number, sink in enumerate(kernel.sinks):
            _depth(sink, settings, f"DEPTH{number}", schedule, result)
    one = {next(iter(each)) for each in nets.values() if len(each) == 1}
    result.check(file, len(one) == len(network.channels), "a channel is not one net of its own", len(network.channels))
    for name, each in read_manifest(rtl).channels.items():
        result.check("rtl/rtl.json", each.depth == schedule.fifo_depths.get(name), f"{name}: {each.depth} places")


def _depth(channel: str, settings: str, name: str, schedule: Schedule, result: ReadBack) -> None:
    given = re.findall(rf"\.{name}\((\d+)\)", settings)
    expected = schedule.fifo_depths[channel]
    what = f"{channel} has {given[0] if given else 'no'} places, scheduled {expected}"
    result.check(f"rtl/{TOP}.sv", given == [str(expected)], what)
