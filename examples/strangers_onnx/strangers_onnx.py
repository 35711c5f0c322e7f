"""Somebody else's quantised ONNX file: what is in it, whether it can be exact, and how far off near-exact mode is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import hwflow
from hwflow.errors import UserError
from hwflow.kernels.network import kernel_graph
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.verify.near_exact import measure

CLOCK_MHZ = 200.0


def import_as_exactly_as_possible(path: Path) -> ImportedModel:
    """Exact if it can be; else say why not, and replace what stands in the way."""
    try:
        return import_model(path)
    except UserError as error:
        print(f"Not exact: {error}\n")
        return import_model(path, "near-exact")


def make_stranger(path: Path) -> Path:
    """A file as other tools write it: QCDQ, scales that are no powers of two, a float Softmax."""
    import brevitas.nn as qnn
    import torch
    from brevitas.export import export_onnx_qcdq
    from brevitas.quant import Int8ActPerTensorFloat
    from torch import nn

    torch.manual_seed(0)
    layers = [
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, return_quant_tensor=True),
        qnn.QuantLinear(4, 8, bias=False),
        qnn.QuantReLU(return_quant_tensor=True),
        qnn.QuantLinear(8, 5, bias=False),
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat),
        nn.Softmax(-1),
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat),
    ]
    model = nn.Sequential(*layers)
    model(torch.randn(512, 6, 4))
    path.parent.mkdir(parents=True, exist_ok=True)
    export_onnx_qcdq(model.eval(), args=torch.zeros(1, 6, 4), export_path=str(path), opset_version=17, dynamo=False)
    return path


def main(
    model: Annotated[Path | None, typer.Argument(help="QONNX or QCDQ; left out, one is made.")] = None,
    folder: Path = Path("build/strangers_onnx"),
    vectors: int = 1000,
) -> None:
    """Import, inspect, measure, build and simulate."""
    path = model or make_stranger(folder / "stranger.onnx")
    imported = import_as_exactly_as_possible(path)
    graph, network = imported.graph, kernel_graph(imported.graph, CLOCK_MHZ)
    print(f"{imported.mode}: {len(graph.tensors)} tensors, {len(network.kernels)} kernels, {network.macs:,} MAC")
    for rewrite in imported.rewrites:
        print(f"  replaced: {rewrite}")
    shape = graph.tensors[graph.inputs[0]].shape
    inputs = np.random.default_rng(0).normal(size=(vectors, *shape)).astype(np.float32)
    print(measure(imported, inputs, path))
    design = hwflow.convert(path, output_dir=folder / "design", clock_mhz=CLOCK_MHZ, mode=imported.mode, vectors=inputs)
    for result in design.csim(vectors):
        print(result)


if __name__ == "__main__":
    typer.run(main)
