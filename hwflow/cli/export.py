"""``hwflow export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command
from hwflow.errors import UserError

GOLDEN = "golden.onnx"

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="MODEL.onnx", help="By default model.onnx in the run's folder."),
]
Source = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The folder of a finished training, or a Keras model (.h5, .keras, .json)."),
]


def export(run: Source, output: Output = None, json: Json = False, debug: Debug = False) -> None:
    """Export a trained model to QONNX; beside it golden.onnx for stock onnxruntime, and labelled inputs."""
    with command(json, debug) as reply:
        if output and output.name == GOLDEN:
            raise UserError("--output", GOLDEN, "another name", f"{GOLDEN} is written beside the model.")
        from hwflow.frontends.keras_files import is_keras_file

        document = _export_file(run, output) if is_keras_file(run) else _export_run(run, output)
        reply(document, lambda console: console.print("\n".join(document.values()), markup=False, soft_wrap=True))


def _export_run(run: Path, output: Path | None) -> dict[str, str]:
    """The model of a run, golden.onnx and the validation samples."""
    from hwflow.frontends.brevitas.evaluation import export_evaluation
    from hwflow.frontends.qkeras.run import is_qkeras_run
    from hwflow.verify.evaluation import FILE

    if is_qkeras_run(run):
        from hwflow.frontends.qkeras.run import export_run
    else:
        from hwflow.frontends.brevitas.export import export_run
    model = export_run(run, output)
    golden = _golden(model)
    evaluation = str(export_evaluation(run, model.with_name(FILE)))
    return {"model": str(model), "golden": golden, "evaluation": evaluation, **_expected(model)}


def _export_file(path: Path, output: Path | None) -> dict[str, str]:
    """A saved Keras model. One that is not exact is exported all the same: near-exact import may take it."""
    from hwflow.frontends.qkeras.export import export_qonnx

    model = export_qonnx(path, output or path.with_suffix(".onnx"))
    try:
        return {"model": str(model), "golden": _golden(model)}
    except UserError as error:
        return {"model": str(model), "not_exact": f"Not exact: {error}"}


def _expected(model: Path) -> dict[str, str]:
    """What the framework computed, where it took part."""
    from hwflow.verify.expected import expected_path

    path = expected_path(model)
    return {"expected": str(path)} if path.is_file() else {}


def _golden(model: Path) -> str:
    """golden.onnx beside the model."""
    from hwflow.files import write_atomic
    from hwflow.onnx_import.model import import_model

    return str(write_atomic(model.with_name(GOLDEN), import_model(model).golden))
