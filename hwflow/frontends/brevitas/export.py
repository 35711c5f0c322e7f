"""Export to QONNX: static batch of 1, power-of-two scales as constant initialisers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import torch
from brevitas.export import export_qonnx as brevitas_export_qonnx
from brevitas.nn.quant_layer import QuantWeightBiasInputOutputLayer
from torch import nn

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.brevitas.batch_norm import FoldingNorm
from hwflow.frontends.brevitas.forward import forward_of
from hwflow.frontends.brevitas.run import RunFolder
from hwflow.frontends.brevitas.train import load_run
from hwflow.models.folded_asr import ChunkModel, FoldedAsr, WholeModel
from hwflow.onnx_import.ports import STATES
from hwflow.verify.expected import store_expected

OPSET = 17


def export_qonnx(model: nn.Module, path: str | Path, input_shape: Sequence[int]) -> Path:
    """Write ``model`` as QONNX with the input ``input`` of shape (1, *input_shape) and the output ``output``.

    Args:
        model: built with ``quantized=True`` and calibrated; it is switched to evaluation.
        path: the file to write; it appears in one step.
        input_shape: the shape of one sample.

    Raises:
        UserError: if a BatchNorm has not been folded (it would not be exact).
    """
    return export_ports(model, Path(path), {"input": input_shape}, ["output"])


def export_streaming(model: FoldedAsr, path: Path) -> Path:
    """Write one chunk of a streaming model as QONNX: ``input`` and the states in, ``output`` and new states out.

    A state ``key_0`` comes out as ``key_0_next``; the metadata property `STATES` holds these pairs as JSON,
    ``{"key_0_next": "key_0", ...}``. States start as zeros.
    """
    shapes = model.config.state_shapes
    states = {f"{name}_next": name for name in shapes}
    ports = {"input": model.config.input_shape, **shapes}
    return export_ports(ChunkModel(model), path, ports, ["output", *states], states)


def export_whole(model: FoldedAsr, path: Path, frames: int) -> Path:
    """Write a streaming model as QONNX that takes a whole sequence of ``frames`` frames under the chunks' mask."""
    return export_qonnx(WholeModel(model), path, (frames, model.config.bands))


def export_ports(
    model: nn.Module,
    path: Path,
    inputs: Mapping[str, Sequence[int]],
    outputs: Sequence[str],
    states: Mapping[str, str] | None = None,
) -> Path:
    """Write ``model`` as QONNX with several ports; see `export_qonnx`. Beside it goes what its forward gives.

    Args:
        inputs: names and shapes of a sample, in the order of the model's arguments.
        outputs: names, in the order of the model's results.
        states: output name to the input name that it is fed to in the next inference.
    """
    if any(isinstance(module, FoldingNorm) and not module.folded for module in model.modules()):
        raise UserError("export_qonnx", "a BatchNorm beside its layer", "a folded one", "Call fold_batch_norms first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    trained, model = model, _single_precision(model.eval())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracer and deprecation notices about the static shapes we want
        qonnx = brevitas_export_qonnx(
            model,
            args=tuple(torch.zeros(1, *shape) for shape in inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=OPSET,
            dynamo=False,
        )
    if states:
        qonnx.metadata_props.add(key=STATES, value=json.dumps(dict(states)))
    write_atomic(path, qonnx.SerializeToString())
    store_expected(path, "brevitas", forward_of(trained))
    return path


def _single_precision(model: nn.Module) -> nn.Module:
    """The model in float32. Weights of a float64 model are put on their grids first, so that none is rounded twice."""
    if next(model.parameters()).dtype == torch.float32:
        return model
    copy = deepcopy(model)
    with torch.no_grad():
        for layer in copy.modules():
            if isinstance(layer, QuantWeightBiasInputOutputLayer):
                layer.weight.copy_(layer.quant_weight().value)
    return copy.float()


def export_run(folder: Path, path: Path | None = None) -> Path:
    """Export the finished model of a run, by default to ``model.onnx`` in its folder, and return that path.

    A streaming model is exported as one chunk; `export_whole` gives whole sequences.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    return export_model(load_run(folder), path or run.onnx, run.read_config().model.input_shape)


def export_model(model: nn.Module, path: Path, input_shape: Sequence[int]) -> Path:
    """Export a model of the zoo: a streaming one by `export_streaming`, any other by `export_qonnx`."""
    return export_streaming(model, path) if isinstance(model, FoldedAsr) else export_qonnx(model, path, input_shape)
