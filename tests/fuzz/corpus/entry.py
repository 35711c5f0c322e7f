"""Recipes of models that once failed, and what must come of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hwflow.fuzz.case import INFERENCES, Case
from hwflow.fuzz.inputs import Port, draw_inputs
from hwflow.onnx_import.model import Mode
from tests.support.qonnx import ModelBuilder

Build = Callable[[ModelBuilder], str | tuple[str, ...]]

RIGHT = ""
"""It must be right at every rung, as RTL too."""


@dataclass(frozen=True)
class Entry:
    """``refused``: words of the refusal by name that must come, or RIGHT. ``rows``: of the table that tokens name.

    ``step``: of the numbers that come in.
    """

    name: str
    build: Build
    refused: str = RIGHT
    mode: Mode = "exact"
    rows: int = 8
    step: float = 1 / 16
    opset: int = 17

    def case(self) -> Case:
        """The model with inputs."""
        builder = ModelBuilder(self.opset)
        outputs = self.build(builder)
        model = builder.proto(*([outputs] if isinstance(outputs, str) else outputs))
        ports = []
        for value in model.graph.input:
            type = value.type.tensor_type
            rows = None if type.elem_type == 1 else self.rows
            ports.append(Port(value.name, tuple(d.dim_value or 1 for d in type.shape.dim), self.step, rows=rows))
        return Case(self.name, self.mode, model.SerializeToString(), draw_inputs(ports, INFERENCES, 1), seed=1)


CORPUS: list[Entry] = []


def entry(refused: str = RIGHT, **fields: object) -> Callable[[Build], Build]:
    """Make a recipe an entry under its own name."""

    def register(build: Build) -> Build:
        CORPUS.append(Entry(build.__name__, build, refused, **fields))  # type: ignore[arg-type, attr-defined]
        return build

    return register
