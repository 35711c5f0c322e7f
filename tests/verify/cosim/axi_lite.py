"""Run by cocotb inside the simulation: the AXI4-Lite registers of hwflow_top, against what is seen at its streams."""

from __future__ import annotations

import cocotb
from axi_bench import CONTROL, COUNTS, END, FIRST_COUNT, Bench
from axi_ports import coin
from cocotb.handle import HierarchyObject
from cocotbext.axi import AxiResp

TEST = cocotb.test(timeout_time=1, timeout_unit="ms")  # of simulated time, ten times what the longest takes


@TEST
async def what_it_is(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    found = [await bench.read(address) for address in range(0, 0x14, 4)]
    design, clock = int(bench.manifest["design"], 16), round(1000 * bench.manifest["clock_mhz"])
    assert found == [int.from_bytes(b"HWFL"), int(bench.predicted["version"]), design, clock, 0]


@TEST
async def a_single_frame_takes_what_was_predicted(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.check()
    await bench.single_frame()
    found = await bench.check()
    assert found == dict.fromkeys(COUNTS, 0) | {
        "frames_in": 1, "frames_out": 1, "input_wait": found["input_wait"],
        "latency": bench.predicted["latency"], "latency_max": bench.predicted["latency"],
    }  # fmt: skip


@TEST
async def frames_back_to_back_come_in_the_predicted_interval(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.frames()
    found = await bench.check()
    assert found["frames_in"] == found["frames_out"] == len(bench.ports.input)
    assert found["interval"] == bench.predicted["ii"]


@TEST
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
    for end in (bench.ports.source, bench.ports.sink):
        end.clear_pause_generator()
        end.pause = False
    await bench.single_frame()
    last = await bench.check()
    assert last["latency_max"] == found["latency_max"] > last["latency"] == bench.predicted["latency"]


@TEST
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
        assert await bench.count("latency") == bench.watcher.counts["latency"], end
        bench.ports.sink.pause = False


@TEST
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


@TEST
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


@TEST
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


@TEST
async def a_second_write_waits_for_the_first(dut: HierarchyObject) -> None:
    """Its address while data are missing, its data while an address is."""
    bench = Bench(dut)
    await bench.start()
    await bench.frames()
    await bench.address(0)
    await bench.address(CONTROL)
    await bench.ports.wait(10)
    await bench.data(1)
    assert await bench.answer() == AxiResp.SLVERR
    await bench.data(0)
    assert await bench.answer() == AxiResp.OKAY
    await bench.data(0)
    await bench.data(1)
    await bench.ports.wait(10)
    await bench.address(CONTROL)
    assert await bench.answer() == AxiResp.OKAY
    assert (await bench.check())["frames_out"]
    await bench.address(CONTROL)
    assert await bench.answer() == AxiResp.OKAY
    assert not any((await bench.check()).values())


@TEST
async def an_answer_waits_unchanged(dut: HierarchyObject) -> None:
    """While the register counts on."""
    bench = Bench(dut)
    bench.ports.sink.pause = True
    await bench.start()
    await bench.ports.send()
    await bench.ports.wait(int(bench.predicted["latency"]) + 50)
    bench.master.read_if.r_channel.pause = True
    task = cocotb.start_soon(bench.count("output_wait"))
    await bench.ports.wait(20)
    assert dut.s_axil_rvalid.value and not task.done()
    bench.master.read_if.r_channel.pause = False
    assert 0 < await task < bench.watcher.counts["output_wait"] - 10


@TEST
async def accesses_that_are_refused(dut: HierarchyObject) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.frames()
    for address in (END, 0x40, 0x7FC, 0xFFC):
        answer = await bench.master.read(address, 4)
        assert (answer.resp, answer.data) == (AxiResp.SLVERR, bytes(4))
    for address in (0, CONTROL - 4, FIRST_COUNT, END, *(CONTROL + (1 << bit) for bit in range(5, 12))):
        assert (await bench.master.write(address, bytes([1, 0, 0, 0]))).resp == AxiResp.SLVERR
    for data, strobes in ((0xFFFFFFFE, 0b1111), (0xFFFFFFFF, 0b1110)):  # not bit 0; not byte 0
        await bench.address(CONTROL)
        await bench.data(data, strobes)
        assert await bench.answer() == AxiResp.OKAY
    assert (await bench.check())["frames_out"] == len(bench.ports.output)
    assert (await bench.master.write(CONTROL, b"\x01")).resp == AxiResp.OKAY
    assert not any((await bench.check()).values())
