"""The kernel graph: kernels wired by channels; a kernel writes a tensor to each of its readers, a fork an input.

The first input and output are the data, channels ``input`` and ``output``; the channels of further ones, states such
as caches, are named as in the model, made plain.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, IntArray
from hwflow.kernels.base import Kernel, beats, width
from hwflow.kernels.fork import Fork
from hwflow.kernels.partition import partition
from hwflow.kernels.port_order import check_state, filed, streamed
from hwflow.kernels.seams import check_seams
from hwflow.passes import canonicalise
from hwflow.passes.movement import in_order, trace
from hwflow.schedule.dataflow import Channel, Port

SOURCE, SINK = "input", "output"
_LONGEST = 40  # characters of a name


@dataclass(frozen=True)
class KernelGraph:
    """``graph`` is the canonical integer graph; ``kernels`` are in topological order; every channel has one reader.

    ``tensor_of`` gives the tensor that a channel carries; ``inputs`` and ``outputs`` the channels of the ports, in the
    order of the model. An output streams in the order of its kernel, perhaps not in the file's: see ``streamed``.
    """

    graph: Graph
    kernels: tuple[Kernel, ...]
    channels: tuple[Channel, ...]
    tensor_of: Mapping[str, str]
    clock_mhz: float
    inputs: tuple[str, ...] = (SOURCE,)
    outputs: tuple[str, ...] = (SINK,)

    @cached_property
    def sources(self) -> tuple[Port, ...]:
        """The ports of the graph inputs, the data first."""
        return tuple(self._port(channel) for channel in self.inputs)

    @cached_property
    def sinks(self) -> tuple[Port, ...]:
        """The ports of the graph outputs, the data first."""
        return tuple(self._port(channel) for channel in self.outputs)

    @property
    def source(self) -> Port:
        """The port of the data that goes in."""
        return self.sources[0]

    @property
    def sink(self) -> Port:
        """The port of the data that comes out."""
        return self.sinks[0]

    @property
    def at_ports(self) -> Graph:
        """The graph with what streams out as its outputs: without what only turns them to the model file's order."""
        return replace(self.graph, outputs=tuple(self.tensor_of[channel] for channel in self.outputs))

    def streamed(self, index: int, values: IntArray) -> IntArray:
        """Values of an output, in the model file's order, as its port streams them."""
        return streamed(self.graph, self.graph.outputs[index], self.tensor_of[self.outputs[index]], values)

    def filed(self, index: int, values: IntArray) -> IntArray:
        """Values of an output, as its port streams them, in the model file's order and shape."""
        return filed(self.graph, self.graph.outputs[index], self.tensor_of[self.outputs[index]], values)

    def check_states(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Positions (output, input) of states: their raw bits go back as they come. Raises UserError."""
        for output, input in pairs:
            stream = self.tensor_of[self.outputs[output]]
            check_state(self.graph, self.graph.outputs[output], stream, self.graph.inputs[input])

    def _port(self, channel: str) -> Port:
        return Port(channel, beats(self.graph.tensors[self.tensor_of[channel]]))

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return sum(k.macs for k in self.kernels)


def kernel_graph(graph: Graph, clock_mhz: float) -> KernelGraph:
    """Cover an integer graph with kernels and wire them."""
    canonical = canonicalise(graph)
    kernels = partition(canonical, clock_mhz)
    if not kernels:
        raise UserError("model", "nothing to compute between input and output", "at least one layer", "Add a layer.")
    return _wire(canonical, kernels, clock_mhz)


def channel_names(graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The channels of the inputs and those of the outputs; a name that is taken gets a number."""
    taken = {SOURCE, SINK}

    def plain(id: str) -> str:
        name = re.sub(r"[\W_]+", "_", graph.names.get(id, id), flags=re.ASCII).strip("_")[:_LONGEST] or id
        name = next(n for n in (name, *(f"{name}_{i}" for i in range(len(taken)))) if n not in taken)
        taken.add(name)
        return name

    return (SOURCE, *map(plain, graph.inputs[1:])), (SINK, *map(plain, graph.outputs[1:]))


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
    sources, sinks = channel_names(graph)
    for id, name in zip(graph.outputs, sinks, strict=True):
        readers.setdefault(_computed(graph, id, outputs), []).append(name)
    forks: list[Fork] = []
    for id, name in zip(graph.inputs, sources, strict=True):
        if len(_read(graph, id, readers)) > 1:
            fork = Fork(f"fork_{id}", graph, (), (id,), id, clock_mhz)
            forks.append(replace(fork, sources=(name,), sinks=tuple(readers[id])))
        else:
            readers[id] = [name]
    wired = [_with_ports(kernel, streamed, readers) for kernel in kernels]
    tensor_of = {name: id for id, channels in readers.items() for name in channels}
    tensor_of |= dict(zip(sources, graph.inputs, strict=True))
    check_seams(
        graph,
        (*forks, *wired),
        dict(zip(sources, graph.inputs, strict=True)),
        dict(zip(sinks, graph.outputs, strict=True)),
    )
    channels = tuple(_channel(graph, name, id) for name, id in tensor_of.items())
    return KernelGraph(graph, (*forks, *wired), channels, tensor_of, clock_mhz, sources, sinks)


def _computed(graph: Graph, id: str, kernels: Collection[str]) -> str:
    """The kernel output that a graph output is, perhaps in another shape."""
    base, _, _ = trace(graph.producers, graph.tensors, id, kernels)
    if base not in kernels:
        found = "an input that is handed through, or a constant"
        remedy = "Leave it out of the model's outputs: what sends the input has it already."
        raise UserError(f"output {graph.names.get(id, id)!r}", found, "something that is computed", remedy)
    return base


def _read(graph: Graph, id: str, readers: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Who reads an input. Nothing but a fork can write it to several."""
    if id not in readers:
        subject = f"input {graph.names.get(id, id)!r}"
        raise UserError(subject, "nothing that reads it", "a part in an output", "Leave it out of the model.")
    return readers[id]


def _with_ports(kernel: Kernel, streamed: Mapping[tuple[str, int], str], readers: Mapping[str, list[str]]) -> Kernel:
    ids = [streamed[kernel.name, port] for port in range(len(kernel.inputs))]
    sources = tuple(readers[id][0] if len(readers[id]) == 1 else f"{kernel.name}.in{n}" for n, id in enumerate(ids))
    return replace(kernel, sources=sources, sinks=tuple(readers[kernel.output]))


def _channel(graph: Graph, name: str, id: str) -> Channel:
    tensor = graph.tensors[id]
    return Channel(name, width=width(tensor) * tensor.type.width)
