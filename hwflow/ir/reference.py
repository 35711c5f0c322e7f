"""The integer reference: runs a graph on numpy integers. It is also the fast emulator.

Batches are cut into chunks that stay in the cache and spread over threads (numpy and BLAS release the GIL).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from hwflow.errors import UserError
from hwflow.ir.graph import Graph, IntArray
from hwflow.ir.rounding import round_reals

_CHUNK_ELEMENTS = 1 << 16  # elements of the largest tensor in a chunk: it stays in a level-2 cache


def quantise_input(graph: Graph, name: str, values: np.ndarray) -> IntArray:
    """Real inputs (batch, *shape in the model file) to the integers of an input, rounded as it says, saturating."""
    tensor, shape = graph.tensors[name], graph.file_shape(name)
    if values.shape[1:] != shape:
        raise UserError(
            f"input {graph.names.get(name, name)!r}",
            f"shape {values.shape}",
            f"(batch, {', '.join(map(str, shape))})",
            "Reshape the data to (batch, *input shape).",
        )
    if not np.all(np.isfinite(values)):
        raise UserError(
            f"input {graph.names.get(name, name)!r}", "a value that is not finite", "finite numbers", "Clean the data."
        )
    scaled = np.ldexp(values.astype(np.float32).astype(np.float64), tensor.type.frac)
    rounded = round_reals(scaled, graph.roundings.get(name, "half_even"))
    if rows := graph.rows.get(name):
        rounded = np.where(rounded < 0, rounded + rows, rounded)
    integers = np.clip(rounded, tensor.type.lo, tensor.type.hi).astype(np.int64)
    order = graph.orders.get(name)
    return integers if order is None else integers.transpose(0, *(axis + 1 for axis in order))


def run(graph: Graph, inputs: Mapping[str, IntArray], keep: Iterable[str] = ()) -> dict[str, IntArray]:
    """Evaluate one batch. Inputs and results are integers (batch, *shape), keyed by tensor id.

    Returns the graph's outputs and every tensor named in ``keep``.
    """
    values: dict[str, IntArray] = {t.id: t.values for t in graph.tensors.values() if t.values is not None}
    values.update(inputs)
    wanted = [*graph.outputs, *keep]
    last_use = _last_uses(graph, wanted)
    for position, node in enumerate(graph.nodes):
        arrays = [values[i] for i in node.inputs]
        values[node.output] = node.op.evaluate(graph.inputs_of(node), arrays, graph.tensors[node.output])
        for spent in last_use.get(position, ()):
            del values[spent]
    return {id: values[id] for id in wanted}


def emulate(graph: Graph, inputs: Mapping[str, IntArray], keep: Iterable[str] = ()) -> dict[str, IntArray]:
    """``run`` on a large batch: chunked, multi-threaded, same result."""
    keep = tuple(keep)
    chunks = list(_chunks(graph, inputs))
    workers = min(len(chunks), os.cpu_count() or 1)
    with _blas().limit(limits=1 if workers > 1 else None), ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda chunk: run(graph, chunk, keep), chunks))
    return {id: np.concatenate([part[id] for part in parts]) for id in parts[0]}


@cache
def _blas() -> ThreadpoolController:
    """BLAS's own threads would wait for each other in every chunk's products: up to twenty times the work."""
    return ThreadpoolController().select(user_api="blas")


def _chunks(graph: Graph, inputs: Mapping[str, IntArray]) -> Iterator[dict[str, IntArray]]:
    batch = len(next(iter(inputs.values())))
    largest = max(t.size for t in graph.tensors.values() if not t.is_constant)
    size = max(1, min(_CHUNK_ELEMENTS // largest, -(-batch // (os.cpu_count() or 1))))
    for start in range(0, max(batch, 1), size):
        yield {id: array[start : start + size] for id, array in inputs.items()}


def _last_uses(graph: Graph, wanted: Iterable[str]) -> dict[int, list[str]]:
    """Which tensors are read for the last time at each position, so that memory stays small."""
    last = {i: position for position, node in enumerate(graph.nodes) for i in node.inputs}
    keep = set(wanted) | {t.id for t in graph.tensors.values() if t.is_constant}
    spent: dict[int, list[str]] = {}
    for id, position in last.items():
        if id not in keep:
            spent.setdefault(position, []).append(id)
    return spent
