"""Run by cocotb inside the simulation: AXI4-Stream masters and slaves that are not ours, on the ports of hwflow_top.

The environment names FRAMES, an .npz with the bytes of the frames: ``input`` and ``output``, each (frames, bytes), and
``patience``, the cycles in which each is to come.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge, with_timeout
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

PERIOD_NS = 5


class Ports:
    """The design with a source, a sink and a clock."""

    def __init__(self, dut: HierarchyObject) -> None:
        self.dut = dut
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, dut.aresetn, False)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, dut.aresetn, False)
        frames = np.load(os.environ["FRAMES"])
        self.input = [row.tobytes() for row in frames["input"]]
        self.output = [row.tobytes() for row in frames["output"]]
        self.patience = PERIOD_NS * int(frames["patience"])

    async def start(self) -> None:
        cocotb.start_soon(Clock(self.dut.aclk, PERIOD_NS, "ns").start())
        await self.reset(16)

    async def reset(self, cycles: int) -> None:
        self.dut.aresetn.value = 0
        await self.wait(cycles)
        self.dut.aresetn.value = 1

    async def wait(self, cycles: int) -> None:
        for _ in range(cycles):
            await RisingEdge(self.dut.aclk)

    async def send(self) -> None:
        for frame in self.input:
            await self.source.send(AxiStreamFrame(frame))

    async def check(self) -> None:
        """Each frame ends with tlast, hence comes as one; after the last there is silence."""
        for index, wanted in enumerate(self.output):
            frame = await with_timeout(self.sink.recv(), self.patience, "ns")
            assert bytes(frame.tdata) == wanted, f"frame {index}"
        await self.wait(200)
        assert self.sink.empty()


def coin(seed: int, share: float) -> Iterator[bool]:
    """Pauses, at random."""
    draw = random.Random(seed)
    while True:
        yield draw.random() < share


@cocotb.test()
async def frames_back_to_back(dut: HierarchyObject) -> None:
    ports = Ports(dut)
    await ports.start()
    await ports.send()
    await ports.check()


@cocotb.test()
@cocotb.parametrize(source=[0.0, 0.6], sink=[0.5, 0.8])
async def pauses(dut: HierarchyObject, source: float, sink: float) -> None:
    ports = Ports(dut)
    ports.source.set_pause_generator(coin(1, source))
    ports.sink.set_pause_generator(coin(2, sink))
    await ports.start()
    await ports.send()
    await ports.check()


@cocotb.test()
async def a_sink_that_sleeps(dut: HierarchyObject) -> None:
    """The design fills up, holds the source, and loses nothing."""
    ports = Ports(dut)
    ports.sink.pause = True
    await ports.start()
    await ports.send()
    await ports.wait(1000)
    ports.sink.pause = False
    await ports.check()


@cocotb.test()
@cocotb.parametrize(after=[3, 20, 41])
async def reset_in_mid_frame(dut: HierarchyObject, after: int) -> None:
    ports = Ports(dut)
    await ports.start()
    await ports.send()
    await ports.wait(after)
    ports.source.clear()
    await ports.reset(16)
    ports.sink.clear()
    await ports.send()
    await ports.check()
