"""Writes a scheduled kernel graph as a Vitis HLS project through hls4ml's ModelGraph."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

from hls4ml.model import ModelGraph
from hls4ml.utils.config import create_config

from hwflow.backends.hls.layer import LAYER, fixed_precision, register
from hwflow.boards import Board
from hwflow.kernels.base import Kernel
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import SOURCE, KernelGraph
from hwflow.schedule.kernel import Fold
from hwflow.schedule.schedule import Schedule

IoType = Literal["io_stream", "io_parallel"]
TOP = "hwflow_top"


def write_project(network: KernelGraph, schedule: Schedule, board: Board, io_type: IoType, folder: Path) -> ModelGraph:
    """Write the project into ``folder`` and return hls4ml's model of it."""
    register()
    layers = _layers(network, schedule, io_type)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ModelGraph.from_layer_list(
            _config(network, schedule, board, io_type, folder), layers, ["source"], [layers[-1]["name"]]
        )
        _set_fifo_depths(model, network, schedule)
        model.config.trace_output = True  # taps for the testbench, which synthesis leaves out
        model.write()
    return model


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
    source = network.graph.tensors[network.tensor_of[SOURCE]]
    config["HLSConfig"] = {
        "Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {
            "source": {"Precision": {"result": str(fixed_precision(source.type))}},
            **{k.name: {"Trace": not isinstance(k, Fork)} for k in network.kernels},
        },
    }
    return config


def _layers(network: KernelGraph, schedule: Schedule, io_type: IoType) -> list[dict[str, Any]]:
    """The input port, then the kernels in order; a channel is an output name of the layer that writes it."""
    graph = network.graph
    writer = {SOURCE: "source"}
    source = graph.tensors[network.tensor_of[SOURCE]]
    layers: list[dict[str, Any]] = [
        {"name": "source", "class_name": "InputLayer", "input_shape": _port_shape(source.shape)}
    ]
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
    return layers


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
