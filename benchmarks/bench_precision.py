"""Accuracy of the jet tagger of 16 particles against bit width, after a short training on generated jets.

The data set is hwflow's own generator, not the LHC one: only the trend over the bits means something.
Stages: float and torch (validation samples), reference (the integer graph, on the same samples).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from common import print_table

from hwflow.frontends.brevitas.evaluation import export_evaluation
from hwflow.frontends.brevitas.export import export_run
from hwflow.frontends.brevitas.run import TrainConfig, run_config
from hwflow.frontends.brevitas.train import train
from hwflow.ir import reference
from hwflow.kernels.network import kernel_graph
from hwflow.models import Precision
from hwflow.onnx_import.model import import_model
from hwflow.schedule.resources import total
from hwflow.verify.evaluation import load_evaluation
from hwflow.verify.scores import evaluate

BITS = (8, 6, 5, 4, 3)
TRAINING = TrainConfig(float_epochs=4, quantized_epochs=2)


def row(bits: int, folder: Path) -> tuple[object, ...]:
    """Train with ``bits`` for weights and activations, then score every stage."""
    precision = Precision(weight=bits, activation=bits, table=max(bits, 6))
    config = run_config("jet_tagger_n16", precision=precision, samples=20_000, train=TRAINING)
    metrics = train(config, folder / str(bits), data_folder=folder, quiet=True)
    imported = import_model(export_run(folder / str(bits)))
    graph, data = imported.graph, load_evaluation(export_evaluation(folder / str(bits), folder / "evaluation.npz"))
    raw = reference.quantise_input(graph, graph.inputs[0], data.inputs)
    output = graph.outputs[0]
    logits = reference.emulate(graph, {graph.inputs[0]: raw})[output] * graph.tensors[output].type.step
    scores = evaluate(logits.reshape(len(data.labels), -1), data.labels, data.classes)
    unrolled = total(kernel.unrolled()[0] for kernel in kernel_graph(graph, 200.0).kernels)
    accuracies = (metrics.float_model.accuracy, metrics.quantized_model.accuracy, scores.accuracy)
    return (f"{bits} bits", *(f"{100 * each:.1f}" for each in accuracies), unrolled.lut, unrolled.dsp)


def main() -> None:
    """Train once for each width and print."""
    with tempfile.TemporaryDirectory() as folder:
        table = [row(bits, Path(folder)) for bits in BITS]
    columns = ("weights, activations", "float %", "torch %", "reference %", "LUT unrolled", "DSP unrolled")
    print_table("jet_tagger_n16 on generated jets; LUT and DSP are estimates of io_parallel", columns, table)


if __name__ == "__main__":
    main()
