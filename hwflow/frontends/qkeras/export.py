"""Export of a QKeras model, live or saved, to QONNX: static batch of 1, the same form as the Brevitas front end writes.

The channels of convolutions lie on axis 1, as ONNX has it; inputs and outputs keep Keras' order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.frontends.keras_files.arguments import check_options
from hwflow.frontends.keras_files.model import Call, KerasModel, Tensor
from hwflow.frontends.keras_files.read import read_keras
from hwflow.frontends.keras_files.weights import check_weights
from hwflow.frontends.qkeras.forward import forward_of
from hwflow.frontends.qkeras.handlers import HANDLERS
from hwflow.frontends.qkeras.writer import Value, Writer
from hwflow.limits import LIMITS
from hwflow.onnx_import.ports import STATES
from hwflow.text import printable
from hwflow.verify.expected import expected_path, store_expected

NEXT = "_next"
_Place = tuple[str, int]


def export_qonnx(model: Any, path: str | Path) -> Path:
    """Write ``model`` as QONNX; inputs and outputs are named after their layers.

    Args:
        model: a ``keras.Model`` (functional or sequential), a `KerasModel`, or the path of a saved model; only the
            first needs TensorFlow, and has a forward, whose values are stored beside the file.
        path: the file to write; it appears in one step.

    Raises:
        UserError: for a layer, an option or a file that cannot be exported exactly; it says which and why.
    """
    if isinstance(model, str | Path):
        read = read_keras(Path(model))
    elif isinstance(model, KerasModel):
        read = model
    else:
        from hwflow.frontends.qkeras.live import read_model

        read = read_model(model)
    data, path = to_onnx(read).SerializeToString(), Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    if isinstance(model, str | Path | KerasModel):
        expected_path(path).unlink(missing_ok=True)  # of a model that was here before
    else:
        store_expected(path, "keras", forward_of(model))
    return path


def to_onnx(model: KerasModel) -> onnx.ModelProto:
    """The model as QONNX. Raises UserError as `export_qonnx` does."""
    _check_kinds(model)
    writer, values = Writer(), dict[_Place, list[Value]]()
    for call in model.calls:
        writer.scope = call.layer.name if call.number == 0 else f"{call.layer.name}:{call.number}"
        values[call.layer.name, call.number] = _outputs(writer, call, values)
    writer.scope = "output"
    outputs = [writer.keras_order(_value(values, t)) for t in model.outputs]
    return _finished(writer, model, values, outputs)


def _check_kinds(model: KerasModel) -> None:
    """All unsupported layers at once."""
    kinds = [(call.layer.name, call.layer.kind) for call in model.calls]
    unknown = [f"{kind} {name!r}" for name, kind in kinds if kind not in HANDLERS and kind != "InputLayer"]
    if unknown:
        found = f"unsupported layers: {', '.join(dict.fromkeys(unknown))}"
        raise UserError("Keras model", found[:2000], "layers of docs/qkeras.md", "Replace them and train again.")


def _outputs(writer: Writer, call: Call, values: dict[_Place, list[Value]]) -> list[Value]:
    layer = call.layer
    if layer.kind == "InputLayer":
        return [_input(layer.name, layer.config)]
    check_weights(layer)
    check_options(call)
    try:
        result = HANDLERS[layer.kind](writer, layer, _resolved(call.arguments, values))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        found = f"options or weights that do not fit it ({type(error).__name__}: {printable(str(error))[:200]})"
        raise UserError(
            f"layer {layer.name!r} ({layer.kind})", found, "a layer that Keras built", "Save it again."
        ) from error
    results = result if isinstance(result, list) else [result]
    for value in results:
        LIMITS.check_shape(f"layer {layer.name!r}", value.shape)
    return results


def _input(name: str, config: Any) -> Value:
    """A graph input with a batch of 1."""
    shape = config.get("batch_shape") or config.get("batch_input_shape") or [None]
    if len(shape) < 2 or not all(type(n) is int for n in shape[1:]):
        raise UserError(f"input {name!r}", f"the shape {shape}", "a static one", "Give the Input its full shape.")
    LIMITS.check_shape(f"input {name!r}", shape[1:])
    return Value(name, (1, *shape[1:]))


def _resolved(argument: Any, values: dict[_Place, list[Value]]) -> Any:
    """The arguments with values in place of tensors."""
    if isinstance(argument, Tensor):
        return _value(values, argument)
    if isinstance(argument, list | tuple):
        return [_resolved(a, values) for a in argument]
    return argument


def _value(values: dict[_Place, list[Value]], tensor: Tensor) -> Value:
    return values[tensor.layer, tensor.call][tensor.output]


def _finished(
    writer: Writer, model: KerasModel, values: dict[_Place, list[Value]], outputs: Sequence[Value]
) -> onnx.ModelProto:
    """The graph, in which every result bears the name of its layer."""
    inputs = [_value(values, t) for t in model.inputs]
    names: dict[str, str] = {}
    taken = {v.name for v in inputs}
    wanted = [(value, tensor.layer) for value, tensor in zip(outputs, model.outputs, strict=True)]
    wanted += [(first, f"{layer}:{number}" if number else layer) for (layer, number), (first, *_) in values.items()]
    for value, name in wanted:
        if value.name not in taken and name not in taken and value.name not in names:
            names[value.name] = name
            taken.add(name)
    writer.renamed(names)
    named = [Value(names.get(v.name, v.name), v.shape) for v in outputs]
    if len({v.name for v in (*inputs, *named)}) != len(named) + len(inputs):
        raise UserError(
            "Keras model", "an output that is an input, or twice an output", "outputs of layers", "Change it."
        )
    proto = writer.model(inputs, named)
    if states := _states([v.name for v in inputs], [v.name for v in named]):
        proto.metadata_props.add(key=STATES, value=json.dumps(states))
    return proto


def _states(inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, str]:
    """Outputs that are inputs of the next inference: ``x_next`` belongs to ``x``."""
    return {name: name.removesuffix(NEXT) for name in outputs if name.removesuffix(NEXT) in inputs}
