"""The gate of near-exact mode in a build: how far the rewritten model is from the user's own file, for the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwflow import record as r
from hwflow.design.check_import import Checked
from hwflow.design.request import Progress
from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.near_exact.synthetic import MEASUREMENT, draw_all
from hwflow.record.near_exact import DISAGREEMENT, MEAN_ERROR
from hwflow.verify.evaluation import Evaluation
from hwflow.verify.near_exact import MOST, Distance, NearExactReport, distance
from hwflow.verify.scores import evaluate

WARNING = "no data were given: near-exact limits are judged on synthetic inputs; give real ones with --data"


def check_near_exact(
    model: Path, imported: ImportedModel, data: Evaluation | None, tolerance: r.Tolerance, say: Progress
) -> Checked:
    """Results of the stage near-exact; nothing when no node was replaced.

    ``data``: the user's inputs in the units of the ports; None: inputs that were not calibrated with, of the
    distribution that the model says most of, and a stage that says so.
    """
    if not imported.rewrites:
        return Checked()
    if data is None:
        say(WARNING)
        inputs = draw_all(imported.distributions, MOST, MEASUREMENT)
    else:
        inputs = [x[:MOST] * scale for x, scale in zip(data.ports, imported.ports.inputs, strict=True)]
    say("near-exact model against the original")
    found = distance(imported, inputs, model)
    stage: r.Stage = "near-exact (synthetic)" if data is None else "near-exact"
    results = [each for report in found.reports for each in _results(stage, report, tolerance, len(found.reports) > 1)]
    if data is not None and data.labels.ndim == 1 and len(data.labels):
        results += _accuracies(stage, found, data)
    return Checked(tuple(results))


def _results(stage: r.Stage, report: NearExactReport, tolerance: r.Tolerance, named: bool) -> Iterator[r.Result]:
    def result(metric: str, value: float, unit: str = "", limit: float | None = None) -> r.Result:
        name = f"{metric} of {report.name}" if named else metric
        return r.Result(stage=stage, metric=name, value=value, unit=unit, limit=limit)

    share = f"of {report.outputs:,} elements"
    yield result("outputs that differ from the original", report.output_rate, share)
    yield result("largest difference from the original", report.max_step_difference, "steps")
    yield result(MEAN_ERROR, report.mean_step_difference, "steps", tolerance.mean_error)
    if report.top1_changes is None:
        yield result("top class: does not apply, no vector of classes", 0, "classes")
        return
    yield result("inferences with another top class", report.top1_changes, f"of {report.samples:,}")
    yield result(DISAGREEMENT, report.top1_changes / report.samples, "", tolerance.disagreement)


def _accuracies(stage: r.Stage, found: Distance, data: Evaluation) -> Iterator[r.Result]:
    """The metric of the labels, by the original and behind the rewrites, on the same inferences."""
    labels = data.labels[: len(found.golden)]
    for what, outputs in (("of the original", found.original), ("behind the rewrites", found.golden)):
        score = evaluate(np.nan_to_num(outputs), labels, data.classes).accuracy
        yield r.Result(stage=stage, metric=f"accuracy {what}", value=score, unit=f"of {len(labels):,}")
