"""Runs golden.onnx and the integer reference on the build's inputs, and compares every tensor that both have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

import numpy as np

from hwflow import record as r
from hwflow.backends.hls.limits import DEFAULT_TRACED
from hwflow.design.vectors import Vectors
from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.kernels.fork import Fork
from hwflow.kernels.network import KernelGraph
from hwflow.onnx_import.model import ImportedModel
from hwflow.record.coverage import reach_results
from hwflow.verify.coverage import TableCoverage
from hwflow.verify.directed import directed_inputs
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.golden import golden_runner
from hwflow.verify.parity import compare_every_tensor
from hwflow.verify.ports import Arrays, ModelPorts
from hwflow.verify.scores import evaluate

EVERY_TENSOR = 1000  # inferences for which every tensor is compared; the outputs are compared for all

Found = tuple[Vectors, list[r.Parity], list[r.Result], list[r.Accuracy]]


def verify_reference(imported: ImportedModel, network: KernelGraph, data: Evaluation) -> Found:
    """Vectors with golden values, and parity, results and accuracy of the stages onnxruntime and reference.

    ``data`` are in the units of the input ports.
    """
    outputs, first = imported.graph.outputs, tuple(array[:EVERY_TENSOR] for array in data.ports)
    coverage, directed = TableCoverage(imported.graph), _directed(imported, first)
    traced = tuple(np.concatenate(pair) for pair in zip(first, directed, strict=True)) if directed else first
    parity = [
        r.Parity(tensor=each.tensor, stage="reference", compared=each.compared, mismatches=each.wrong)
        for each in compare_every_tensor(imported, traced, coverage=coverage)
    ]
    golden = golden_runner(imported, outputs).run(data.ports)
    found = _reference(imported.graph, data.ports, outputs)
    wrong = sum(int(np.count_nonzero(golden[id] != found[id])) for id in outputs)
    result = r.Result(stage="reference", metric="output mismatches", value=wrong, unit="values", limit=0)
    tensors = r.Result(stage="reference", metric="tensors compared", value=len(parity), unit="")
    kernels = _kernel_golden(imported, network, data.ports, golden)
    vectors = Vectors(data.inputs, kernels, data.labels, data.classes, data.others, directed=directed)
    results = [result, tensors, *reach_results(map(astuple, coverage.tables()))]
    return vectors, parity, results, _accuracy(imported, data, golden[outputs[0]], found[outputs[0]])


def _directed(imported: ImportedModel, inputs: Arrays) -> Arrays:
    """At entries of tables that the inputs do not reach; states come from the chunk before, nobody directs them."""
    if ModelPorts(imported.graph, imported.golden).states:
        return ()
    return directed_inputs(imported.graph, inputs)


def _reference(graph: Graph, inputs: Arrays, keep: tuple[str, ...]) -> dict[str, IntArray]:
    raw = {id: reference.quantise_input(graph, id, x) for id, x in zip(graph.inputs, inputs, strict=True)}
    return reference.emulate(graph, raw, keep)


def _kernel_golden(
    imported: ImportedModel, network: KernelGraph, inputs: Arrays, outputs: Mapping[str, IntArray]
) -> dict[str, IntArray]:
    """Golden values of what the kernels put out.

    A tensor that a pass made has no ONNX name: the reference gives it, which equals onnxruntime on every other.
    """
    graph, traced = network.graph, tuple(array[:DEFAULT_TRACED] for array in inputs)
    ids = tuple(dict.fromkeys(k.output for k in network.kernels if not isinstance(k, Fork)))
    named = [id for id in ids if id in imported.graph.tensors]
    golden = golden_runner(imported, named).run(traced)
    own = _reference(graph, traced, ids)
    values = {id: golden.get(id, own[id]) for id in ids}
    for index, (id, channel) in enumerate(zip(graph.outputs, network.outputs, strict=True)):
        values[network.tensor_of[channel]] = network.streamed(index, outputs[id])
    return values


def _accuracy(
    imported: ImportedModel, data: Evaluation, golden: IntArray, reference_outputs: IntArray
) -> list[r.Accuracy]:
    if not len(data.labels):
        return []
    trained = [
        r.Accuracy.model_validate({"stage": stage, **{"samples": len(data.labels)} | _only_numbers(scores)})
        for stage, scores in data.scores.items()
    ]
    step = imported.graph.tensors[imported.graph.outputs[0]].type.step
    return [
        *trained,
        accuracy("onnxruntime", imported.ports.to_real(golden * step), data.labels, data.classes),
        accuracy("reference", imported.ports.to_real(reference_outputs * step), data.labels, data.classes),
    ]


def _only_numbers(scores: Mapping[str, object]) -> dict[str, object]:
    auc = scores.get("auc")
    kept = {k: v for k, v in auc.items() if v is not None} if isinstance(auc, Mapping) else {}
    given = {name: scores[name] for name in ("token_error_rate", "samples") if scores.get(name) is not None}
    return {"accuracy": scores.get("accuracy"), "auc": kept, **given}


def accuracy(stage: str, outputs: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> r.Accuracy:
    """Accuracy and AUC per class of real outputs (count, ...), or the token error rate of those of chunks."""
    shape = (len(outputs), -1, len(classes) + 1) if labels.ndim == 2 else (len(labels), -1)
    scores = evaluate(outputs.reshape(shape), labels, classes)
    fields = {"stage": stage, "samples": len(labels), **_only_numbers(scores.model_dump())}
    return r.Accuracy.model_validate(fields)
