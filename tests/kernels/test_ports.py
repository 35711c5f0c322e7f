"""Kernel graphs with several inputs and outputs."""

from __future__ import annotations

import pytest

from hwflow.errors import UserError
from hwflow.kernels.network import kernel_graph
from tests.kernels.covered import covered
from tests.support.blocks import I8, Blocks
from tests.support.ports import recurrent


def test_every_input_and_output_is_a_channel() -> None:
    kernels = covered(recurrent())
    assert kernels.inputs == ("input", "mean", "count")
    assert kernels.outputs == ("output", "new_mean", "new_count")
    assert [port.beats for port in kernels.sources] == [4, 4, 1]
    assert [port.beats for port in kernels.sinks] == [1, 4, 1]
    (writer,) = [k for k in kernels.kernels if "new_mean" in k.sinks]
    assert len(writer.sinks) > 1 and writer.kind == "elementwise"
    assert [k.sources for k in kernels.kernels if k.kind == "fork"] == [("mean",)]


def test_names_that_are_equal_when_plain_get_a_number() -> None:
    blocks = Blocks()
    first, second, third = (blocks.builder.input((4, 6), I8) for _ in range(3))
    for id, name in ((first, "a/b"), (second, "a.b"), (third, "output")):
        blocks.builder.name(id, name)
    y = blocks.residual(blocks.x, first, second, third)
    assert kernel_graph(blocks.graph(y), 200.0).inputs == ("input", "a_b", "a_b_0", "output_0")


def test_one_tensor_as_two_outputs() -> None:
    blocks = Blocks()
    y = blocks.linear(blocks.x, 6)
    kernels = covered(blocks.graph(y, y))
    assert kernels.outputs == ("output", y)
    assert [k.sinks for k in kernels.kernels] == [("output", y)]


def test_an_input_handed_through_is_refused() -> None:
    blocks = Blocks()
    blocks.builder.name(blocks.x, "cache")
    with pytest.raises(UserError, match="output 'cache': found an input that is handed through"):
        kernel_graph(blocks.graph(blocks.linear(blocks.x, 3), blocks.x), 200.0)


def test_an_input_that_nothing_reads_is_refused() -> None:
    blocks = Blocks()
    blocks.builder.name(blocks.builder.input((2, 3), I8), "spare")
    with pytest.raises(UserError, match="input 'spare': found nothing that reads it"):
        kernel_graph(blocks.graph(blocks.linear(blocks.x, 3)), 200.0)
