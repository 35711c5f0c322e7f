"""What a build is verified with: the user's inputs, labelled or not, or seeded ones."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwflow.errors import UserError
from hwflow.verify.evaluation import Evaluation, is_evaluation, load_evaluation
from hwflow.verify.ports import Given, ModelPorts
from hwflow.verify.vectors import read_inputs

DEFAULT_VECTORS = 1000


def read_given(vectors: Given | str | Path | Evaluation | None) -> Given | Evaluation | None:
    """The data of a file that is named; other data as they are. Only that the file is readable is checked yet."""
    if not isinstance(vectors, (str, Path)):
        return vectors
    path = Path(vectors)
    if path.suffix != ".npz":
        return read_inputs(path)
    return load_evaluation(path) if is_evaluation(path) else _named(path)


def samples_of(given: Given | Evaluation | None) -> Given | None:
    """The inputs alone."""
    return given.inputs if isinstance(given, Evaluation) else given


def evaluation(given: Given | Evaluation | None, ports: ModelPorts) -> Evaluation:
    """What to verify with, in the units of the ports; states that are not given come from the chunk before."""
    inputs, states = samples_of(given), ports.state_names
    arrays = ports.default(DEFAULT_VECTORS) if inputs is None else ports.checked(inputs, "vectors", states)
    data, *others = ports.filled(arrays, sequence=given.sequence if isinstance(given, Evaluation) else None)
    if isinstance(given, Evaluation):
        return Evaluation(data, given.labels, given.classes, given.scores, tuple(others))
    return Evaluation(data, np.zeros(0, np.int64), (), others=tuple(others))


def _named(path: Path) -> Mapping[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(path, f"no readable arrays ({error})") from error
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu" or array.ndim == 0:
            raise _refused(path, f"no array of numbers called {name!r}")
    return arrays


def _refused(path: Path, found: str) -> UserError:
    return UserError(str(path), found, "an .npz file of arrays by input name", "Save with numpy.savez.")
