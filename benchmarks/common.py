"""What the benchmarks share: untrained models (speed and area do not depend on training) and a table."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hwflow.models import ModelConfig, build_model

warnings.filterwarnings("ignore")  # notices of libraries


def export_untrained(config: ModelConfig, path: Path) -> Path:
    """Calibrate the model on noise under a fixed seed and export it to QONNX."""
    import torch

    from hwflow.frontends.brevitas.batch_norm import fold_batch_norms, liven_norms
    from hwflow.frontends.brevitas.calibrate import calibrate
    from hwflow.frontends.brevitas.export import export_model

    torch.manual_seed(0)
    model = build_model(config)
    liven_norms(model)
    fold_batch_norms(model)
    calibrate(model, torch.randn(4 if len(config.input_shape) == 3 else 256, *config.input_shape))
    return export_model(model, path, config.input_shape)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], texts: int = 1) -> None:
    """A compact table; all but the first ``texts`` columns are numbers."""
    table = Table(box=SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < texts else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console = Console(width=160, highlight=False)
    console.print(title)
    console.print(table)
