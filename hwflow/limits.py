"""What a model file from a stranger may ask for. One object, checked wherever a size is read from a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hwflow.errors import UserError


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; products are taken in Python integers, so they cannot wrap."""

    file_bytes: int = 1 << 29
    text_bytes: int = 1 << 26  # of a JSON file, which takes up to 30 times as much when it is read
    array_bytes: int = 1 << 30  # of all arrays of an .npz file
    vector_elements: int = 1 << 25  # of the vectors that a build makes itself
    nodes: int = 20_000  # about a millisecond each to import
    kernel_nodes: int = 1_000  # of one kernel: its pipeline is that long, and frames are simulated until it is full
    rank: int = 8
    elements: int = 1 << 25  # of one tensor
    graph_elements: int = 1 << 27  # of all tensors of the integer graph together
    parameters: int = 1 << 26  # of all constants together: about what the largest chip holds in bytes
    bit_width: int = 32
    table_bits: int = 20  # address bits of a table
    child_bytes: int = 2 << 30  # of memory for what is computed in a child process (`hwflow.bounded`)
    child_seconds: float = 60.0  # of computing there
    model_bytes: int = 1 << 24  # of a file that is parsed there first
    run_seconds: float = 300.0  # of computing the constants, or one table, of a model

    def check_shape(self, subject: str, shape: Sequence[int]) -> None:
        """Refuse a shape with too many axes or elements, or with an axis that is not positive."""
        if len(shape) > self.rank:
            raise UserError(subject, f"{len(shape)} axes", f"at most {self.rank}", "Reshape the tensor to fewer axes.")
        if any(n <= 0 for n in shape):
            raise UserError(subject, f"shape {list(shape)}", "positive static sizes", "Export with static shapes.")
        if math.prod(shape) > self.elements:
            raise UserError(
                subject,
                f"shape {list(shape)}, {math.prod(shape):.3g} elements",
                f"at most {self.elements} elements",
                "Use a smaller model.",
            )


LIMITS = Limits()
"""The limits that hwflow applies."""
