"""The progress bar of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hwflow.frontends.brevitas.snapshot import Phase

Advance = Callable[[Phase, int, float], None]  # phase, epochs done in it, mean loss of the last one


@contextmanager
def epoch_bar(float_epochs: int, quantized_epochs: int, quiet: bool) -> Iterator[Advance]:
    """A bar over all epochs of both phases; yields the function that moves it. ``quiet`` shows nothing."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, disable=quiet) as progress:
        task = progress.add_task("training", total=float_epochs + quantized_epochs)

        def advance(phase: Phase, epochs: int, loss: float) -> None:
            done = epochs if phase == "float" else float_epochs + epochs
            progress.update(task, completed=done, description=f"{phase} loss {loss:.4f}")

        yield advance
