"""Imports a model and compares every tensor of golden.onnx with the integer reference, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.oracle import Oracle
from hwflow.verify.golden import golden_runner, mismatches
from tests.support.qonnx import ModelBuilder

LEVELS = (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)


def real_inputs(graph: Graph, count: int = 24, seed: int = 0, port: int = 0) -> np.ndarray:
    """Real inputs of the IR shape: ties, values between ties, and values beyond the range at both ends."""
    rng = np.random.default_rng([seed, port] if port else seed)
    tensor = graph.tensors[graph.inputs[port]]
    reach = min(tensor.type.hi + 2, 1 << 22)
    halves = rng.integers(-2 * reach, 2 * reach + 1, size=(count, *tensor.shape))
    noise = rng.choice([0.0, 0.0, 0.25], size=halves.shape)
    return ((halves / 2 + noise) * tensor.type.step).astype(np.float32)


def reference_of(model: ImportedModel, inputs: PortData, keep: tuple[str, ...]) -> dict[str, IntArray]:
    """The integer reference on real inputs."""
    graph = model.graph
    arrays = zip(graph.inputs, per_port(inputs, graph.inputs), strict=True)
    return reference.run(graph, {id: reference.quantise_input(graph, id, x) for id, x in arrays}, keep)


def assert_exact(model: ImportedModel, inputs: PortData | None = None) -> Mapping[str, IntArray]:
    """Golden and reference agree on every tensor that golden has, the outputs among them. Returns golden's."""
    runner = golden_runner(model)
    assert set(model.graph.outputs) <= set(runner.tensors) | set(model.graph.inputs)
    if inputs is None:
        inputs = [real_inputs(model.graph, port=port) for port in range(len(model.graph.inputs))]
    golden = runner.run(inputs)
    found = reference_of(model, inputs, tuple(golden))
    wrong = {model.graph.names.get(id, id): bad for id, _, bad in mismatches(golden, found) if bad}
    assert not wrong, f"elements that differ: {wrong}"
    return golden


def assert_original(model: ImportedModel, path: Path, inputs: np.ndarray | None = None) -> None:
    """Golden and reference agree, and golden's outputs are those of the user's own file by the independent executor."""
    inputs = real_inputs(model.graph) if inputs is None else inputs
    assert_exact(model, inputs)
    (golden,), oracle = outputs_at(model, inputs, LEVELS[0]), Oracle(path, model.wide, ())
    (port,) = oracle.inputs
    for sample, found in zip(inputs, golden, strict=True):
        (expected,) = (oracle.run({port: sample})[name] for name in oracle.outputs)
        assert np.array_equal(expected, found), f"{np.count_nonzero(expected != found)} of {found.size}"


def original(folder: Path, builder: ModelBuilder, *outputs: str) -> ImportedModel:
    """Import, compare with the file itself, and hand back the model."""
    path = builder.save(folder, *outputs)
    model = import_model(path)
    onnx.checker.check_model(onnx.load_from_string(model.golden))
    assert_original(model, path)
    return model


def imported(folder: Path, builder: ModelBuilder, *outputs: str) -> ImportedModel:
    """Import, compare every tensor, and hand back the model."""
    model = import_model(builder.save(folder, *outputs))
    onnx.checker.check_model(onnx.load_from_string(model.golden))
    assert_exact(model)
    return model


def outputs_at(model: ImportedModel, inputs: np.ndarray, level: ort.GraphOptimizationLevel) -> list[np.ndarray]:
    """The outputs of golden.onnx under one optimisation level."""
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level, options.intra_op_num_threads = level, 3, 1
    session = ort.InferenceSession(model.golden, options, providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    rows = [session.run(None, {port.name: sample.reshape(port.shape)}) for sample in inputs]
    return [np.stack(column) for column in zip(*rows, strict=True)]
