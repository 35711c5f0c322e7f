"""Golden integers of every tensor, from a stock onnxruntime on golden.onnx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from hwflow.ir.graph import Graph, IntArray
from hwflow.onnx_import.model import ImportedModel
from hwflow.onnx_import.ports import PortData, per_port
from hwflow.onnx_import.session import session_of


@dataclass
class GoldenRunner:
    """Runs golden.onnx; ``tensors`` are the ids that it can give, each under its shape in the integer graph."""

    graph: Graph
    session: ort.InferenceSession
    output_ids: tuple[str, ...]

    @property
    def tensors(self) -> tuple[str, ...]:
        return self.output_ids

    def run(self, inputs: PortData, progress: Callable[[int], None] | None = None) -> dict[str, IntArray]:
        """Integers (count, *shape) of every tensor for real inputs (count, *input shape), an array for each port."""
        if not self.output_ids:
            return {}  # onnxruntime refuses to run for nothing
        ports = self.session.get_inputs()
        given = per_port(inputs, [port.name for port in ports])
        arrays = [typed(array, port.type) for array, port in zip(given, ports, strict=True)]
        rows: list[list[np.ndarray]] = []
        for index, samples in enumerate(zip(*arrays, strict=True)):
            feeds = {port.name: x.reshape(port.shape) for port, x in zip(ports, samples, strict=True)}
            rows.append(self.session.run(None, feeds))
            if progress and index % 256 == 255:
                progress(index + 1)
        return {
            id: grid_integers(np.stack([row[i] for row in rows]), self.graph, id)
            for i, id in enumerate(self.output_ids)
        }


def typed(array: np.ndarray, type: str) -> np.ndarray:
    """Data in the type of a port of onnxruntime: float32, or whole numbers where it takes tokens."""
    if type == "tensor(float)":
        return array.astype(np.float32)
    tokens: np.ndarray = np.rint(array).astype(type.removeprefix("tensor(").removesuffix(")"))
    return tokens


def golden_runner(model: ImportedModel, tensors: Iterable[str] | None = None) -> GoldenRunner:
    """A session over golden.onnx with the wanted tensors as outputs (default: all that have a name).

    A tensor id may carry several ONNX names (a quantiser that changes nothing): the first one serves.
    """
    wanted = set(model.names.values()) if tensors is None else set(tensors)
    golden = ir.from_proto(onnx.load_from_string(model.golden))
    values = {o.name: o for node in golden.graph for o in node.outputs}
    chosen: dict[str, ir.Value] = {}
    for name, id in model.names.items():
        if id in wanted and name in values and id not in model.graph.inputs:
            chosen.setdefault(id, values[name])
    golden.graph.outputs[:] = list(chosen.values())
    return GoldenRunner(model.graph, session_of(golden), tuple(chosen))


def grid_integers(array: np.ndarray, graph: Graph, id: str) -> IntArray:
    """Real values of a tensor to its integers; a value off its grid would be a bug in the importer, and says so."""
    tensor = graph.tensors[id]
    scaled = array.astype(np.float64) * 2.0**tensor.type.frac
    whole = np.rint(scaled)
    if not np.array_equal(whole, scaled):
        raise AssertionError(f"golden value of {graph.names.get(id, id)!r} is off the grid of {tensor.type}")
    return whole.astype(np.int64).reshape(-1, *tensor.shape)


def mismatches(expected: Mapping[str, IntArray], found: Mapping[str, IntArray]) -> Iterator[tuple[str, int, int]]:
    """(tensor, elements compared, elements that differ) for every tensor that both have."""
    for id, values in expected.items():
        if id in found:
            yield id, values.size, int(np.count_nonzero(values != found[id].reshape(values.shape)))
