"""The b-tagging encoder (15 x 6, 3 blocks): train, export, build for a VCU118 within 2 us, verify every bit."""

from __future__ import annotations

from pathlib import Path

import typer

import hwflow
from hwflow.frontends.brevitas.evaluation import export_evaluation
from hwflow.frontends.brevitas.export import export_run
from hwflow.frontends.brevitas.run import TrainConfig, run_config
from hwflow.frontends.brevitas.train import train
from hwflow.report import print_summary


def main(
    folder: Path = Path("build/btag_brevitas"), samples: int = 20_000, epochs: int = 6, vectors: int = 1000
) -> None:
    """Everything goes to ``folder``; started again, an interrupted training goes on where it was."""
    training = TrainConfig(float_epochs=epochs, quantized_epochs=max(1, epochs // 2))
    train(run_config("btag", samples=samples, train=training), folder / "run")
    design = hwflow.convert(
        export_run(folder / "run"),
        output_dir=folder / "design",
        board="vcu118",
        clock_mhz=200,
        latency_budget_us=2,
        vectors=export_evaluation(folder / "run", folder / "evaluation.npz"),
    )
    design.csim(vectors)
    design.check()
    print_summary(design.record)


if __name__ == "__main__":
    typer.run(main)
