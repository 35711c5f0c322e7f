"""The streaming acoustic model in QKeras: train, export one chunk, build it for a KV260, verify every bit."""

from __future__ import annotations

from pathlib import Path

import typer

import hwflow
from hwflow.frontends.brevitas.evaluation import export_evaluation
from hwflow.frontends.brevitas.run import run_config
from hwflow.frontends.qkeras.run import export_run
from hwflow.frontends.qkeras.train import train
from hwflow.models import FoldedAsrConfig
from hwflow.report import print_summary


def main(
    folder: Path = Path("build/folded_asr_qkeras"), samples: int = 2000, epochs: int = 12, vectors: int = 1000
) -> None:
    """Everything goes to ``folder``; started again, an interrupted training goes on where it was."""
    config = run_config("folded_asr", samples=samples)
    settings = config.train.model_copy(update={"float_epochs": epochs, "quantized_epochs": -(-epochs // 3)})
    train(config.model_copy(update={"train": settings}), folder / "run")
    assert isinstance(config.model, FoldedAsrConfig)
    design = hwflow.convert(
        export_run(folder / "run"),
        output_dir=folder / "design",
        board="kv260",
        clock_mhz=200,
        latency_budget_us=config.model.chunk_seconds * 1e6 / 10,
        vectors=export_evaluation(folder / "run", folder / "evaluation.npz"),
    )
    design.csim(vectors)
    design.check()
    print_summary(design.record)


if __name__ == "__main__":
    typer.run(main)
