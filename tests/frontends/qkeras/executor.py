"""Runs a QONNX file in onnxruntime after hwflow's own lowering of its quantisers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from hwflow import oracle
from hwflow.limits import LIMITS
from hwflow.onnx_import.load import load_model
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.model import import_model
from hwflow.verify.golden import golden_runner

from ..lowering import has_functions


def run(path: Path, inputs: np.ndarray) -> np.ndarray:
    """The output for each input; the file has a batch of one. If it has real functions, the oracle runs it."""
    proto = onnx.load(path)
    if has_functions(proto):
        outputs = oracle.run(proto, {proto.graph.input[0].name: inputs[:, None]})
        return np.concatenate(list(outputs[proto.graph.output[0].name]))
    model = load_model(path, LIMITS)
    lower(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    data: Any = ir.to_proto(model).SerializeToString()
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {port: sample[None]})[0] for sample in inputs])


def golden(path: Path, inputs: np.ndarray) -> np.ndarray:
    """Outputs of the imported model's golden.onnx in real units; float32 computes it exactly."""
    imported = import_model(path)
    assert not imported.wide
    (output,) = imported.graph.outputs
    outputs: np.ndarray = golden_runner(imported, [output]).run(inputs)[output]
    return outputs * imported.graph.tensors[output].type.step
