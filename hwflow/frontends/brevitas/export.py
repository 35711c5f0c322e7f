"""Export to QONNX: static batch of 1, power-of-two scales as constant initialisers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch
from brevitas.export import export_qonnx as brevitas_export_qonnx
from brevitas.nn.quant_layer import QuantWeightBiasInputOutputLayer
from torch import nn

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.brevitas.batch_norm import LinearBatchNorm
from hwflow.frontends.brevitas.run import RunFolder
from hwflow.frontends.brevitas.train import load_run

OPSET = 17


def export_qonnx(model: nn.Module, path: Path, input_shape: Sequence[int]) -> Path:
    """Write ``model`` as QONNX with the input ``input`` of shape (1, *input_shape) and the output ``output``.

    Args:
        model: built with ``quantized=True`` and calibrated; it is switched to evaluation.
        path: the file to write; it appears in one step.
        input_shape: the shape of one sample.

    Raises:
        UserError: if a BatchNorm has not been folded (it would not be exact).
    """
    if any(isinstance(m, LinearBatchNorm) and isinstance(m.norm, nn.BatchNorm1d) for m in model.modules()):
        raise UserError(
            "export_qonnx", "a BatchNorm beside a linear layer", "a folded one", "Call fold_batch_norms first."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    model = _single_precision(model.eval())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracer and deprecation notices about the static shapes we want
        qonnx = brevitas_export_qonnx(
            model,
            args=torch.zeros(1, *input_shape),
            input_names=["input"],
            output_names=["output"],
            opset_version=OPSET,
            dynamo=False,
        )
    return write_atomic(path, qonnx.SerializeToString())


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


def export_run(folder: Path) -> Path:
    """Export the finished model of a run to ``model.onnx`` in its folder, and return that path.

    Raises:
        UserError: if the folder holds no finished run.
    """
    run = RunFolder(folder)
    return export_qonnx(load_run(folder), run.onnx, run.read_config().model.input_shape)
