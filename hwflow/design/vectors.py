"""The vectors of a build: real inputs, and the golden integers of the kernels' tensors, in one file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.files.arrays import read_npz
from hwflow.ir.graph import IntArray

_PARTS = ("inputs_", "expected_input_", "expected_output_", "directed_")


@dataclass(frozen=True)
class Vectors:
    """``inputs``: float32 (count, *shape). ``golden``: tensor id -> integers (count or fewer, *shape), the outputs for
    all inputs. ``labels``: class of each input where known; else empty. ``classes``: their names. ``others``: data of
    further inputs of the model, in its order. ``expected``: inputs and outputs that the framework computed, if any.
    ``directed``: by input, data directed at entries of tables that those do not reach, if any."""

    inputs: np.ndarray
    golden: Mapping[str, IntArray]
    labels: np.ndarray
    classes: tuple[str, ...] = ()
    others: tuple[np.ndarray, ...] = ()
    expected: tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]] = ((), ())
    directed: tuple[np.ndarray, ...] = ()

    @property
    def ports(self) -> tuple[np.ndarray, ...]:
        """Data of every input."""
        return (self.inputs, *self.others)

    @property
    def directed_count(self) -> int:
        """How many inferences are directed at entries of tables."""
        return len(self.directed[0]) if self.directed else 0


def save_vectors(path: Path, vectors: Vectors) -> None:
    """Write the file in one step."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {f"golden_{id}": values for id, values in vectors.golden.items()}
    parts = (vectors.others, *vectors.expected, vectors.directed)
    arrays |= {f"{key}{n}": values for key, part in zip(_PARTS, parts, strict=True) for n, values in enumerate(part)}
    np.savez_compressed(
        buffer, inputs=vectors.inputs, labels=vectors.labels, classes=np.array(vectors.classes, dtype=np.str_), **arrays
    )
    write_atomic(path, buffer.getvalue())


def load_vectors(path: Path) -> Vectors:
    """Read the file; a damaged one is a UserError."""
    arrays = read_npz(path, "the vectors of a build", "Build it again.")
    golden = {key.removeprefix("golden_"): values for key, values in arrays.items() if key.startswith("golden_")}
    try:
        others, inputs, outputs, directed = (
            tuple(arrays[f"{part}{n}"] for n in range(sum(key.startswith(part) for key in arrays))) for part in _PARTS
        )
        classes = tuple(str(name) for name in arrays["classes"])
        return Vectors(arrays["inputs"], golden, arrays["labels"], classes, others, (inputs, outputs), directed)
    except (KeyError, TypeError) as error:
        raise UserError(str(path), f"no {error}", "the vectors of a build", "Build it again.") from error
