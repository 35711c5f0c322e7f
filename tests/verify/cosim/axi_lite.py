"""Run by cocotb inside the simulation: the AXI4-Lite registers of hwflow_top, against what is seen at its streams.

The environment is that of `axi_ports`; ``frames.npz`` holds ``latency`` and ``ii`` too, the predicted cycles.
"""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path

import cocotb
import numpy as np
from axi_ports import Ports, coin
from cocotb.handle import HierarchyObject
from cocotb.triggers import FallingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamFrame

COUNTS = ("frames_in", "frames_out", "latency", "latency_max", "interval", "input_wait", "output_wait")
CONTROL, FIRST_COUNT, END = 0x10, 0x14, 0x30


class Watcher:
    """Counts, in every cycle, what the registers are to show."""

    def __init__(self, dut: HierarchyObject, beats: int) -> None:
        self.dut, self.beats = dut, beats
        self.reset()

    def reset(self) -> None:
        self.starts: deque[int] = deque()
        self.beat = self.cycle = 0
        self.clear()

    def clear(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self.last_end: int | None = None

    async def run(self) -> None:
        while True:
            await FallingEdge(self.dut.aclk)
            if not self.dut.aresetn.value:
                self.reset()
                continue
            if self.dut.control.clear.value:  # the block sees the streams a cycle later than this
                self.clear()
            self.input()
            self.output()
            self.cycle += 1

    def input(self) -> None:
        if not self.dut.s_axis_tvalid.value:
            return
        if not self.dut.s_axis_tready.value:
            self.counts["input_wait"] += 1
            return
        if self.beat == 0:
            self.starts.append(self.cycle)
        self.beat = (self.beat + 1) % self.beats
        self.counts["frames_in"] += self.beat == 0

    def output(self) -> None:
        if not self.dut.m_axis_tvalid.value:
            return
        if not self.dut.m_axis_tready.value:
            self.counts["output_wait"] += 1
        elif self.dut.m_axis_tlast.value:
            self.end(self.cycle - self.starts.popleft())

    def end(self, latency: int) -> None:
        counts = self.counts
        counts["frames_out"] += 1
        counts["latency"], counts["latency_max"] = latency, max(latency, counts["latency_max"])
        if self.last_end is not None:
            counts["interval"] = self.cycle - self.last_end
        self.last_end = self.cycle


class Bench:
    """The streams, a bus master, and the watcher."""

    def __init__(self, dut: HierarchyObject) -> None:
        self.dut, self.ports = dut, Ports(dut)
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, dut.aresetn, False)
        self.manifest = json.loads(Path("rtl.json").read_text())
        self.watcher = Watcher(dut, self.manifest["channels"]["input"]["beats"])
        self.predicted = np.load(os.environ["FRAMES"])

    async def start(self) -> None:
        await self.ports.start()
        cocotb.start_soon(self.watcher.run())
        for channel in ("b", "r"):
            cocotb.start_soon(self.steady(channel))

    async def steady(self, channel: str) -> None:
        """An answer stays as it is until it is taken."""
        names = {"b": ("bresp",), "r": ("rdata", "rresp")}[channel]
        signals = [getattr(self.dut, f"s_axil_{name}") for name in (f"{channel}valid", *names)]
        ready, waiting = getattr(self.dut, f"s_axil_{channel}ready"), None
        while True:
            await FallingEdge(self.dut.aclk)
            shown = [int(signal.value) for signal in signals]
            assert waiting is None or shown == waiting
            waiting = shown if shown[0] and not ready.value else None

    async def frames(self) -> None:
        await self.ports.send()
        await self.ports.check()

    async def read(self, address: int) -> int:
        answer = await self.master.read(address, 4)
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    async def check(self) -> dict[str, int]:
        """Every register with a count shows what was seen."""
        found = {name: await self.read(FIRST_COUNT + 4 * i) for i, name in enumerate(COUNTS)}
        assert found == self.watcher.counts
        return found

    async def clear(self) -> None:
        assert (await self.master.write(CONTROL, bytes([1, 0, 0, 0]))).resp == AxiResp.OKAY


