"""Writes a scheduled kernel graph as a Vitis HLS project through hls4ml's ModelGraph."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from hls4ml.model import ModelGraph
from hls4ml.utils.config import create_config

from hwflow.backends.hls.layer import LAYER, fixed_precision, register
from hwflow.backends.hls.quiet import quiet
from hwflow.boards import Board
from hwflow.errors import UserError
from hwflow.kernels.base import Kernel
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.schedule.kernel import Fold
from hwflow.schedule.schedule import Schedule

IoType = Literal["io_stream", "io_parallel"]
TOP = "hwflow_top"


def write_project(network: KernelGraph, schedule: Schedule, board: Board, io_type: IoType, folder: Path) -> ModelGraph:
    """Write the project into ``folder`` and return hls4ml's model of it."""
    register()
    layers, outputs = _layers(network, schedule, io_type)
    inputs = [source_name(channel) for channel in network.inputs]
    with quiet():
        model = ModelGraph.from_layer_list(_config(network, schedule, board, io_type, folder), layers, inputs, outputs)
        _set_fifo_depths(model, network, schedule)
        model.config.trace_output = True  # taps for the testbench, which synthesis leaves out
        model.write()
    _same_everywhere(folder)
    return model


def _same_everywhere(folder: Path) -> None:
    """The same design gives the same bytes: hls4ml writes a random stamp and the path of the folder."""
    for name, key, text in (
        ("build_lib.sh", r"LIB_STAMP=.*", "LIB_STAMP=hwflow"),
        ("hls4ml_config.yml", r"Stamp: .*", "Stamp: hwflow"),
        ("hls4ml_config.yml", r"OutputDir: .*(\n  .*)*", "OutputDir: ."),  # a long path is folded
    ):
        file = folder / name
        file.write_text(re.sub(f"^{key}$", text, file.read_text(), count=1, flags=re.MULTILINE))


def _config(network: KernelGraph, schedule: Schedule, board: Board, io_type: IoType, folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = create_config(
        output_dir=str(folder),
        project_name=TOP,
        backend="Vitis",
        part=board.part,
        clock_period=round(1000.0 / schedule.clock_mhz, 3),
        io_type=io_type,
        write_weights_txt=True,
    )
    types = {source_name(c): network.graph.tensors[network.tensor_of[c]].type for c in network.inputs}
    config["HLSConfig"] = {
        "Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {
            **{name: {"Precision": {"result": str(fixed_precision(type))}} for name, type in types.items()},
            **{k.name: {"Trace": not isinstance(k, Fork)} for k in network.kernels},
        },
    }
    return config


def source_name(channel: str) -> str:
    """The argument of an input."""
    return "source" if channel == SOURCE else f"source_{channel}"


def port_type(channel: str) -> str:
    """The C++ type of an input or an output."""
    return {SOURCE: "input_t", SINK: "result_t"}.get(channel, f"port_{channel}_t")


def _layers(network: KernelGraph, schedule: Schedule, io_type: IoType) -> tuple[list[dict[str, Any]], list[str]]:
    """The inputs, then the kernels in order, and the names of those that are outputs.

    A channel is an output name of the layer that writes it.
    """
    layers = [_input(network, channel) for channel in network.inputs]
    writer = {channel: source_name(channel) for channel in network.inputs}
    for kernel in network.kernels:
        if isinstance(kernel, Fork) and io_type == "io_parallel":  # an array can be read any number of times
            writer |= dict.fromkeys(kernel.sinks, writer[kernel.sources[0]])
            continue
        fold = schedule.folds[kernel.name]
        layer = _layer(kernel, fold, [writer[c] for c in kernel.sources])
        layers.append(layer)
        if len(kernel.sinks) == len(layer["outputs"]):
            writer |= dict(zip(kernel.sinks, layer["outputs"], strict=True))
        elif io_type == "io_parallel":
            writer |= dict.fromkeys(kernel.sinks, kernel.name)
        else:  # a stream of hls4ml has one reader
            layers.append(_layer(fork_behind(kernel), fold, [kernel.name]))
            writer |= dict(zip(kernel.sinks, layers[-1]["outputs"], strict=True))
    outputs = [_output(network, channel, writer[channel], layers) for channel in network.outputs]
    if len(set(outputs)) < len(outputs):
        raise UserError(
            "io_parallel", "one tensor as two outputs", "different ones", "Leave one out, or use io_stream."
        )
    return layers, outputs


def _input(network: KernelGraph, channel: str) -> dict[str, Any]:
    shape = _port_shape(network.graph.tensors[network.tensor_of[channel]].shape)
    type = port_type(channel)
    return {"name": source_name(channel), "class_name": "InputLayer", "input_shape": shape, "type_name": type}


def _output(network: KernelGraph, channel: str, variable: str, layers: list[dict[str, Any]]) -> str:
    """The layer that is an output: the one that writes it, or, for one of several copies, a layer of its own."""
    layer = next((each for each in layers if each["name"] == variable), None)
    if layer is None:
        kernel = next(k for k in network.kernels if channel in k.sinks)
        copy = replace(fork_behind(kernel), name=f"port_{channel}", sinks=(channel,))
        layer = _layer(copy, copy.full_fold, [variable])
        layers.append(layer)
    layer["type_name"] = port_type(channel)
    return str(layer["name"])


def fork_behind(kernel: Kernel) -> Fork:
    """The layer that copies a kernel's output to each of its readers."""
    name = f"fork_{kernel.output}"
    return Fork(name, kernel.graph, (), (kernel.output,), kernel.output, kernel.clock_mhz, (), kernel.sinks)


def _layer(kernel: Kernel, fold: Fold, inputs: list[str]) -> dict[str, Any]:
    output = kernel.tensor(kernel.output)
    several = isinstance(kernel, Fork) and len(kernel.sinks) > 1
    names = [f"{kernel.name}_{i}" for i in range(len(kernel.sinks))] if several else [kernel.name]
    return {
        "name": kernel.name,
        "class_name": LAYER,
        "inputs": inputs,
        "outputs": names,
        "code": kernel.hls(fold),
        "out_shape": _port_shape(output.shape),
        "out_type": output.type,
    }


def _port_shape(shape: tuple[int, ...]) -> list[int]:
    """hls4ml streams the last axis as a beat; leading axes are its beats."""
    return list(shape) or [1]


def _set_fifo_depths(model: ModelGraph, network: KernelGraph, schedule: Schedule) -> None:
    """Depths from the schedule; hls4ml's default is one place per beat of the frame."""
    depth_of: dict[str, int] = {}
    for kernel in network.kernels:
        if len(kernel.sinks) == 1:
            depth_of[kernel.name] = schedule.fifo_depths.get(kernel.sinks[0], 2)
            continue
        fork = kernel.name if isinstance(kernel, Fork) else fork_behind(kernel).name
        depth_of |= {f"{fork}_{n}": schedule.fifo_depths.get(sink, 2) for n, sink in enumerate(kernel.sinks)}
    for name, variable in model.output_vars.items():
        if name in depth_of and isinstance(variable.pragma, tuple) and variable.pragma[0] == "stream":
            variable.pragma = ("stream", max(2, depth_of[name]))
