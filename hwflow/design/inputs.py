"""What a build is verified with: the user's inputs, labelled or not, or seeded ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwflow.errors import UserError
from hwflow.files.arrays import read_npz
from hwflow.limits import LIMITS
from hwflow.verify.evaluation import Evaluation, evaluation_of
from hwflow.verify.ports import Given, ModelPorts
from hwflow.verify.vectors import read_inputs

DEFAULT_VECTORS = 1000
_EXPECTED, _REMEDY = "an .npz file of arrays by input name", "Save with numpy.savez, or hwflow export."


def read_given(vectors: Given | str | Path | Evaluation | None) -> Given | Evaluation | None:
    """The data of a file that is named; other data as they are. Only that the file is readable is checked yet."""
    if not isinstance(vectors, (str, Path)):
        return vectors
    path = Path(vectors)
    if path.suffix != ".npz":
        return read_inputs(path)
    arrays = read_npz(path, _EXPECTED, _REMEDY)
    return evaluation_of(path, arrays) if "labels" in arrays else _named(path, arrays)


def samples_of(given: Given | Evaluation | None) -> Given | None:
    """The inputs alone."""
    return given.inputs if isinstance(given, Evaluation) else given


def evaluation(given: Given | Evaluation | None, ports: ModelPorts) -> Evaluation:
    """What to verify with, in the units of the ports; states that are not given come from the chunk before."""
    inputs, states = samples_of(given), ports.state_names
    arrays = ports.default(_default_count(ports)) if inputs is None else ports.checked(inputs, "vectors", states)
    data, *others = ports.filled(arrays, sequence=given.sequence if isinstance(given, Evaluation) else None)
    if isinstance(given, Evaluation):
        return Evaluation(data, given.labels, given.classes, given.scores, tuple(others))
    return Evaluation(data, np.zeros(0, np.int64), (), others=tuple(others))


def _default_count(ports: ModelPorts) -> int:
    """So many that what goes in and comes out stays within the limits: of images fewer."""
    graph = ports.graph
    each = sum(graph.tensors[id].size for id in (*graph.inputs, *graph.outputs))
    return min(DEFAULT_VECTORS, max(1, LIMITS.vector_elements // each))


def _named(path: Path, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu" or array.ndim == 0:
            raise UserError(str(path), f"no array of numbers called {name!r}", _EXPECTED, _REMEDY)
    return arrays
