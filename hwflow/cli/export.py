"""``hwflow export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwflow.cli.reply import Debug, Json, command
from hwflow.errors import UserError

GOLDEN = "golden.onnx"

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="MODEL.onnx", help="By default model.onnx in the run's folder.")
]


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished training.")],
    output: Output = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Export a trained model to QONNX; beside it golden.onnx for stock onnxruntime, and labelled inputs."""
    with command(json, debug) as reply:
        if output and output.name == GOLDEN:
            raise UserError("--output", GOLDEN, "another name", f"{GOLDEN} is written beside the model.")
        from hwflow.files import write_atomic
        from hwflow.frontends.brevitas.evaluation import export_evaluation
        from hwflow.frontends.brevitas.export import export_qonnx
        from hwflow.frontends.brevitas.run import RunFolder
        from hwflow.frontends.brevitas.train import load_run
        from hwflow.onnx_import.model import import_model
        from hwflow.verify.evaluation import FILE

        folder = RunFolder(run)
        model = export_qonnx(load_run(run), output or folder.onnx, folder.read_config().model.input_shape)
        golden = write_atomic(model.with_name(GOLDEN), import_model(model).golden)
        evaluation = export_evaluation(run, model.with_name(FILE))
        document = {"model": str(model), "golden": str(golden), "evaluation": str(evaluation)}
        reply(document, lambda console: console.print("\n".join(document.values()), markup=False, soft_wrap=True))
