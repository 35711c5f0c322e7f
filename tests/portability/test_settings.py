"""The same bits under other vector extensions of every library: child processes, since libraries read these once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwflow.frontends.brevitas.export import export_qonnx as export_torch
from tests.support.qonnx import ModelBuilder

from .blocks import SHAPE, keras_model, torch_model

ROOT = Path(__file__).parents[2]
SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "SSE": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX X86_V3 X86_V4",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    },
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX X86_V4",
    },
}


def functions_model(folder: Path) -> Path:
    """Tables, folded functions and a folded product."""
    m, rng = ModelBuilder(), np.random.default_rng(0)
    x = m.quant(m.input(1, 16), 8, 4)
    factors = m.node("Tanh", m.const(rng.integers(-9, 9, (16, 40)) / 7))
    weights = m.node("MatMul", factors, m.const(np.ones((40, 8)) / 9))
    y = m.quant(m.node("MatMul", x, m.quant(weights, 6, 3)), 9, 3)
    for op in ("Softplus", "Tanh", "Sigmoid", "Exp", "Log", "Erf", "Sqrt", "Reciprocal"):
        y = m.quant(m.node(op, m.node("Add", m.node("Abs", y), m.const(0.1))), 9, 5)
    return m.save(folder, m.quant(y, 8, 4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bits")
    functions_model(made).rename(made / "model_functions.onnx")
    model = torch_model()
    export_torch(model, made / "model_blocks.onnx", SHAPE)
    torch.save(model.state_dict(), made / "torch.pt")
    keras_model().save(made / "keras.keras")
    return made


def bits(folder: Path, settings: dict[str, str]) -> dict[str, Any]:
    """What ``bits.py`` prints under the settings."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.portability.bits", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **settings}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_every_setting_gives_the_same_bits(folder: Path) -> None:
    first, *others = (bits(folder, settings) for settings in SETTINGS.values())
    for found in others:
        assert found == first
    assert first["model_blocks.onnx"]["plain"] == first["model_blocks.onnx"]["fused"]
    assert len({first["keras eager"], *(v for k, v in first.items() if k.startswith("keras predict"))}) == 1
