"""Imports a model in near-exact mode, checks what stays exact, and measures what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.onnx_import.near_exact import NearExactOptions
from hwflow.verify.near_exact import NearExactReport, measure
from tests.support.exact import assert_exact
from tests.support.qonnx import ModelBuilder


def near_exact(
    folder: Path, builder: ModelBuilder, *outputs: str, samples: np.ndarray | None = None, **options: int | float
) -> ImportedModel:
    """The imported model; golden and the integer reference agree on every tensor."""
    path = builder.save(folder, *outputs)
    chosen = NearExactOptions(**options)  # type: ignore[arg-type]
    model = import_model(path, "near-exact", samples=samples, options=chosen)
    assert_exact(model)
    return model


def measured(model: ImportedModel, *shape: int, count: int = 400, spread: float = 1.0) -> NearExactReport:
    """The report on seeded normal inputs; golden and the reference agree on these too."""
    inputs = np.random.default_rng(7).normal(size=(count, *shape)) * spread
    ports = model.ports.to_port(inputs[:20])
    assert_exact(model, ports.reshape(-1, *model.graph.tensors[model.graph.inputs[0]].shape))
    return measure(model, inputs)
