"""The streaming acoustic model: chunks equal the whole sequence in onnxruntime and in the integer reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import hwflow
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_streaming, export_whole
from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.models import FoldedAsrConfig, build_model
from hwflow.models.folded_asr import FoldedAsr
from hwflow.onnx_import.model import ImportedModel, import_model
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.golden import golden_runner
from hwflow.verify.scores import evaluate
from tests.support.exact import assert_exact, reference_of

CONFIG = FoldedAsrConfig(bands=6, dim=16, hidden=24, heads=2, folds=(2, 1), chunk=6, context=4)
CHUNKS, SEQUENCES = 4, 2
CLASSES = tuple("0123456789")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[FoldedAsr, ImportedModel, ImportedModel]:
    """In torch; one chunk and a whole sequence, imported."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder, model = tmp_path_factory.mktemp("asr"), calibrated()
    chunk = import_model(export_streaming(model, folder / "chunk.onnx"))
    return model, chunk, import_model(export_whole(model, folder / "whole.onnx", CHUNKS * CONFIG.chunk))


def calibrated() -> FoldedAsr:
    model = build_model(CONFIG)
    assert isinstance(model, FoldedAsr)
    calibrate(model, torch.randn(32, CHUNKS * CONFIG.chunk, CONFIG.bands))
    return model


def by_chunks(graph: Graph, sequences: np.ndarray) -> IntArray:
    """Integers of the logits by the reference, the states of a chunk from the chunk before it."""
    data, *states = graph.inputs
    held = {id: np.zeros((len(sequences), *graph.tensors[id].shape), np.int64) for id in states}
    parts = []
    for chunk in np.split(sequences, CHUNKS, 1):
        found = reference.run(graph, {data: reference.quantise_input(graph, data, chunk), **held})
        logits, *after = (found[id] for id in graph.outputs)
        held = dict(zip(states, after, strict=True))
        parts.append(logits)
    return np.concatenate(parts, 1)


def test_every_tensor_of_both_forms_equals_onnxruntime(
    models: tuple[FoldedAsr, ImportedModel, ImportedModel],
) -> None:
    for imported in models[1:]:
        assert imported.wide == {}
        assert len(assert_exact(imported)) > 100


@torch.no_grad()
def test_chunk_by_chunk_equals_the_whole_sequence(models: tuple[FoldedAsr, ImportedModel, ImportedModel]) -> None:
    model, chunk, whole = models
    x = 2 * np.random.default_rng(0).normal(size=(5, CHUNKS * CONFIG.chunk, CONFIG.bands)).astype(np.float32)
    (output,) = whole.graph.outputs
    expected = golden_runner(whole, [output]).run(x)[output]
    step = whole.graph.tensors[output].type.step
    np.testing.assert_array_equal(expected * step, model(torch.from_numpy(x)).numpy())
    np.testing.assert_array_equal(reference_of(whole, x, ())[output], expected)
    np.testing.assert_array_equal(by_chunks(chunk.graph, x), expected)


@torch.no_grad()
def test_a_design_simulates_chunk_after_chunk_and_is_scored(tmp_path: Path) -> None:
    """Each chunk in less than a tenth of its duration, on a KV260; the states of a chunk go to the next, sequences
    start from zeros, and every stage has the token error rate of torch."""
    torch.manual_seed(1)
    model = calibrated()
    x = 2 * torch.randn(SEQUENCES, CHUNKS * CONFIG.chunk, CONFIG.bands)
    logits, labels = model(x).numpy(), np.array([[3, 1, -1], [0, 2, 5]])
    expected = evaluate(logits, labels, CLASSES)
    chunks = x.reshape(-1, CONFIG.chunk, CONFIG.bands).numpy()
    design = hwflow.convert(
        export_streaming(model, tmp_path / "chunk.onnx"),
        output_dir=tmp_path / "design",
        board="kv260",
        clock_mhz=200,
        latency_budget_us=CONFIG.chunk_seconds * 1e6 / 10,
        vectors=Evaluation(chunks, labels, CLASSES, {"torch": {**expected.model_dump(), "samples": 9}}),
    )
    count = len(chunks)
    results = {result.metric: result.value for result in design.csim(count)}
    assert (results["inferences"], results["mismatching bits"], results["testbench failures"]) == (count, 0, 0)
    design.check()
    assert expected.token_error_rate
    scored = {entry.stage: (entry.token_error_rate, entry.samples) for entry in design.record.accuracy}
    assert scored.pop("torch") == (expected.token_error_rate, 9)
    assert scored == dict.fromkeys(("onnxruntime", "reference", "csim"), (expected.token_error_rate, SEQUENCES))
    for sequence, found in zip(chunks.reshape(SEQUENCES, CHUNKS, *chunks.shape[1:]), logits, strict=True):
        output = next(iter(design.run_chunks(sequence)[0].values()))
        np.testing.assert_array_equal(output.reshape(found.shape), found)
