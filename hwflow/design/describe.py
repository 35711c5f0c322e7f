"""What the build record says of a scheduled design: kernels, totals, bit widths, gates of the estimate."""

from __future__ import annotations

from collections.abc import Iterator

from hwflow import record as r
from hwflow.boards import Board
from hwflow.ir.graph import Graph, Tensor
from hwflow.ir.ops import MatMul, ReduceSum, Table
from hwflow.kernels.base import Kernel
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import KernelGraph
from hwflow.onnx_import.model import ImportedModel
from hwflow.schedule.fifo import with_depths
from hwflow.schedule.parallel import stage_times
from hwflow.schedule.resources import KINDS, Resources
from hwflow.schedule.run import FRAMES
from hwflow.schedule.schedule import Schedule
from hwflow.schedule.simulate import Simulation, simulate


def resource_use(resources: Resources) -> r.ResourceUse:
    """Resources as the record has them."""
    return r.ResourceUse(**resources.as_dict())


def board_summary(board: Board) -> r.BoardSummary:
    """Name, part and resources of a board."""
    chip = board.resources
    total = r.ResourceUse(lut=chip.lut, ff=chip.ff, dsp=chip.dsp, bram18=2 * chip.bram36, uram=chip.uram)
    return r.BoardSummary(name=board.name, part=board.part, total=total, usable=resource_use(board.usable))


def model_summary(name: str, imported: ImportedModel, network: KernelGraph) -> r.ModelSummary:
    """Parameters are the constants of the graph without the tables."""
    tables = {node.inputs[1] for node in network.graph.nodes if isinstance(node.op, Table)}
    parameters = sum(t.size for t in network.graph.tensors.values() if t.is_constant and t.id not in tables)
    return r.ModelSummary(
        name=name,
        mode=imported.mode,
        parameters=parameters,
        macs=network.macs,
        wide_tensors=tuple(sorted(imported.wide)),
        rewrites=imported.rewrites,
    )


def totals(schedule: Schedule) -> r.Totals:
    """The whole design as scheduled."""
    return r.Totals(
        latency_cycles=schedule.latency,
        first_output_cycles=schedule.first_output,
        ii_cycles=schedule.ii,
        resources=resource_use(schedule.resources),
    )


def estimate_results(schedule: Schedule, board: Board, budgets: r.Budgets) -> list[r.Result]:
    """Latency, initiation interval and resources against their limits, all of stage estimate."""
    latency = round(schedule.latency_us, 6)
    return [
        _result("latency", latency, "us", budgets.latency_us),
        _result("latency", schedule.latency, "cycles", None),
        _result("initiation interval", schedule.ii, "cycles", budgets.ii_cycles),
        *(_result(kind, getattr(schedule.resources, kind), "", getattr(board.usable, kind)) for kind in KINDS),
    ]


def _result(metric: str, value: float, unit: str, limit: float | None) -> r.Result:
    return r.Result(stage="estimate", metric=metric, value=value, unit=unit, limit=limit)


def output_names(network: KernelGraph) -> tuple[str, ...]:
    """The tensors that stream out, as the model calls them."""
    ids = (network.tensor_of[channel] for channel in network.outputs)
    return tuple(network.graph.names.get(id, id) for id in ids)


def simulate_schedule(network: KernelGraph, schedule: Schedule, frames: int = FRAMES) -> Simulation:
    """The token-level simulation of the scheduled design with its FIFO depths."""
    folds = schedule.folds
    actors = [actor for k in network.kernels for actor in k.actors(folds[k.name])]
    inner = [channel for k in network.kernels for channel in k.channels(folds[k.name])]
    channels = with_depths([*network.channels, *inner], schedule.fifo_depths)
    return simulate(actors, channels, network.sources, network.sinks, frames)


def kernel_rows(network: KernelGraph, schedule: Schedule, io_type: str) -> list[r.Kernel]:
    """Every kernel with its times in the first frame, its occupancy and its resources."""
    times = _stream_times(network, schedule) if io_type == "io_stream" else _parallel_times(network)
    return [_kernel(network.graph, k, schedule, *times[k.name]) for k in network.kernels]


def _stream_times(network: KernelGraph, schedule: Schedule) -> dict[str, tuple[int, int, int, float]]:
    simulation = simulate_schedule(network, schedule)
    frames = len(simulation.frame_ends)
    busy = {stats.name: stats.busy / frames / simulation.ii for stats in simulation.actors}
    trace = {each.actor: each for each in simulation.trace}
    times = {}
    for kernel in network.kernels:
        names = [actor.name for actor in kernel.actors(schedule.folds[kernel.name])]
        start = min(trace[name].starts[0] for name in names)
        ends = trace[names[-1]].ends
        times[kernel.name] = (start, ends[0], ends[-1], max(busy[name] for name in names))
    return times


def _parallel_times(network: KernelGraph) -> dict[str, tuple[int, int, int, float]]:
    return {name: (start, end, end, 1.0) for name, (start, end) in stage_times(network.kernels).items()}


def _kernel(
    graph: Graph, kernel: Kernel, schedule: Schedule, start: int, first: int, last: int, occupancy: float
) -> r.Kernel:
    fold = schedule.folds[kernel.name]
    names = [graph.names[n.output] for n in kernel.nodes if n.output in graph.names]
    return r.Kernel(
        name=kernel.name,
        kind=kernel.kind,
        tensors=tuple(names),
        fold=r.Fold(pe=fold.pe, simd=fold.simd, cycles=fold.cycles),
        first_start=start,
        first_output=first,
        last_output=last,
        occupancy=min(1.0, occupancy),
        resources=resource_use(schedule.kernel_resources[kernel.name]),
    )


def bit_widths(network: KernelGraph) -> Iterator[r.BitWidth]:
    """Weights, accumulators (products and sums) and activations (what streams between kernels)."""
    graph = network.graph
    for node in graph.nodes:
        if isinstance(node.op, (MatMul, ReduceSum)):
            for id in node.inputs:
                if graph.tensors[id].is_constant:
                    yield _width(graph, graph.tensors[id], "weight", f"{_name(graph, node.output)} weights")
            yield _width(graph, graph.tensors[node.output], "accumulator")
    for id in dict.fromkeys(k.output for k in network.kernels if not isinstance(k, Fork)):
        yield _width(graph, graph.tensors[id], "activation")


def _width(graph: Graph, tensor: Tensor, kind: str, name: str | None = None) -> r.BitWidth:
    return r.BitWidth.model_validate(
        {"tensor": name or _name(graph, tensor.id), "type": str(tensor.type), "width": tensor.type.width, "kind": kind}
    )


def _name(graph: Graph, id: str) -> str:
    return graph.names.get(id, id)
