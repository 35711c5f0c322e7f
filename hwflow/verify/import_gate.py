"""The gate called import: golden.onnx against the user's own file, which an executor runs that shares no code with it.

Compared is every tensor that both have by the same name, and every output, by value, on real data and on inputs at
which rounding and limits show. What the importer gets wrong agrees with itself everywhere else; only here it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from hwflow.onnx_import.integer import FLOAT32_EXACT
from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.session import session_of
from hwflow.oracle import Oracle, Undefined, edge_inputs
from hwflow.verify.golden import typed
from hwflow.verify.parity import TensorParity

DEFAULT_VECTORS = 128
LEAST_VECTORS = 8  # however much an inference is
WORK = 200_000_000  # operations of all inferences together: some seconds

Named = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Fault:
    """The first tensor, in the order of the file, that differs: where, its value by the file and by golden.onnx."""

    tensor: str
    index: tuple[int, ...]
    expected: float
    found: float
    inputs: Named


@dataclass(frozen=True)
class ImportReport:
    """``tensors`` in the file's topological order. Vectors compared: of the ``data``, and at ``edges``.

    ``undefined``: further ones for which ONNX does not say what the file computes, as a token without a row.
    """

    tensors: tuple[TensorParity, ...]
    data: int
    edges: int
    undefined: int
    fault: Fault | None

    @property
    def wrong(self) -> int:
        """Values that differ."""
        return sum(tensor.wrong for tensor in self.tensors)


def compare_import(
    model: Path,
    imported: ImportedModel,
    data: Sequence[np.ndarray],
    count: int = DEFAULT_VECTORS,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Compare ``count`` inferences, fewer where one is much work: half of them data, half edges.

    Args:
        data: real inputs (rows, *input shape), an array for each input in the order of the file.

    Raises UserError for a file that the oracle cannot run.
    """
    comparison = _Comparison(model, imported)
    count = comparison.affordable(count)
    real = min(len(data[0]), count // 2)
    rows = [{name: array[n] for name, array in zip(comparison.oracle.inputs, data, strict=True)} for n in range(real)]
    edges = edge_inputs(comparison.oracle, count - real)
    rows += [{name: array[n] for name, array in edges.items()} for n in range(count - real)]
    met = list[bool]()
    for row in rows:
        met.append(comparison.run(row))
        if progress and not len(met) % 32:
            progress(len(met))
    return comparison.report(sum(met[:real]), sum(met[real:]), met.count(False))


def wide_values(imported: ImportedModel) -> set[str]:
    """What golden.onnx computes in double: what the importer declares, and quantised values beyond 24 bits."""
    types = {name: imported.graph.tensors[id].type for name, id in imported.names.items()}
    return {*imported.wide, *(name for name, type in types.items() if max(-type.lo, type.hi) >= FLOAT32_EXACT)}


class _Comparison:
    """Counts by tensor, and the first fault of each."""

    def __init__(self, model: Path, imported: ImportedModel) -> None:
        self.oracle = Oracle(model, wide_values(imported), list(imported.names))
        self._golden, outputs, values = _golden_session(imported)
        shared = [(name, name) for name in self.oracle.tensors if name in imported.names and name in values]
        by_place = [pair for pair in zip(self.oracle.outputs, outputs, strict=True) if pair not in shared]
        order = {name: n for n, name in enumerate(self.oracle.tensors)}
        self._pairs = sorted({*shared, *by_place}, key=lambda pair: order.get(pair[0], -1))
        self._compared = dict.fromkeys((name for name, _ in self._pairs), 0)
        self._wrong, self._faults = dict(self._compared), dict[str, Fault]()

    def affordable(self, count: int) -> int:
        """How many inferences the bound of work allows."""
        if not count:
            return 0
        self.oracle.run({name: array[0] for name, array in edge_inputs(self.oracle, 1).items()})
        return min(count, max(LEAST_VECTORS, WORK // self.oracle.work))

    def run(self, row: Named) -> bool:
        """One inference. False if it has no meaning."""
        try:
            expected = self.oracle.run(row)
        except Undefined:
            return False
        ports = zip(self._golden.get_inputs(), row.values(), strict=True)
        feeds = {port.name: typed(np.asarray(x), port.type).reshape(port.shape) for port, x in ports}
        names = [golden for _, golden in self._pairs]
        for (name, _), found in zip(self._pairs, self._golden.run(names, feeds), strict=True):
            self._count(name, expected[name], found, row)
        return True

    def report(self, data: int, edges: int, undefined: int) -> ImportReport:
        tensors = tuple(TensorParity(name, n, self._wrong[name]) for name, n in self._compared.items() if n)
        fault = next((self._faults[name] for name in self._compared if name in self._faults), None)
        return ImportReport(tensors, data, edges, undefined, fault)

    def _count(self, name: str, expected: np.ndarray, found: np.ndarray, row: Named) -> None:
        self._compared[name] += expected.size
        if expected.shape != found.shape:
            self._wrong[name] += expected.size
            self._faults.setdefault(name, Fault(name, (), np.nan, np.nan, row))
            return
        differs = expected.astype(np.float64) != found.astype(np.float64)
        if differs.any():
            self._wrong[name] += int(differs.sum())
            index = tuple(int(n) for n in np.argwhere(differs)[0])
            self._faults.setdefault(name, Fault(name, index, float(expected[index]), float(found[index]), row))


def _golden_session(imported: ImportedModel) -> tuple[ort.InferenceSession, list[str], set[str]]:
    """golden.onnx with every value that has a name as an output; the names of its outputs and of its values."""
    model = onnx.load_from_string(imported.golden)
    outputs = [value.name for value in model.graph.output]
    values = set(_values(model))
    model.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in imported.names if name in values and name not in outputs
    )
    return session_of(model.SerializeToString()), outputs, values


def _values(model: onnx.ModelProto) -> Iterator[str]:
    for node in model.graph.node:
        yield from filter(None, node.output)
