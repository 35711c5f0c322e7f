"""Inputs on which rounding and limits show: half way between two steps of its quantiser, ends, and beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwflow.oracle.executor import Oracle
from hwflow.oracle.linear_quantisation import limits_of
from hwflow.oracle.qonnx_ops import DOMAINS, integer_range

_CARRIED = frozenset(("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Cast", "Concat"))


@dataclass(frozen=True)
class _Grid:
    """What reads an input: integers n from ``lo`` to ``hi`` stand for ``n * step``; of tokens, rows of a table."""

    step: float
    lo: float
    hi: float


def edge_inputs(oracle: Oracle, count: int, seed: int = 2026) -> dict[str, np.ndarray]:
    """``count`` seeded inputs by name, (count, *shape of the file).

    Four kinds take turns: ties; ties and the floats next to them; ends and what lies beyond; whole steps. Tokens are
    rows of the table that they name, counted from either end. An input that nothing quantises gets sixteenths.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for name, (shape, type) in oracle.inputs.items():
        grids = list(_grids(oracle, name))
        kind = _tokens if type.kind in "iu" else _reals
        rows = [kind(rng, grids[n // 4 % len(grids)] if grids else None, shape, n % 4) for n in range(count)]
        found[name] = np.stack(rows).astype(type) if rows else np.zeros((0, *shape), type)
    return found


def _reals(rng: np.random.Generator, grid: _Grid | None, shape: tuple[int, ...], kind: int) -> np.ndarray:
    grid = grid or _Grid(1 / 16, -128, 127)
    if kind == 2:
        below, above = grid.lo + np.array([-1e4, -1, -0.5, 0, 0.5]), grid.hi + np.array([-0.5, 0, 0.5, 1, 1e4])
        return rng.choice(np.concatenate([below, above]), shape) * grid.step
    whole = rng.integers(int(grid.lo) - 2, int(grid.hi) + 3, shape).astype(np.float64)
    whole = np.where(rng.random(shape) < 0.25, np.rint(whole / 16), whole)  # small ones are met too seldom
    values = ((whole + (0.5 if kind < 2 else 0)) * grid.step).astype(np.float32)
    return np.nextafter(values, rng.choice([-np.inf, 0, np.inf], shape).astype(np.float32)) if kind == 1 else values


def _tokens(rng: np.random.Generator, grid: _Grid | None, shape: tuple[int, ...], kind: int) -> np.ndarray:
    grid = grid or _Grid(1, 0, 7)
    ends = [grid.lo, -1, 0, grid.hi] if grid.lo < 0 else [grid.lo, grid.hi]
    return rng.choice(ends, shape) if kind == 2 else rng.integers(int(grid.lo), int(grid.hi) + 1, shape)


def _grids(oracle: Oracle, name: str) -> Iterator[_Grid]:
    """Of every quantiser, or table, that reads an input directly or through movements."""
    carried = {name}
    for node in oracle.nodes:
        if not node.input or not carried.intersection(node.input):
            continue
        if node.op_type in _CARRIED:
            carried.update(node.output)
        elif node.op_type == "Gather" and node.input[1] in carried and node.input[0] in oracle.constants:
            rows = oracle.constants[node.input[0]].shape[node.axis or 0]
            yield _Grid(1, -rows, rows - 1)
        elif node.input[0] in carried:
            yield from _quantiser(node, [oracle.constants.get(n) for n in node.input[1:]])


def _quantiser(node: Any, constants: list[np.ndarray | None]) -> Iterator[_Grid]:
    """One grid for each scale and zero point that the node has."""
    if node.op_type == "QuantizeLinear" and constants[0] is not None:
        zero = constants[1] if len(constants) > 1 and constants[1] is not None else np.zeros((), np.uint8)
        scale, (lo, hi) = constants[0], limits_of(zero.dtype)
    elif node.domain in DOMAINS and node.op_type in ("Quant", "IntQuant") and all(c is not None for c in constants):
        scale, zero, bits = (np.asarray(c) for c in constants)
        flags = (bool(getattr(node, "signed", 1)), bool(getattr(node, "narrow", 0)))
        lo, hi = (int(limit) for limit in integer_range(bits.ravel()[0], *flags))
    else:
        return
    pairs = np.broadcast(scale.astype(np.float64).ravel()[:16], zero.astype(np.float64).ravel()[:16])
    for step, point in dict.fromkeys((float(s), float(z)) for s, z in pairs):
        yield _Grid(step, lo - point, hi - point)
