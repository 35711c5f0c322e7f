"""A single-head vision transformer in QKeras: train on digits, export, build for a KV260, verify every prediction."""

from __future__ import annotations

from pathlib import Path

import typer

import hwflow
from hwflow.frontends.brevitas.evaluation import export_evaluation
from hwflow.frontends.brevitas.run import run_config
from hwflow.frontends.qkeras.run import export_run
from hwflow.frontends.qkeras.train import train
from hwflow.report import print_summary


def main(folder: Path = Path("build/shvit_qkeras"), samples: int = 1797, epochs: int = 20, vectors: int = 359) -> None:
    """Everything goes to ``folder``; started again, an interrupted training goes on where it was."""
    config = run_config("shvit_nano", samples=samples)
    training = config.train.model_copy(update={"float_epochs": epochs, "quantized_epochs": epochs})
    train(config.model_copy(update={"train": training}), folder / "run")
    design = hwflow.convert(
        export_run(folder / "run"),
        output_dir=folder / "design",
        board="kv260",
        clock_mhz=200,
        latency_budget_us=1000,
        vectors=export_evaluation(folder / "run", folder / "evaluation.npz"),
    )
    design.csim(vectors)
    design.check()
    print_summary(design.record)


if __name__ == "__main__":
    typer.run(main)
