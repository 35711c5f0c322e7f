"""The rows that windows wait for and free, against a walk through the windows; the ring is as large as it must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.ir.ops import Window
from hwflow.kernels.line_buffer import LineBuffer
from hwflow.kernels.network import kernel_graph
from hwflow.kernels.window import Window as WindowKernel
from hwflow.schedule.dataflow import Actor, Port
from hwflow.schedule.simulate import simulate
from tests.support.convolutions import ConvBlocks, random_window


@st.composite
def buffers(draw: st.DrawFn) -> LineBuffer:
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    rows, columns = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    return LineBuffer(random_window(rng, rows, columns), rows, columns)


@given(buffers())
def test_rows_against_the_windows_themselves(buffer: LineBuffer) -> None:
    numbers = np.arange(1, buffer.height + 1).repeat(buffer.width).reshape(1, buffer.height, buffer.width, 1)
    windows = buffer.op.move([numbers])[0]
    assert windows.shape[:2] == (buffer.out_height, buffer.out_width)
    assert buffer.row_beats == windows[0].size
    seen = [set(np.unique(row)) - {0} for row in windows]  # rows of the image, from 1
    kept = sorted(set.union(*seen))
    assert buffer.kept == [row + 1 in kept for row in range(buffer.height)]
    assert sum(buffer.awaited) == sum(buffer.freed) == len(kept)
    there, gone = list(accumulate(buffer.awaited)), [0, *accumulate(buffer.freed)]
    for rows, end, start in zip(seen, there, gone, strict=False):
        assert rows <= set(kept[start:end])
    assert all(set(kept[:end]).isdisjoint(set().union(*seen[n:])) for n, end in enumerate(gone))


def interval(kernel: WindowKernel, source: Port, sink: Port) -> int:
    fold = kernel.folds()[0]
    channels = [*kernel.channels(fold), *kernel_graph(kernel.graph, 200.0).channels]
    unbounded = [replace(c, depth=None) if c.name in (source.channel, sink.channel) else c for c in channels]
    actors: list[Actor] = list(kernel.actors(fold))
    return simulate(actors, unbounded, source, sink, frames=8).ii


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 20))
def test_the_slower_side_sets_the_pace(seed: int) -> None:
    """Pixels in or windows out, also with a source that is as slow as the windows are; one slot less is too few."""
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    blocks = ConvBlocks(rows, columns, 1, seed)
    network = kernel_graph(blocks.graph(blocks.builder.add(random_window(rng, rows, columns), blocks.x)), 200.0)
    (kernel,) = network.kernels
    assert isinstance(kernel, WindowKernel)
    source, sink = network.source, network.sink
    assert interval(kernel, source, sink) == max(source.beats, sink.beats)
    slow = replace(source, interval=-(-sink.beats // source.beats))
    assert interval(kernel, slow, sink) == max(slow.beats * slow.interval, sink.beats)


@given(buffers())
def test_steps_of_the_cpp_kernel(buffer: LineBuffer) -> None:
    """The loop of window.h, step by step."""
    row = beat = loaded = pixel = steps = 0
    while row < buffer.out_height or loaded < buffer.height:
        top = row * buffer.op.stride[0] - buffer.op.pads[0]
        done = row == buffer.out_height
        emits = not done and (loaded >= top + buffer.op.kernel[0] or loaded == buffer.height)
        loads = loaded < buffer.height and (done or loaded < max(0, top) + buffer.slots)
        assert emits or loads
        if emits:
            beat = (beat + 1) % buffer.row_beats
            row += beat == 0
        if loads:
            pixel = (pixel + 1) % buffer.width
            loaded += pixel == 0
        steps += 1
    assert steps == buffer.steps


@pytest.mark.parametrize(
    ("size", "window", "slots"),
    [
        ((224, 224), Window((3, 3), (2, 2), (1, 1, 1, 1)), 5),
        ((112, 112), Window((3, 3), (1, 1), (1, 1, 1, 1)), 4),
        ((196, 1), Window((3, 1), (1, 1), (1, 0, 1, 0)), 4),
        ((14, 14), Window((1, 1), (2, 2)), 2),
        ((7, 7), Window((7, 7)), 14),
    ],
)
def test_slots_of_common_layers(size: tuple[int, int], window: Window, slots: int) -> None:
    assert LineBuffer(window, *size).slots == slots
