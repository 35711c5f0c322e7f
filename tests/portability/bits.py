"""Prints hashes of what must be the same on every processor, as JSON. ``python -m tests.portability.bits FOLDER``.

The folder holds ``torch.pt``, ``keras.keras`` and ``*.onnx`` (see ``test_settings``). Without a framework's file that
framework is not imported.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from hwflow.ir.serialise import dumps
from hwflow.numerics import evaluate
from hwflow.numerics.products import product, total
from hwflow.onnx_import.handlers.unary import FUNCTIONS
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.verify.vectors import default_inputs

COUNT = 100
LEVELS = {"plain": ort.GraphOptimizationLevel.ORT_DISABLE_ALL, "fused": ort.GraphOptimizationLevel.ORT_ENABLE_ALL}


def digest(data: bytes | str | np.ndarray) -> str:
    """A short hash."""
    raw = data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else data.tobytes()
    return hashlib.sha256(raw).hexdigest()[:16]


def numbers() -> dict[str, Any]:
    """The definitions themselves."""
    x = np.abs(np.arange(-2000, 2000).astype(np.float32)) / 128
    found: dict[str, Any] = {op: digest(evaluate(op, [x], opset=24)) for op in FUNCTIONS}
    matrix = x[1:3601].reshape(60, 60) / 7
    return found | {"product": digest(product(matrix, matrix)), "total": digest(total(matrix, None, False))}


def outputs(model: ImportedModel, x: np.ndarray, level: str) -> np.ndarray:
    """The outputs of golden.onnx."""
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level, options.intra_op_num_threads = LEVELS[level], 3, 1
    session = ort.InferenceSession(model.golden, options, providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    return np.stack([session.run(None, {port.name: row.reshape(port.shape)})[0] for row in x])


def files(path: Path) -> dict[str, Any]:
    """What a build makes of a model file."""
    model = import_model(path)
    x = default_inputs(model.graph, COUNT)
    made: dict[str, Any] = {"golden": digest(model.golden), "graph": digest(dumps(model.graph)), "vectors": digest(x)}
    return made | {level: digest(outputs(model, x, level)) for level in LEVELS}


def of_torch(folder: Path, x: np.ndarray) -> dict[str, Any]:
    """Forward pass and export."""
    import torch

    from hwflow.frontends.brevitas.export import export_qonnx
    from tests.portability.blocks import TorchModel

    model = TorchModel().eval()
    model.load_state_dict(torch.load(folder / "torch.pt"))
    powers = torch.pow(2.0, torch.arange(-60, 60, dtype=torch.float32)).numpy()
    assert np.array_equal(powers, np.ldexp(np.float32(1), np.arange(-60, 60)))
    with torch.no_grad():
        forward = model(torch.from_numpy(x)).numpy()
    exported = export_qonnx(model, folder / f"torch-{digest(repr(sys.argv))}.onnx", x.shape[1:])
    return {"torch": digest(forward), "torch exported": digest(import_model(exported).golden)}


def of_keras(folder: Path, x: np.ndarray) -> dict[str, Any]:
    """The same, in a graph, by XLA, and eagerly."""
    import keras

    from hwflow.frontends.qkeras import export, real_function, scale_bias  # noqa: F401

    model = keras.models.load_model(folder / "keras.keras", compile=False)
    found: dict[str, Any] = {"keras eager": digest(np.asarray(model(x)))}
    for jit in (False, True):
        model.compile(jit_compile=jit)
        found[f"keras predict, XLA {jit}"] = digest(model.predict(x, verbose=0))
    exported = export.export_qonnx(model, folder / f"keras-{digest(repr(sys.argv))}.onnx")
    return found | {"keras exported": digest(exported.read_bytes())}


def main(folder: Path) -> None:
    from tests.portability.blocks import inputs

    found: dict[str, Any] = {"numbers": numbers()}
    found |= {path.name: files(path) for path in sorted(folder.glob("model*.onnx"))}
    if (folder / "torch.pt").is_file():
        found |= of_torch(folder, inputs(COUNT))
    if (folder / "keras.keras").is_file():
        found |= of_keras(folder, inputs(COUNT))
    print(json.dumps(found, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
