"""The result of scheduling: a fold for each kernel, a depth for each FIFO, and what they are estimated to give."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwflow.errors import UserError
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources, total

Cycles = Annotated[int, Field(le=1 << 62)]
Depth = Annotated[int, Field(le=1 << 28)]  # more than any chip holds


class Schedule(BaseModel):
    """Latencies and the initiation interval in cycles of ``clock_mhz``, as ``simulate.Simulation`` defines them.

    Every figure is of ``stage`` "estimate": from the cost model and the token-level simulation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    stage: Literal["estimate"] = "estimate"
    board: str
    clock_mhz: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
    latency: Cycles
    first_output: Cycles
    ii: Cycles
    folds: dict[str, Fold]
    fifo_depths: dict[str, Depth]
    kernel_resources: dict[str, Resources]
    fifo_resources: Resources

    @property
    def resources(self) -> Resources:
        """Kernels and FIFOs together."""
        return total(self.kernel_resources.values()) + self.fifo_resources

    @property
    def latency_us(self) -> float:
        """The latency in microseconds."""
        return self.latency / self.clock_mhz

    def to_json(self) -> str:
        """Indented JSON; ``from_json`` gives an equal schedule."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str, name: str = "schedule") -> Schedule:
        """Read what ``to_json`` wrote. Raises UserError, which calls the text ``name``."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            key = ".".join(str(step) for step in first["loc"])
            raise UserError(
                f"{name}, key {key}" if key else name,
                repr(first["input"])[:80],
                first["msg"],
                "Run the build again to make a new one.",
            ) from error
