"""What a random model is made of, whatever the framework."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from hwflow.fuzz.case import Case, ports_of
from hwflow.fuzz.inputs import draw_inputs
from hwflow.models.precision import Precision

INFERENCES = 24
_BLOCKS = ("attention", "norm", "mlp", "activation", "dense")


@dataclass(frozen=True, slots=True)
class Block:
    """One block: ``kind`` and the choices that it reads."""

    kind: str
    heads: int
    size: int
    flag: bool
    function: str
    mask: tuple[tuple[bool, ...], ...] | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """Blocks over (tokens, dim), a pool, a head; ``dim`` is a power of two, as norms want it."""

    seed: int
    tokens: int
    features: int
    dim: int
    blocks: tuple[Block, ...]
    pool: str
    outputs: int
    precision: Precision

    @property
    def shape(self) -> tuple[int, int]:
        """Of a sample."""
        return self.tokens, self.features


def draw_recipe(seed: int) -> Recipe:
    """The recipe of a seed."""
    rng = np.random.default_rng([seed, 3])
    tokens = int(rng.integers(2, 6))
    blocks = tuple(_block(rng, tokens) for _ in range(int(rng.integers(1, 4))))
    weight, activation, table, output = (int(rng.integers(*range_)) for range_ in ((3, 9), (3, 9), (5, 9), (6, 12)))
    precision = Precision(weight=weight, activation=activation, bias=16, table=table, output=output)
    return Recipe(
        seed, tokens, int(rng.integers(1, 6)), int(rng.choice([2, 4, 8])), blocks,
        str(rng.choice(["mean", "max", "flatten", "none"])), int(rng.integers(1, 5)), precision,
    )  # fmt: skip


def _block(rng: np.random.Generator, tokens: int) -> Block:
    allowed = rng.random((tokens, tokens)) < 0.7
    np.fill_diagonal(allowed, True)
    mask = tuple(map(tuple, allowed.tolist())) if rng.random() < 0.4 else None
    return Block(
        str(rng.choice(_BLOCKS)), int(rng.integers(1, 3)), int(rng.integers(1, 5)), bool(rng.random() < 0.5),
        str(rng.choice(["gelu", "silu", "tanh", "sigmoid"])), mask,
    )  # fmt: skip


def calibration(recipe: Recipe) -> np.ndarray:
    """Normal samples to calibrate with."""
    rng = np.random.default_rng([recipe.seed, 4])
    return np.asarray(rng.normal(size=(64, *recipe.shape)), np.float32)


def case_of_export(
    recipe: Recipe, export: Callable[[Path], object], forward: Callable[[np.ndarray], np.ndarray]
) -> Case:
    """The exported file, inputs for it, and what the framework makes of them."""
    with TemporaryDirectory(prefix="hwflow-fuzz-") as folder:
        path = Path(folder) / "model.onnx"
        export(path)
        data = path.read_bytes()
    [port] = ports_of(onnx.load_from_string(data))
    inputs = draw_inputs([port], INFERENCES, recipe.seed)
    expected = forward(inputs[port.name].reshape(INFERENCES, *recipe.shape))
    return Case(f"seed {recipe.seed}", "exact", data, inputs, recipe.seed, (np.asarray(expected, np.float64),))
