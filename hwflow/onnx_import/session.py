"""onnxruntime sessions over a model in memory."""

from __future__ import annotations

import onnx_ir as ir
import onnxruntime as ort

from hwflow.errors import UserError


def session_of(model: ir.Model | bytes, threads: int = 1) -> ort.InferenceSession:
    """A CPU session with quiet logging. UserError carries the first line of what onnxruntime says."""
    data = model if isinstance(model, bytes) else ir.to_proto(model).SerializeToString()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exception classes are private
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise UserError(
            "model",
            f"refused by onnxruntime ({line})",
            "a valid model",
            "Export it with standard ops and QONNX Quant or QuantizeLinear.",
        ) from error
