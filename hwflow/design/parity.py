"""Runs golden.onnx and the integer reference on the build's inputs, and compares every tensor that both have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hwflow import record as r
from hwflow.backends.hls.limits import DEFAULT_TRACED
from hwflow.design.vectors import Vectors
from hwflow.ir import reference
from hwflow.ir.graph import Graph, IntArray
from hwflow.kernels.network import SINK, SOURCE, KernelGraph
from hwflow.onnx_import.model import ImportedModel
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.golden import golden_runner
from hwflow.verify.near_exact import measure
from hwflow.verify.parity import compare_every_tensor
from hwflow.verify.scores import evaluate

EVERY_TENSOR = 1000  # inferences for which every tensor is compared; the outputs are compared for all

Found = tuple[Vectors, list[r.Parity], list[r.Result], list[r.Accuracy]]


def verify_reference(imported: ImportedModel, network: KernelGraph, data: Evaluation) -> Found:
    """Vectors with golden values, and parity, results and accuracy of the stages onnxruntime and reference.

    ``data.inputs`` are in the units of the input port.
    """
    graph = imported.graph
    output = graph.outputs[0]
    parity = [
        r.Parity(tensor=each.tensor, stage="reference", compared=each.compared, mismatches=each.wrong)
        for each in compare_every_tensor(imported, data.inputs[:EVERY_TENSOR])
    ]
    outputs = golden_runner(imported, [output]).run(data.inputs)[output]
    reference_outputs = _reference(imported.graph, data.inputs, (output,))[output]
    wrong = int(np.count_nonzero(outputs != reference_outputs))
    result = r.Result(stage="reference", metric="output mismatches", value=wrong, unit="values", limit=0, ok=wrong == 0)
    tensors = r.Result(stage="reference", metric="tensors compared", value=len(parity), unit="")
    vectors = Vectors(data.inputs, _kernel_golden(imported, network, data.inputs, outputs), data.labels, data.classes)
    results = [result, tensors, *_distance(imported, data.inputs[:EVERY_TENSOR])]
    return vectors, parity, results, _accuracy(imported, data, outputs, reference_outputs)


def _distance(imported: ImportedModel, inputs: np.ndarray) -> list[r.Result]:
    """How far a near-exact model is from its original; figures without a limit, for the user to judge."""
    if imported.original is None:
        return []
    report = measure(imported, inputs * imported.ports.input)
    figures = {
        "outputs that differ from the original": (report.output_rate, ""),
        "largest difference from the original": (report.max_step_difference, "steps"),
        "inferences with another top class": (report.top1_changes, f"of {report.samples}"),
    }
    return [r.Result(stage="onnxruntime", metric=m, value=value, unit=unit) for m, (value, unit) in figures.items()]


def _reference(graph: Graph, inputs: np.ndarray, keep: tuple[str, ...]) -> dict[str, IntArray]:
    return reference.emulate(graph, {graph.inputs[0]: reference.quantise_input(graph, graph.inputs[0], inputs)}, keep)


def _kernel_golden(
    imported: ImportedModel, network: KernelGraph, inputs: np.ndarray, outputs: IntArray
) -> dict[str, IntArray]:
    """Golden values of what the kernels put out.

    A tensor that a pass made has no ONNX name: the reference gives it, which equals onnxruntime on every other.
    """
    graph, traced = network.graph, inputs[:DEFAULT_TRACED]
    ids = tuple(dict.fromkeys(k.output for k in network.kernels))
    named = [id for id in ids if id in imported.graph.tensors]
    golden = golden_runner(imported, named).run(traced)
    own = _reference(graph, traced, ids)
    values = {id: golden.get(id, own[id]) for id in ids}
    sink = network.tensor_of[SINK]
    values.pop(network.tensor_of[SOURCE], None)
    return {**values, sink: outputs.reshape(-1, *graph.tensors[sink].shape)}


def _accuracy(
    imported: ImportedModel, data: Evaluation, golden: IntArray, reference_outputs: IntArray
) -> list[r.Accuracy]:
    if not len(data.labels):
        return []
    trained = [
        r.Accuracy.model_validate({"stage": stage, "samples": len(data.labels), **_only_numbers(scores)})
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
    return {"accuracy": scores.get("accuracy"), "auc": kept}


def accuracy(stage: str, outputs: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> r.Accuracy:
    """Accuracy and AUC per class of real outputs (count, ...)."""
    scores = evaluate(outputs.reshape(len(labels), -1), labels, classes)
    fields = {"stage": stage, "samples": len(labels), **_only_numbers(scores.model_dump())}
    return r.Accuracy.model_validate(fields)