@cocotb.test()
async def what_it_is(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    found = [await bench.read(address) for address in range(0, 0x14, 4)]
    design, clock = int(bench.manifest["design"], 16), round(1000 * bench.manifest["clock_mhz"])
    assert found == [int.from_bytes(b"HWFL"), int(bench.predicted["version"]), design, clock, 0]


@cocotb.test()
async def a_single_frame_takes_what_was_predicted(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.check()
    await bench.ports.source.send(AxiStreamFrame(bench.ports.input[0]))
    await bench.ports.sink.recv()
    await bench.ports.wait(3)
    found = await bench.check()
    assert found == dict.fromkeys(COUNTS, 0) | {
        "frames_in": 1, "frames_out": 1, "input_wait": found["input_wait"],
        "latency": bench.predicted["latency"], "latency_max": bench.predicted["latency"],
    }  # fmt: skip


@cocotb.test()
async def frames_back_to_back_come_in_the_predicted_interval(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.frames()
    found = await bench.check()
    assert found["frames_in"] == found["frames_out"] == len(bench.ports.input)
    assert found["interval"] == bench.predicted["ii"]


@cocotb.test()
@cocotb.parametrize(source=[0.0, 0.6], sink=[0.3, 0.8])
async def counts_with_pauses(dut: HierarchyObject, source: float, sink: float) -> None:
    """And the largest latency is not that of the last frame."""
    bench = Bench(dut)
    bench.ports.source.set_pause_generator(coin(3, source))
    bench.ports.sink.set_pause_generator(coin(4, sink))
    await bench.start()
    await bench.frames()
    await bench.check()
    await bench.clear()
    assert not any((await bench.check()).values())
    await bench.frames()
    found = await bench.check()
    bench.ports.source.clear_pause_generator()
    bench.ports.sink.clear_pause_generator()
    await bench.ports.source.send(AxiStreamFrame(bench.ports.input[0]))
    await bench.ports.wait(int(bench.predicted["latency"]) + 50)
    assert (await bench.check())["latency_max"] == found["latency_max"] > bench.predicted["latency"]


@cocotb.test()
async def a_design_full_of_frames(dut: HierarchyObject) -> None:
    """With a sink that sleeps, as many are on their way as there can be: the start of each is kept."""
    bench = Bench(dut)
    bench.ports.sink.pause = True
    await bench.start()
    await bench.ports.send()
    await bench.ports.wait(10 * int(bench.predicted["latency"]))
    found, waiting = bench.watcher.counts, len(bench.watcher.starts)
    assert not dut.s_axis_tready.value and found["output_wait"] > 0
    assert 1 < waiting <= bench.predicted["places"]
    bench.ports.sink.pause = False
    for end in range(waiting):
        await bench.ports.sink.recv()
        await bench.ports.wait(2)
        bench.ports.sink.pause = True
        await bench.ports.wait(3)
        assert (await bench.read(0x1C)) == bench.watcher.counts["latency"], end
        bench.ports.sink.pause = False


@cocotb.test()
@cocotb.parametrize(after=[9, 30, 55])
async def cleared_in_mid_frame(dut: HierarchyObject, after: int) -> None:
    """What is on its way is measured whole."""
    bench = Bench(dut)
    bench.ports.sink.set_pause_generator(coin(5, 0.4))
    await bench.start()
    await bench.ports.send()
    await bench.ports.wait(after)
    await bench.clear()
    await bench.ports.check()
    found = await bench.check()
    assert found["latency"] >= bench.predicted["latency"]


@cocotb.test()
@cocotb.parametrize(after=[9, 30, 55])
async def reset_in_mid_frame(dut: HierarchyObject, after: int) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.ports.send()
    await bench.ports.wait(after)
    bench.ports.source.clear()
    await bench.ports.reset(16)
    bench.ports.sink.clear()
    assert not any((await bench.check()).values())
    await bench.frames()
    assert (await bench.check())["frames_out"] == len(bench.ports.output)


@cocotb.test()
async def the_bus_in_any_order(dut: HierarchyObject) -> None:
    """Address or data first, and a master that takes its time for the answers."""
    bench = Bench(dut)
    await bench.start()
    write, read = bench.master.write_if, bench.master.read_if
    channels = (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel)
    for late in channels[:2]:
        await bench.frames()
        late.pause = True
        task = cocotb.start_soon(bench.clear())
        await bench.ports.wait(20)
        assert not task.done() and (await bench.check())["frames_out"]
        late.pause = False
        await task
        assert not any((await bench.check()).values())
    for seed, channel in enumerate(channels):
        channel.set_pause_generator(coin(seed, 0.7))
    for _ in range(3):
        await bench.ports.send()
        tasks = [cocotb.start_soon(bench.clear()) for _ in range(4)]
        for address in (0, FIRST_COUNT, 0):
            assert address or (await bench.read(address)) == int.from_bytes(b"HWFL")
        for task in tasks:
            await task
        await bench.ports.check()
        await bench.check()


@cocotb.test()
async def accesses_that_are_refused(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.frames()
    for address in (END, 0x40, 0x7FC, 0xFFC):
        answer = await bench.master.read(address, 4)
        assert (answer.resp, answer.data) == (AxiResp.SLVERR, bytes(4))
    for address in (0, CONTROL - 4, FIRST_COUNT, END, CONTROL + 0x40, 0x800):
        assert (await bench.master.write(address, bytes([1, 0, 0, 0]))).resp == AxiResp.SLVERR
    for address, data in ((CONTROL, b"\xfe\xff\xff\xff"), (CONTROL + 1, b"\x01\x01\x01")):  # not bit 0; not byte 0
        assert (await bench.master.write(address, data)).resp == AxiResp.OKAY
    assert (await bench.check())["frames_out"] == len(bench.ports.output)
    assert (await bench.master.write(CONTROL, b"\x01")).resp == AxiResp.OKAY
    assert not any((await bench.check()).values())
