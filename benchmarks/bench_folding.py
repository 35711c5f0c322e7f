"""Folding attention on generated digits: size, work and token error rate against the factor and the share of layers.

Per second of audio. Size: weights of 8 bits and biases and norms of 20. Weight reads: every weight once a chunk, as
a design does that keeps its weights in one memory. The paper (arXiv 2309.07988) states -12 to -24 % of the size of
whole models without a loss of accuracy on LibriSpeech; the task here is hwflow's own generator, so only trends count.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from common import print_table

from hwflow.frontends.brevitas.run import TrainConfig, run_config
from hwflow.frontends.brevitas.train import train
from hwflow.models import FoldedAsrConfig, parameter_count
from hwflow.models.folding_cost import folding_cost

SHARES = {"none": (), "1/4": (1,), "1/2": (1, 3), "all": (0, 1, 2, 3)}
LAYERS = 4
SAMPLES = 1500
COLUMNS = (
    "factor", "folded layers", "parameters", "size kB", "size %",
    "M MAC/s", "M weight reads/s", "k softmax/s", "float TER %", "quantized TER %",
)  # fmt: skip


def configs() -> list[tuple[int, str, FoldedAsrConfig]]:
    """Factor, share and model of each row."""
    wanted = [(1, "none"), *((n, share) for n in (2, 4) for share in ("1/4", "1/2", "all"))]
    folds = [tuple(n if i in SHARES[share] else 1 for i in range(LAYERS)) for n, share in wanted]
    return [
        (n, share, FoldedAsrConfig.model_validate({"folds": f})) for (n, share), f in zip(wanted, folds, strict=True)
    ]


def size(config: FoldedAsrConfig) -> float:
    """Kilobytes of all parameters."""
    weights = folding_cost(config).weights
    rest = parameter_count(config) - weights
    return (weights * config.precision.weight + rest * config.precision.bias) / 8000


def row(factor: int, share: str, config: FoldedAsrConfig, settings: TrainConfig, folder: Path) -> tuple[object, ...]:
    """Train one model and count."""
    cost, seconds = folding_cost(config), config.chunk_seconds
    run = run_config("folded_asr_plain", train=settings)
    run = run.model_copy(update={"model": config, "data": run.data.model_copy(update={"samples": SAMPLES})})
    metrics = train(run, folder / f"{factor}-{share.replace('/', '-')}", quiet=True)
    rates = [metrics.float_model.token_error_rate or 0.0, metrics.quantized_model.token_error_rate or 0.0]
    plain = size(configs()[0][2])
    work = (cost.macs / 1e6, cost.weights / 1e6, cost.softmax / 1e3)
    return (
        factor, share, parameter_count(config), f"{size(config):.1f}", f"{100 * (size(config) / plain - 1):+.0f}",
        *(f"{each / seconds:.2f}" for each in work), *(f"{100 * rate:.1f}" for rate in rates),
    )  # fmt: skip


def main(
    epochs: Annotated[int, typer.Option(min=0, help="Float epochs; a quarter as many quantized ones.")] = 10,
    folder: Annotated[Path | None, typer.Option(help="Keeps the runs; started again, it goes on there.")] = None,
) -> None:
    """Train the seven models and print."""
    settings = TrainConfig(
        float_epochs=epochs, quantized_epochs=-(-epochs // 4), batch=32, float_rate=4e-3, quantized_rate=1e-3, threads=1
    )
    with tempfile.TemporaryDirectory() as temporary:
        table = [row(*each, settings, folder or Path(temporary)) for each in configs()]
    print_table("folded_asr, D = 32, F = 64, 4 layers, chunks of 160 ms, context of 320 ms", COLUMNS, table, texts=2)


if __name__ == "__main__":
    typer.run(main)
