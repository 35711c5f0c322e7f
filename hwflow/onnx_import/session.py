"""onnxruntime sessions over a model in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Timer

import numpy as np
import onnx_ir as ir
import onnxruntime as ort

from hwflow.errors import UserError
from hwflow.limits import LIMITS


def session_of(model: ir.Model | bytes, threads: int = 1, optimise: bool = True) -> ort.InferenceSession:
    """A CPU session with quiet logging. UserError carries the first line of what onnxruntime says.

    Without ``optimise`` nothing is computed before the run, which can be bounded.
    """
    data = model if isinstance(model, bytes) else ir.to_proto(model).SerializeToString()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exception classes are private
        raise UserError(
            "model",
            f"refused by onnxruntime ({_first_line(error)})",
            "a valid model",
            "Export it with standard ops and QONNX Quant or QuantizeLinear.",
        ) from error


def run_bounded(
    session: ort.InferenceSession,
    outputs: Sequence[str | None] | None,
    feeds: Mapping[str, np.ndarray],
    subject: str,
    seconds: float = LIMITS.run_seconds,
) -> list[np.ndarray]:
    """Run part of a model from a stranger, and stop it after ``seconds``. UserError names ``subject``."""
    options = ort.RunOptions()
    options.log_severity_level = 4
    timer = Timer(seconds, setattr, (options, "terminate", True))
    timer.start()
    try:
        results: list[np.ndarray] = session.run(outputs, feeds, options)
    except Exception as error:  # onnxruntime's exception classes are private
        if options.terminate:
            limit = f"at most {seconds:g} s"
            raise UserError(subject, f"over {seconds:g} s of computing", limit, "Use a smaller model.") from error
        found = f"nodes that cannot run ({_first_line(error)})"
        raise UserError(subject, found, "valid nodes", "Export the model again.") from error
    finally:
        timer.cancel()
    return results


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
