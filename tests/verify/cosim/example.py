"""A small design made by hand: its RTL folder, its dataflow model and its golden integers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwflow.data_folder import data_folder
from hwflow.ir.graph import IntArray
from hwflow.ir.types import FixedType
from hwflow.schedule.dataflow import Actor, Channel, Phase, Port
from hwflow.schedule.simulate import Simulation, simulate
from hwflow.verify.cosim import KernelPorts, Stream

BEATS = 4
I8, I10 = FixedType(True, 8, 0), FixedType(True, 10, 0)
KERNELS = (
    KernelPorts("k0_add_one", ("input",), ("a",)),
    KernelPorts("k1_fork", ("a",), ("b", "c")),
    KernelPorts("k2_total", ("b",), ("d",)),
    KernelPorts("k3_join", ("c", "d"), ("e",)),
    KernelPorts("k4_times_four", ("e",), ("output",)),
)
DEPTHS = {"input": 2, "a": 5, "b": 2, "c": 8, "d": 2, "e": 3, "output": 2}
_FIFOS = {
    "input": "input_fifo",
    "a": "k0_add_one.fifo0",
    "b": "k1_fork.fifo0",
    "c": "k1_fork.fifo1",
    "d": "k2_total.fifo0",
    "e": "k3_join.fifo0",
    "output": "k4_times_four.fifo0",
}
_DEPTH_TEXTS = {
    "input": "#(.WIDTH(16), .DEPTH({})) input_fifo",
    "a": "#(.DEPTH({})) k0_add_one",
    "b": "#(.DEPTH0({}), ",
    "c": " .DEPTH1({}))",
    "d": ".BEATS(BEATS), .DEPTH({})",
    "e": "k3_join #(.DEPTH({}))",
    "output": "k4_times_four #(.DEPTH({}))",
}


def write_rtl(folder: Path, depths: Mapping[str, int] = DEPTHS) -> Path:
    """The RTL folder with other FIFO depths."""
    shutil.copytree(Path(__file__).parent / "design", folder)
    for name in ("hwflow_fifo.sv", "hwflow_actor.sv"):
        shutil.copy(data_folder("rtl_templates") / name, folder)
    top = (folder / "hwflow_top.sv").read_text()
    for channel, text in _DEPTH_TEXTS.items():
        assert top.count(text.format(DEPTHS[channel])) == 1
        top = top.replace(text.format(DEPTHS[channel]), text.format(depths[channel]))
    (folder / "hwflow_top.sv").write_text(top)
    manifest = {
        "top": "hwflow_top",
        "sources": ["hwflow_top.sv", *sorted(f.name for f in folder.glob("*.sv") if f.name != "hwflow_top.sv")],
        "memories": [],
        "clock_mhz": 200.0,
        "kernels": [kernel.name for kernel in KERNELS],
        "channels": {
            name: {"width": 20 if name == "output" else 16, "depth": depths[name], "beats": BEATS, "fifo": fifo}
            for name, fifo in _FIFOS.items()
        },
    }
    (folder / "rtl.json").write_text(json.dumps(manifest))
    return folder


def edit(rtl: Path, file: str, old: str, new: str) -> None:
    """Make a mistake in the RTL."""
    text = (rtl / file).read_text()
    assert old in text
    (rtl / file).write_text(text.replace(old, new))


def simulated(frames: int, depths: Mapping[str, int] = DEPTHS) -> Simulation:
    """The token-level simulation of the design."""
    actors = (
        Actor("k0_add_one", (Phase({"input": 1}, {"a": 1}),), depth=4),
        Actor("k1_fork", (Phase({"a": 1}, {"b": 1, "c": 1}),), depth=1),
        Actor("k2_total", (Phase({"b": 1}, {}, repeat=BEATS), Phase({}, {"d": 1}, repeat=BEATS)), depth=1),
        Actor("k3_join", (Phase({"c": 1, "d": 1}, {"e": 1}),), depth=2),
        Actor("k4_times_four", (Phase({"e": 1}, {"output": 1}, cycles=4),), depth=4),
    )
    channels = [Channel(name, depth) for name, depth in depths.items()]
    return simulate(actors, channels, Port("input", BEATS), Port("output", BEATS), frames)


def golden(frames: int, seed: int = 1) -> dict[str, Stream]:
    """Random frames and what every channel carries for them."""
    x = np.random.default_rng(seed).integers(-128, 128, (frames, BEATS, 2))
    a = _wrap(x + 1)
    d = _wrap(np.broadcast_to(a.sum(axis=1, keepdims=True), a.shape))
    e = _wrap(a + d)
    values = {"input": x, "a": a, "b": a, "c": a, "d": d, "e": e}
    return {name: Stream(v, I8) for name, v in values.items()} | {"output": Stream(4 * e, I10)}


def _wrap(values: IntArray) -> IntArray:
    return (values + 128) % 256 - 128
