"""For the cocotb tests of the AXI4-Lite registers: a bus master, and a watcher that counts what they are to show.

The environment is that of `axi_ports`; ``frames.npz`` holds what `test_axi_lite` predicts too.
"""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path

import cocotb
import numpy as np
from axi_ports import Ports
from cocotb.handle import HierarchyObject
from cocotb.triggers import FallingEdge, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamFrame
from cocotbext.axi.axil_channels import AxiLiteAWTransaction, AxiLiteWTransaction

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

    async def single_frame(self) -> None:
        """Into a design without any."""
        await self.ports.source.send(AxiStreamFrame(self.ports.input[0]))
        await with_timeout(self.ports.sink.recv(), self.ports.patience, "ns")
        await self.ports.wait(3)

    async def read(self, address: int) -> int:
        answer = await self.master.read(address, 4)
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    async def address(self, address: int) -> None:
        """Of a write, by itself."""
        await self.master.write_if.aw_channel.send(AxiLiteAWTransaction(awaddr=address))

    async def data(self, data: int, strobes: int = 0b1111) -> None:
        """Of a write, by itself."""
        await self.master.write_if.w_channel.send(AxiLiteWTransaction(wdata=data, wstrb=strobes))

    async def answer(self) -> AxiResp:
        """To such a write."""
        return AxiResp(int((await self.master.write_if.b_channel.recv()).bresp))

    async def count(self, name: str) -> int:
        return await self.read(FIRST_COUNT + 4 * COUNTS.index(name))

    async def check(self) -> dict[str, int]:
        """Every register with a count shows what was seen."""
        found = {name: await self.count(name) for name in COUNTS}
        assert found == self.watcher.counts
        return found

    async def clear(self) -> None:
        assert (await self.master.write(CONTROL, bytes([1, 0, 0, 0]))).resp == AxiResp.OKAY
