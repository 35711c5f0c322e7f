"""Makes small saved Keras models without Keras, to be damaged in tests."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

KERNEL = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def quantised(bits: int, integer: int) -> dict[str, Any]:
    options = {"bits": bits, "integer": integer, "symmetric": 0, "alpha": 1.0, "keep_negative": True}
    return {"class_name": "quantized_bits", "config": options}


def document() -> dict[str, Any]:
    """Quantiser, dense layer, activation, as QKeras 0.9 wrote them under Keras 2."""
    dense = {
        **{"name": "dense", "trainable": True, "dtype": "float32", "units": 3, "use_bias": True},
        **{"kernel_quantizer": quantised(4, 1), "bias_quantizer": quantised(8, 3), "activation": "linear"},
    }
    layers = [
        ("InputLayer", {"name": "x", "batch_input_shape": [None, 4], "dtype": "float32"}, []),
        ("QActivation", {"name": "q", "dtype": "float32", "activation": "quantized_bits(8, 2, alpha=1.0)"}, ["x"]),
        ("QDense", dense, ["q"]),
        ("QActivation", {"name": "y", "dtype": "float32", "activation": "quantized_relu(6,2)"}, ["dense"]),
    ]
    entries = [
        {
            "class_name": kind,
            "config": config,
            "name": config["name"],
            "inbound_nodes": [[[n, 0, 0, {}] for n in sources]],
        }
        for kind, config, sources in layers
    ]
    entries[0]["inbound_nodes"] = []
    config = {"name": "m", "layers": entries, "input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}
    return {"class_name": "Functional", "config": config}


def layer(model: dict[str, Any], index: int) -> dict[str, Any]:
    """The configuration of one layer."""
    found: dict[str, Any] = model["config"]["layers"][index]["config"]
    return found


def write_h5(path: Path, model: Any = None) -> Path:
    """A whole model in Keras' HDF5 layout."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(document() if model is None else model)
        group = file.create_group("model_weights/dense")
        group.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        group.create_dataset("dense/kernel:0", data=KERNEL)
        group.create_dataset("dense/bias:0", data=np.float32([0.5, -1, 2]))
    return path


def write_keras(path: Path, model: Any = None, **changes: bytes) -> Path:
    """A whole model in Keras 3's archive; ``changes`` replace or add members."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("layers/q_dense/vars/0", data=KERNEL)
        file.create_dataset("layers/q_dense/vars/1", data=np.float32([0.5, -1, 2]))
    members = {
        "metadata.json": b"{}",
        "config.json": json.dumps(document() if model is None else model).encode(),
        "model.weights.h5": buffer.getvalue(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **changes}.items():
            archive.writestr(name, content)
    return path
