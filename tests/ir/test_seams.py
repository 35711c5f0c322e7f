"""What only moves numbers keeps their bits; a graph that does not is refused with both tensors named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.ir import serialise
from hwflow.ir.builder import GraphBuilder
from hwflow.ir.graph import Graph, Op
from hwflow.ir.ops import Clamp, Concat, Requantise, Reshape, Shift, Slice, Table, Transpose, Window
from hwflow.ir.seams import SeamError, check_types
from hwflow.ir.types import FixedType
from hwflow.kernels.network import kernel_graph

WIDE = FixedType(True, 10, 4)
MOVES = [Shift(-2), Reshape((2, 6)), Transpose((1, 0)), Slice(-2, 0, 2), Slice(-1, 1, 3)]


def spare(moves: list[Op]) -> tuple[GraphBuilder, list[str]]:
    """Numbers of 4 bits in a quantiser of 10, and what each of the ops makes of them."""
    builder = GraphBuilder()
    kept = builder.add(Requantise(WIDE), builder.input((3, 4), FixedType(True, 4, 2)))
    return builder, [builder.add(op, kept) for op in moves]


@pytest.mark.parametrize("move", MOVES)
def test_a_movement_keeps_the_bits_of_its_input(move: Op) -> None:
    builder, (moved,) = spare([move])
    assert builder.tensor(moved).type == replace(WIDE, frac=WIDE.frac + 2 * isinstance(move, Shift))
    assert builder.bounds(moved).hi.max() == 28  # while its range is known as before


def test_windows_keep_them_too() -> None:
    builder, (image,) = spare([Reshape((3, 1, 4))])
    assert builder.tensor(builder.add(Window((2, 1)), image)).type == WIDE


def test_what_computes_is_as_narrow_as_its_range() -> None:
    builder, (limited, joined) = spare([Clamp(0, None), Concat(-1)])
    assert [builder.tensor(i).type.width for i in (limited, joined)] == [5, 6]


def narrowed() -> Graph:
    """A Slice whose output has the type that its range needs."""
    builder, (part,) = spare([Slice(-1, 1, 3)])
    graph = builder.build([builder.add(Requantise(FixedType(True, 3, 2)), part)])
    tensors = {**graph.tensors, part: replace(graph.tensors[part], type=FixedType(True, 6, 4))}
    return replace(graph, tensors=tensors)


def test_a_narrowed_movement_is_a_defect_that_names_both_tensors() -> None:
    with pytest.raises(SeamError, match=r"Slice of t1 gives fixed<10,6> where tensor t2 takes fixed<6,2>"):
        kernel_graph(narrowed(), 200.0)


def test_a_file_with_one_is_damaged() -> None:
    with pytest.raises(UserError, match="Slice of t1 gives"):
        serialise.loads(serialise.dumps(narrowed()))


def test_a_table_has_an_entry_for_every_address() -> None:
    builder, (moved,) = spare([Shift(0)])
    graph = builder.build([builder.add(Table(), moved, builder.constant(np.arange(1024), 0))])
    node = graph.nodes[-1]
    short = replace(graph.tensors[node.inputs[1]], shape=(64,), values=np.arange(64))
    check_types(graph)
    with pytest.raises(SeamError, match=r"gives fixed<10,\d> where Table"):
        check_types(replace(graph, tensors={**graph.tensors, short.id: short}))
