"""``hwflow train``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hwflow.cli.reply import Debug, Json, command
from hwflow.errors import UserError

if TYPE_CHECKING:
    from hwflow.frontends.brevitas.run import RunConfig
    from hwflow.frontends.brevitas.train import Metrics

FAMILY = "jet_tagger"
Particles = Annotated[int | None, typer.Option(min=1, max=4096, help=f"Particles per jet; only for {FAMILY}.")]
Linformer = Annotated[
    int | None, typer.Option(min=1, max=4096, help=f"Rows that keys and values shrink to; only for {FAMILY}.")
]
Data = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH",
        help="LHC jet file, CIFAR-10 file, or folder of speech; may be repeated. Default: generated data.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=0, help="Epochs of the float model.")]
QuantizedEpochs = Annotated[int | None, typer.Option(min=0, help="Epochs of quantization-aware fine-tuning.")]
Bits = Annotated[int | None, typer.Option(min=2, max=32, help="Bits of weights and activations.")]

Framework = Annotated[Literal["brevitas", "qkeras"], typer.Option(help="What to train with.")]
Formats = Annotated[
    Literal["default", "paper"], typer.Option(help="paper: 10 integer and 10 fractional bits everywhere.")
]


def train(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=f"A model of the zoo, such as btag, or {FAMILY}.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="The folder of the run.")],
    particles: Particles = None,
    linformer: Linformer = None,
    data: Data = None,
    samples: Annotated[int | None, typer.Option(min=10, max=10_000_000, help="How many samples to use.")] = None,
    epochs: Epochs = None,
    quantized_epochs: QuantizedEpochs = None,
    bits: Bits = None,
    precision: Formats = "default",
    framework: Framework = "brevitas",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Train a model of the zoo with Brevitas or QKeras; started again, an interrupted run goes on where it was."""
    with command(json, debug) as reply:
        shape = {"particles": particles, "linformer": linformer}
        times = {"float_epochs": epochs, "quantized_epochs": quantized_epochs, "seed": seed}
        if bits and precision == "paper":
            raise UserError("--bits", "--precision paper", "one of the two", "The paper's format has 20 bits.")
        files = {"files": tuple(data or ()), **_given({"samples": samples})}
        config = _config(model, _given(shape), files, bits, precision)
        config = config.model_copy(update={"train": config.train.model_copy(update=_given(times))})
        scores = _training(framework)(config, output)
        document = {"run": str(output), "metrics": scores.model_dump(mode="json")}
        reply(document, lambda console: console.print(_summary(document), markup=False))


def _training(framework: Literal["brevitas", "qkeras"]) -> Callable[[RunConfig, Path], Metrics]:
    """The training of a framework, which alone is imported."""
    if framework == "qkeras":
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reports its CPU features otherwise
        from hwflow.frontends.qkeras.train import train as train_qkeras

        return train_qkeras
    from hwflow.frontends.brevitas.train import train as train_brevitas

    return train_brevitas


def _config(
    model: str,
    shape: dict[str, Any],
    data: dict[str, Any],
    bits: int | None,
    precision: Literal["default", "paper"] = "default",
) -> RunConfig:
    from hwflow.data.speech import CLASSES
    from hwflow.frontends.brevitas.run import run_config
    from hwflow.models import FoldedAsrConfig

    config = run_config(f"{FAMILY}_n8" if model == FAMILY else model, precision=precision)
    if shape and model != FAMILY:
        option = f"--{next(iter(shape))}"
        raise UserError(option, f"the model {model}", f"the model {FAMILY}", f"Leave {option} out, or train {FAMILY}.")
    if data["files"] and config.data.dataset not in ("jets", "cifar10", "digits"):
        expected = "a model of jets, of CIFAR-10 or of speech"
        raise UserError("--data", f"the model {model}", expected, "Leave --data out: its data need no file.")
    if data["files"] and isinstance(config.model, FoldedAsrConfig):
        shape, data = {"dataset": "speech", "tokens": len(CLASSES)}, {**data, "dataset": "speech"}
    chosen = {**config.model.model_dump(), **shape}
    if bits:
        chosen["precision"] = {**chosen["precision"], "weight": bits, "activation": bits}
    parts = {"model": type(config.model).model_validate(chosen), "data": config.data.model_copy(update=data)}
    return config.model_copy(update=parts)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that the user has set."""
    return {name: value for name, value in options.items() if value is not None}


def _summary(document: dict[str, Any]) -> str:
    metrics = document["metrics"]
    scores = [f"{name}: {_score(metrics[f'{name}_model'])}" for name in ("float", "quantized")]
    return f"{document['run']}: {', '.join(scores)} on {metrics['samples']} validation samples"


def _score(scores: dict[str, Any]) -> str:
    rate = scores["token_error_rate"]
    return f"accuracy {scores['accuracy']:.4f}" if rate is None else f"token error rate {rate:.4f}"
