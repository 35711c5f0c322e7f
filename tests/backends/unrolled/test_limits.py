"""Where alkaid would be wrong without a word there is one clear error that names the tensor."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from hwflow.backends.unrolled import symbolic, trace
from hwflow.errors import ToolMissing, UserError
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph, Op
from hwflow.ir.ops import Concat, Mul, Requantise, Table
from hwflow.ir.types import FixedType
from tests.backends.unrolled import graphs

BYTE = FixedType(False, 8, 0)


def _table(address: int, entry: int) -> Graph:
    b = GraphBuilder()
    x = b.input((1,), FixedType(False, address, 0))
    entries = np.arange(1 << address) % (1 << entry)
    y = b.add(Table(), x, b.constant(entries, 0, FixedType(False, entry, 0)))
    b.name(y, "looked up")
    return b.build([y])


def _square(width: int) -> Graph:
    b = GraphBuilder()
    x = b.input((1,), FixedType(False, width, 0))
    y = b.add(Mul(), x, x)
    b.name(y, "square")
    return b.build([y])


def _with_constant(op: Op, value: int) -> Graph:
    b = GraphBuilder()
    x = b.input((1,), BYTE)
    y = b.add(op, x, b.constant(np.array([value]), 0))
    b.name(y, "y")
    return b.build([y])


def _far_shift() -> Graph:
    b = GraphBuilder()
    x = b.input((1,), FixedType(True, 8, 60))
    y = b.add(Requantise(BYTE), x)
    b.name(y, "rounded")
    return b.build([y])


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (graphs.dense(BYTE, np.array([[(1 << 24) + 1]])), r"'product' \(MatMul\): found weights of 25 sig.*at most 24"),
        (graphs.dense(BYTE, np.array([[1]]), np.array([(1 << 24) + 1])), r"'sum' \(Add\): found added constants of 25"),
        (
            _with_constant(Mul(), (1 << 24) + 1),
            r"'y' \(Mul\): found factors of 25 significant bits; expected at most 24",
        ),
        (_with_constant(Concat(-1), (1 << 24) + 1), r"'y' \(Concat\): found constants of 25 significant bits"),
        (_table(17, 4), r"'looked up' \(Table\): found a table address of 17 bits; expected at most 16"),
        (_table(4, 29), r"'looked up' \(Table\): found table entries of 29 bits; expected at most 28"),
        (_square(27), r"'square' \(Mul\): found integers of 54 bits; expected at most 53"),
        (_far_shift(), r"'rounded' \(Requantise\): found a rounding that drops 54 bits"),
    ],
)
def test_too_wide(graph: Graph, message: str) -> None:
    pytest.importorskip("alkaid")
    with pytest.raises(UserError, match=message):
        trace.trace(graph)


@pytest.mark.parametrize(
    "graph",
    [
        graphs.dense(BYTE, np.array([[(1 << 24) - 1], [-5]])),
        graphs.dense(BYTE, np.array([[1]]), np.array([((1 << 24) - 1) << 6])),
        _with_constant(Mul(), (1 << 24) - 1),
        _with_constant(Concat(-1), (1 << 24) - 1),
        _table(10, 28),
        _square(26),
    ],
)
def test_the_widest_that_is_exact(graph: Graph) -> None:
    pytest.importorskip("alkaid")
    from tests.backends.unrolled.test_exact import assert_exact

    assert_exact(graph, 1000)


def test_without_alkaid(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    symbolic.load.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ToolMissing, match=r"alkaid: .* pip install 'hwflow\[unrolled\]'") as error:
        trace.trace(graphs.token_mix())
    assert error.value.exit_code == 3
