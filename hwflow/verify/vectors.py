"""Test vectors: real inputs for golden.onnx, and what every tensor must be for them."""

from __future__ import annotations

import os
from pathlib import Path
from tokenize import TokenError

import numpy as np

from hwflow.errors import UserError
from hwflow.files import open_regular
from hwflow.ir.graph import Graph
from hwflow.numerics.random import normal

SEED = 2026
MAX_VECTORS = 10_000_000


def default_inputs(graph: Graph, count: int, seed: int = SEED, index: int = 0) -> np.ndarray:
    """``count`` seeded real inputs: half uniform over the range of an input port, half gaussian about its centre.

    Returns float32 (count, *input shape), the same on every processor. Uniform inputs meet the limits, gaussian ones
    the dense middle.
    """
    port = graph.tensors[graph.inputs[index]]
    rng = np.random.default_rng([seed, index] if index else seed)
    lo, hi = port.type.lo * port.type.step, port.type.hi * port.type.step
    uniform = rng.uniform(lo, hi, size=(count - count // 2, *graph.file_shape(port.id)))
    gaussian = normal(rng, (lo + hi) / 2, (hi - lo) / 8, (count // 2, *graph.file_shape(port.id)))
    return np.concatenate([uniform, gaussian])[rng.permutation(count)].astype(np.float32)


def read_inputs(path: Path) -> np.ndarray:
    """An array of numbers from a .npy file, checked before it is loaded; never a pickle."""
    try:
        os.close(open_regular(path))  # a pipe would be waited for
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TokenError, RecursionError, TypeError) as error:
        found = f"no readable .npy array ({error})"
        raise UserError(str(path), found, "a .npy file of numbers", "Save with numpy.save.") from error
    if not isinstance(data, np.ndarray) or data.dtype.kind not in "fiu" or data.ndim == 0:
        raise UserError(str(path), "no array of numbers", "a .npy file of numbers", "Save with numpy.save.")
    return data


def as_inputs(data: np.ndarray, shape: tuple[int, ...], subject: str) -> np.ndarray:
    """Data of (count, *shape), possibly flattened, as float32. UserError on another size or a value not finite."""
    size = int(np.prod(shape))
    if not 0 < len(data) <= MAX_VECTORS or data.size != len(data) * size:
        expected = f"(count, {', '.join(map(str, shape))})"
        raise UserError(subject, f"shape {data.shape}", expected, "Give one row per inference.")
    inputs = np.asarray(data, np.float32).reshape(-1, *shape)
    if not np.all(np.isfinite(inputs)):
        raise UserError(subject, "values that are not finite", "finite numbers", "Remove NaN and infinity.")
    return inputs
