"""The kernel graph: kernels wired by channels; a kernel writes a tensor to each of its readers, a fork the input."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from hwflow.errors import UserError
from hwflow.ir.graph import Graph
from hwflow.kernels.base import Kernel, beats, width
from hwflow.kernels.fork import Fork
from hwflow.kernels.partition import partition
from hwflow.passes import canonicalise
from hwflow.passes.movement import in_order, trace
from hwflow.schedule.dataflow import Channel, Port

SOURCE, SINK = "input", "output"


@dataclass(frozen=True)
class KernelGraph:
    """``graph`` is the canonical integer graph; ``kernels`` are in topological order; every channel has one reader.

    ``tensor_of`` gives the tensor that a channel carries.
    """

    graph: Graph
    kernels: tuple[Kernel, ...]
    channels: tuple[Channel, ...]
    tensor_of: Mapping[str, str]
    clock_mhz: float

    @cached_property
    def source(self) -> Port:
        """The port of the graph input."""
        return Port(SOURCE, beats(self.graph.tensors[self.tensor_of[SOURCE]]))

    @cached_property
    def sink(self) -> Port:
        """The port of the graph output."""
        return Port(SINK, beats(self.graph.tensors[self.tensor_of[SINK]]))

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return sum(k.macs for k in self.kernels)


def kernel_graph(graph: Graph, clock_mhz: float) -> KernelGraph:
    """Cover an integer graph with kernels and wire them."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise UserError(
            "model",
            f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs",
            "one of each",
            "Join them into one tensor.",
        )
    canonical = canonicalise(graph)
    kernels = partition(canonical, clock_mhz)
    if not kernels:
        raise UserError("model", "nothing to compute between input and output", "at least one layer", "Add a layer.")
    return _wire(canonical, kernels, clock_mhz)


def _stream(graph: Graph, id: str, kernels: Collection[str]) -> str:
    """The kernel output that really streams: movement that keeps the order is only another view of it."""
    base, positions, _ = trace(graph.producers, graph.tensors, id, kernels)
    if not in_order(positions) or width(graph.tensors[base]) != width(graph.tensors[id]):
        shapes = [list(graph.tensors[i].shape) for i in (base, id)]
        raise UserError(
            f"tensor {graph.names.get(id, id)!r}",
            f"{shapes[0]} read as {shapes[1]}, in another order or with other tokens",
            "tokens in their order of arrival",
            "Keep the token axis where it is between the layers.",
        )
    return base


def _wire(graph: Graph, kernels: list[Kernel], clock_mhz: float) -> KernelGraph:
    outputs = {k.output for k in kernels}
    streamed = {(k.name, port): _stream(graph, id, outputs) for k in kernels for port, id in enumerate(k.inputs)}
    readers: dict[str, list[str]] = {}
    for (kernel, port), id in streamed.items():
        readers.setdefault(id, []).append(f"{kernel}.in{port}")
    last, _, _ = trace(graph.producers, graph.tensors, graph.outputs[0], outputs)
    readers.setdefault(last, []).append(SINK)
    first = graph.inputs[0]
    forks = _input_fork(graph, readers[first], clock_mhz)
    if not forks:
        readers[first] = [SOURCE]
    wired = [_with_ports(kernel, streamed, readers) for kernel in kernels]
    tensor_of = {name: id for id, channels in readers.items() for name in channels} | {SOURCE: first}
    channels = tuple(_channel(graph, name, id) for name, id in tensor_of.items())
    return KernelGraph(graph, (*forks, *wired), channels, tensor_of, clock_mhz)


def _input_fork(graph: Graph, readers: list[str], clock_mhz: float) -> tuple[Fork, ...]:
    """Nothing but a fork can write the input to several readers."""
    if len(readers) == 1:
        return ()
    id = graph.inputs[0]
    fork = Fork(f"fork_{id}", graph, (), (id,), id, clock_mhz)
    return (replace(fork, sources=(SOURCE,), sinks=tuple(readers)),)


def _with_ports(kernel: Kernel, streamed: Mapping[tuple[str, int], str], readers: Mapping[str, list[str]]) -> Kernel:
    ids = [streamed[kernel.name, port] for port in range(len(kernel.inputs))]
    sources = tuple(readers[id][0] if len(readers[id]) == 1 else f"{kernel.name}.in{n}" for n, id in enumerate(ids))
    return replace(kernel, sources=sources, sinks=tuple(readers[kernel.output]))


def _channel(graph: Graph, name: str, id: str) -> Channel:
    tensor = graph.tensors[id]
    return Channel(name, width=width(tensor) * tensor.type.width)
