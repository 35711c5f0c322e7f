"""Checks that every channel carries one type: what its writer gives is what its reader takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hwflow.ir.graph import Graph
from hwflow.ir.seams import SeamError, check_types
from hwflow.ir.types import FixedType
from hwflow.kernels.base import Kernel

_End = tuple[str, FixedType]
"""Who reads or writes a channel, and the type of what passes."""


def check_seams(graph: Graph, kernels: Sequence[Kernel], inputs: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Raise SeamError unless all types agree. ``inputs`` and ``outputs`` give the tensor of each port's channel."""
    check_types(graph)
    readers = dict(_readers(graph, kernels, outputs))
    for channel, (writer, given) in _writers(graph, kernels, inputs).items():
        reader, taken = readers[channel]
        if given != taken:
            raise SeamError(writer, given, f"{reader} (channel {channel!r})", taken)


def _writers(graph: Graph, kernels: Sequence[Kernel], inputs: Mapping[str, str]) -> dict[str, _End]:
    ports = {channel: (f"input {id}", graph.tensors[id].type) for channel, id in inputs.items()}
    return ports | {channel: (k.name, graph.tensors[k.output].type) for k in kernels for channel in k.sinks}


def _readers(graph: Graph, kernels: Sequence[Kernel], outputs: Mapping[str, str]) -> dict[str, _End]:
    ports = {channel: (f"output {id}", graph.tensors[id].type) for channel, id in outputs.items()}
    return ports | {
        channel: (f"{k.name} as {id}", graph.tensors[id].type)
        for k in kernels
        for channel, id in zip(k.sources, k.inputs, strict=True)
    }
