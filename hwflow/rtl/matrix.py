"""The product with a constant matrix as one module of shifts and adds, staged level by level."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hwflow.ir.graph import Tensor
from hwflow.ir.types import FixedType, type_for
from hwflow.rtl.arithmetic import sum_ps
from hwflow.rtl.module import KernelModule
from hwflow.rtl.shift_add import AdderGraph, Bounds, cost, emit, level_ps, solve
from hwflow.rtl.signal import Signal
from hwflow.rtl.wires import resize


def matrix(m: KernelModule, x: Signal, weights: Tensor, type: FixedType) -> Signal:
    """x @ weights (K, N); registers stand behind the levels that end a cycle."""
    assert weights.values is not None
    p, graph = m.pipeline, _solved(weights.values.astype(np.int64).tobytes(), weights.shape, (x.type.lo, x.type.hi))
    cycle, ps, registers = x.cycle, x.ps, []
    for level, alone in enumerate(level_ps(graph)):
        delay = min(alone, sum_ps(type.width, summed=level > 0))
        if ps + delay > p.limit_ps and ps > 0:
            registers.append(level)
            cycle, ps, delay = cycle + 1, 0, alone
        ps += delay
    name = f"{m.kernel}_matrix"
    whole = _holds_all(graph, type)
    m.extras[name] = emit(graph, name, x.type, whole, registers)
    result = p.declare(Signal("product", weights.shape[1], whole, cycle, ps, terms=(x.name,), ranges=_ranges(graph)))
    p.lines.append(f"    {name} matrix (.clk(clk), .x({x.name}), .y(product));")
    p.spend(cost(graph, registers))
    return result if whole == type else replace(resize(p, "product_kept", result, type), ranges=result.ranges)


def _holds_all(graph: AdderGraph, type: FixedType) -> FixedType:
    """Every input of the type x has, used or not, gives a sum of this type."""
    lows, highs = zip(*_ranges(graph), strict=True)
    return type_for(min(lows), max(highs), type.frac)


def _ranges(graph: AdderGraph) -> tuple[Bounds, ...]:
    """Least and greatest of each output; one that is always zero is (0, 0)."""
    terms = [(graph.bounds(term.value), term.shift) if term else ((0, 0), 0) for term in graph.outputs]
    return tuple((low << shift, high << shift) for (low, high), shift in terms)


@lru_cache(maxsize=256)
def _solved(weights: bytes, shape: tuple[int, int], bounds: Bounds) -> AdderGraph:
    return solve(np.frombuffer(weights, np.int64).reshape(shape), bounds)
