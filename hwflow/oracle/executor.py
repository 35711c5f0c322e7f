"""Runs an ONNX file by the onnx package's reference evaluator, node by node, one inference after the other."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.numpy_helper import to_array
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from hwflow.errors import UserError
from hwflow.limits import LIMITS, Limits
from hwflow.oracle import file, functions, linear_quantisation, normalisation, qonnx_ops, sliding, types
from hwflow.oracle.sizes import check_growth, label
from hwflow.oracle.work import work_of

Model = bytes | str | Path | onnx.ModelProto
Values = dict[str, np.ndarray]

_OPS: list[type[OpRun]] = [
    op for kind in (qonnx_ops, functions, linear_quantisation, normalisation, sliding) for op in kind.OPS
]
_RANDOM = frozenset(
    ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial")
)


class Undefined(Exception):
    """ONNX does not say what the file computes for this input, such as a row that a table does not have."""


class Oracle:
    """A model that can be run. The rules of types are those of ``hwflow.oracle.types``.

    ``inputs``: shape and type by name; ``tensors``: what depends on them, in topological order; ``work``: operations
    of one inference, known after the first.
    """

    def __init__(
        self, model: Model, wide: Collection[str] = (), tensors: Collection[str] | None = None, limits: Limits = LIMITS
    ) -> None:
        """Keep the ``tensors`` named beside the outputs; all where none are named.

        Raises UserError for what is no model, or has a node that the reference evaluator does not know.
        """
        proto = file.read(model)
        stored = {tensor.name for tensor in proto.graph.initializer}
        self.inputs = {v.name: file.port(v) for v in proto.graph.input if v.name not in stored}
        self.outputs = tuple(value.name for value in proto.graph.output)
        self.work, self._limits = 0, limits
        ready = file.prepare(proto, {*self.outputs, *(tensors or ())})
        self.nodes: list[Any] = _nodes(ready)
        self.wide = types.with_sources(self.nodes, wide)
        self.constants: Values = {tensor.name: to_array(tensor) for tensor in ready.graph.initializer}
        self._types = {name: array.dtype for name, array in self.constants.items()}
        self._start_clock()
        self._fold()
        self.tensors = tuple(name for node in self.nodes for name in node.output if name)
        self._kept = frozenset((*self.outputs, *(self.tensors if tensors is None else tensors)))
        self._ended = self._last_uses()

    def run(self, feeds: Mapping[str, np.ndarray]) -> Values:
        """One inference: outputs and the tensors kept, in the file's shapes. Raises Undefined, UserError."""
        self._start_clock()
        values, work = dict(self.constants), 0
        for name, (shape, type) in self.inputs.items():
            values[name], self._types[name] = _typed(feeds[name], type).reshape(shape), type
        for node, ended in zip(self.nodes, self._ended, strict=True):
            found = self._run_node(node, values)
            work += work_of(node, found, values)
            values.update(found)
            for name in ended:
                values.pop(name, None)
        self.work = work
        return {name: values[name] for name in self._kept if name in values}

    def _start_clock(self) -> None:
        self._deadline = time.monotonic() + self._limits.run_seconds

    def _fold(self) -> None:
        """Compute once what does not depend on the inputs."""
        rest = []
        for node in self.nodes:
            constant = all(name in self.constants or not name for name in node.input)
            if constant and node.op_type not in _RANDOM:
                self.constants.update(self._run_node(node, self.constants))
            else:
                rest.append(node)
        self.nodes = rest

    def _last_uses(self) -> list[list[str]]:
        """By node, the values that nothing reads behind it."""
        seen, ended = {"", *self._kept, *self.constants}, []
        for node in reversed(self.nodes):
            ended.append(sorted({*node.input, *node.output} - seen))
            seen.update(ended[-1])
        return ended[::-1]

    def _run_node(self, node: Any, values: Values) -> Values:
        if time.monotonic() > self._deadline:
            raise UserError("model", f"over {self._limits.run_seconds:g} s of computing", "less", "Use a smaller one.")
        given = [values[name] if name else None for name in node.input]
        if node.input and types.renames(node, self._types.get(node.input[0])):
            self._types[node.output[0]] = self._types[node.input[0]]
            return {node.output[0]: values[node.input[0]]}
        check_growth(node, given, self._limits)
        try:
            with np.errstate(all="ignore"):
                results = node.run(*types.operands(node, given, self.wide))
        except IndexError as error:
            raise Undefined(f"{label(node)}: {error}") from error
        except Exception as error:  # whatever a stranger's node makes numpy raise
            cause = error.__cause__ or error
            found = f"a node that cannot run ({type(cause).__name__}: {str(cause)[:300]})"
            raise UserError(label(node), found, "a valid node", "Export the model again.") from error
        return self._settled(node, {name: np.asarray(a) for name, a in zip(node.output, results, strict=False) if name})

    def _settled(self, node: Any, results: Values) -> Values:
        given = [self._types[name] for name in node.input if name]
        self._types |= {name: types.result_type(node, given, array) for name, array in results.items()}
        return {name: types.rounded(node, name, a, self._types[name], self.wide) for name, a in results.items()}


def run(
    model: Model, inputs: Mapping[str, np.ndarray], wide: Collection[str] = (), tensors: Collection[str] = ()
) -> Values:
    """Outputs, and the ``tensors`` named, of every inference: name -> (count, *shape of the file).

    Args:
        model: an ONNX file, its content, or what onnx.load gave.
        inputs: by name (count, *input shape); a batch axis of 1 may be left out.
        wide: values that stay in float64, as the importer declares them.

    Raises UserError for a model that cannot be run, and Undefined for an input without a meaning.
    """
    oracle = Oracle(model, wide, tensors)
    count = len(next(iter(inputs.values())))
    rows = [oracle.run({name: array[n] for name, array in inputs.items()}) for n in range(count)]
    return {name: np.stack([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def _nodes(ready: onnx.ModelProto) -> list[Any]:
    try:
        return list(ReferenceEvaluator(ready, new_ops=_OPS).rt_nodes_)
    except Exception as error:  # whatever a stranger's node makes the evaluator raise
        found = f"a node that the reference evaluator does not know ({str(error)[:300]})"
        raise UserError("model", found, "ops of ONNX and QONNX", "Export it with standard ops.") from error


def _typed(data: np.ndarray, type: np.dtype[Any]) -> np.ndarray:
    data = np.asarray(data)
    return np.rint(data).astype(type) if type.kind in "iu" and data.dtype.kind == "f" else data.astype(type)
