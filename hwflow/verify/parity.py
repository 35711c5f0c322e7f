"""The integer reference against onnxruntime on every tensor, in chunks, so that memory does not grow with inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hwflow.ir import reference
from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.verify.coverage import TableCoverage
from hwflow.verify.golden import golden_runner, mismatches

_CHUNK_BYTES = 1 << 28


@dataclass(frozen=True)
class TensorParity:
    """Elements of a tensor that were compared, and how many differed."""

    tensor: str
    compared: int
    wrong: int


def compare_every_tensor(
    imported: ImportedModel,
    inputs: PortData,
    progress: Callable[[int], None] | None = None,
    coverage: TableCoverage | None = None,
) -> list[TensorParity]:
    """Compare every tensor of the graph that golden.onnx names, for real inputs (count, *input shape) of each port.

    ``coverage`` gets the integers of what its tables read.
    """
    arrays = per_port(inputs, [imported.graph.names.get(id, id) for id in imported.graph.inputs])
    count = len(arrays[0])
    graph, runner = imported.graph, golden_runner(imported)
    keep = tuple(dict.fromkeys((*runner.output_ids, *(coverage.sources if coverage else ()))))
    per_input = 16 * sum(graph.tensors[id].size for id in keep)  # both sides, int64
    chunk = max(1, min(count, _CHUNK_BYTES // max(1, per_input)))
    compared: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for start in range(0, count, chunk):
        part = tuple(array[start : start + chunk] for array in arrays)
        golden = runner.run(part)
        raw = {id: reference.quantise_input(graph, id, x) for id, x in zip(graph.inputs, part, strict=True)}
        found = reference.emulate(graph, raw, keep)
        if coverage:
            coverage.add(found)
        for id, elements, different in mismatches(golden, found):
            compared[id] += elements
            wrong[id] += different
        if progress:
            progress(start + len(part[0]))
    return [TensorParity(graph.names.get(id, id), compared[id], wrong[id]) for id in runner.output_ids]
