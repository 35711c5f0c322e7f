"""The scheduling problem: options for each kernel, budgets, and one simulation for each choice looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from hwflow.schedule.dataflow import Actor, Channel, Ends
from hwflow.schedule.network import connect
from hwflow.schedule.options import Option, Weights
from hwflow.schedule.resources import Resources, total
from hwflow.schedule.run import FRAMES, Run, run

Choice = tuple[int, ...]  # for each kernel, the index of its option
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Budget:
    """Limits in cycles; None is no limit."""

    latency: int | None
    ii: int | None

    def holds(self, done: Run) -> bool:
        """Whether a run keeps within both."""
        return (self.latency is None or done.latency <= self.latency) and (self.ii is None or done.ii <= self.ii)


@dataclass(frozen=True)
class Problem:
    """``options[k]``: the folds of kernel k; ``channels``: those between kernels."""

    options: Sequence[Sequence[Option]]
    channels: Sequence[Channel]
    source: Ends
    sink: Ends
    budget: Budget
    progress: Progress
    _verdicts: dict[Choice, bool] = field(default_factory=dict)

    def chosen(self, choice: Choice) -> list[Option]:
        """The option of each kernel."""
        return [options[index] for options, index in zip(self.options, choice, strict=True)]

    def actors(self, choice: Choice) -> list[Actor]:
        """Actors of all kernels."""
        return [actor for option in self.chosen(choice) for actor in option.actors]

    def all_channels(self, choice: Choice) -> list[Channel]:
        """Channels between and inside the kernels."""
        return [*self.channels, *(channel for option in self.chosen(choice) for channel in option.channels)]

    def area(self, choice: Choice, weights: Weights) -> float:
        """Sum of the kernels' areas."""
        return sum(option.area(weights) for option in self.chosen(choice))

    def resources(self, choice: Choice) -> Resources:
        """Sum of the kernels' resources, FIFOs not counted."""
        return total(option.resources for option in self.chosen(choice))

    def run(self, choice: Choice, channels: Iterable[Channel] | None = None) -> Run:
        """Simulate a few frames, with the channels as given or with sized ones."""
        channels = self.all_channels(choice) if channels is None else channels
        return run(connect(self.actors(choice), channels, self.source, self.sink), FRAMES)

    def meets(self, choice: Choice) -> bool:
        """Whether the budgets hold. No simulation for what was seen before or is clear from the loads."""
        if self.budget == Budget(None, None):
            return True
        if self.budget.ii is not None and max(option.load for option in self.chosen(choice)) > self.budget.ii:
            return False
        if choice not in self._verdicts:
            self._verdicts[choice] = self.budget.holds(self.run(choice))
        return self._verdicts[choice]

    def fastest(self) -> Choice:
        """Every kernel at the least load, then the least depth."""
        return tuple(
            min(range(len(options)), key=lambda index: (options[index].load, options[index].depth))
            for options in self.options
        )
