"""Traced programs: from symbols to operations, to results, to Verilog. The one file with private parts of alkaid."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hwflow.backends.unrolled.symbolic import Symbols, load
from hwflow.ir.graph import IntArray

Program = Any
"""SSA operations (opcode, operands, interval, cost) between inputs and outputs."""
MODULE = "hwflow_unrolled"
_DEEPEST = 20_000  # operations in a row; alkaid follows them by recursion


def traced(ports: Symbols, results: Symbols) -> Program:
    """The program from ports to results, optimised. A port that no result depends on has a field without bits."""
    with _without_sign_pass(), _deep_recursion():
        return load("alkaid.trace").trace(np.ravel(ports), np.ravel(results), keep_dead_inputs=True)


@contextmanager
def _without_sign_pass() -> Iterator[None]:
    """A pass of alkaid 0.8.2 takes another bit of a scaled operand for its highest one; all it does is save a shift."""
    passes = load("alkaid.trace.passes.canon")
    kept = passes.canonicalize_msb_wraps
    passes.canonicalize_msb_wraps = lambda program: program
    try:
        yield
    finally:
        passes.canonicalize_msb_wraps = kept


@contextmanager
def _deep_recursion() -> Iterator[None]:
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(max(kept, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(kept)


def run(program: Program, frames: IntArray) -> IntArray:
    """The program on integers (frames, inputs) by alkaid's interpreter, one thread; gives (frames, outputs)."""
    data = np.ascontiguousarray(frames.reshape(len(frames), -1), dtype=np.float64)
    results: IntArray = np.rint(program.predict(data, n_threads=1)).astype(np.int64)
    return results


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a packed bus: ``width`` bits, the lowest of weight ``2**-frac``."""

    signed: bool
    width: int
    frac: int


@dataclass(frozen=True, slots=True)
class Logic:
    """The logic of one stage: module ``name`` with the ports ``model_inp`` and ``model_out``, of so many bits."""

    name: str
    inputs: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Verilog:
    """A program in stages, each a module without a clock. ``files``: name -> text, all of alkaid's making.

    ``library``: the files that are copies of alkaid's own.
    """

    stages: tuple[Logic, ...]
    files: dict[str, str]
    library: tuple[str, ...]
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]


def written(program: Program, stages: Sequence[int]) -> Verilog:
    """The program cut into stages (the stage of each operation); what one puts out, the next takes in."""
    op_type = load("alkaid.types").Op
    # alkaid cuts by the time at which operations are done: stage + 1 puts each where we want it.
    placed = [op_type(*op[:4], float(stage + 1), op.cost) for op, stage in zip(program.ops, stages, strict=True)]
    to_pipeline, model = load("alkaid.trace").to_pipeline, load("alkaid.codegen.rtl").RTLModel
    cut = to_pipeline(program._replace(ops=placed), n_stages=max(stages) + 1, verbose=False)
    parts = tuple(Logic(name, *(_bits(q) for q in (part.inp_qint, part.out_qint))) for name, part in cut.logic.items())
    with TemporaryDirectory() as folder:
        model(cut, folder, MODULE, ternary_fuse=False, print_latency=False).write()
        library = _texts(Path(folder, "src", "static"))
        own = (f"{MODULE}.v", f"{MODULE}_wrapper.v")  # alkaid's registers and ports; ours replace them
        logic = {name: text for name, text in _texts(Path(folder, "src")).items() if name not in own}
    used = {name: text for name, text in library.items() if any(f" {name[:-2]} #" in each for each in logic.values())}
    return Verilog(parts, {**used, **logic}, tuple(used), _fields(program.inp_qint), _fields(program.out_qint))


def _texts(folder: Path) -> dict[str, str]:
    """Verilog files by name, logic2 before logic10."""
    return {file.name: file.read_text() for file in sorted(folder.glob("*.v"), key=lambda f: (len(f.name), f.name))}


def _bits(intervals: Sequence[Any]) -> int:
    return sum(field.width for field in _fields(intervals))


def _fields(intervals: Sequence[Any]) -> tuple[Field, ...]:
    kifs = [tuple(map(int, each.kif)) for each in intervals]
    return tuple(Field(bool(k), k + i + f, f) for k, i, f in kifs)
