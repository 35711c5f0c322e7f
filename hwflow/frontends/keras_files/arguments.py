"""The arguments of one call, as Keras 2 and Keras 3 write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.frontends.keras_files.model import Call, Tensor
from hwflow.limits import LIMITS


def read_arguments(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional arguments of a call, and the keyword arguments that matter.

    Keras 3 writes ``{"args": [...], "kwargs": {...}}``, Keras 2 ``[["layer", call, output, {...}], ...]``; there a
    keyword argument that is a tensor is its place. Raises TypeError, ValueError, KeyError for what is neither form.
    """
    if isinstance(node, dict):
        options = {key: _argument(value) for key, value in node["kwargs"].items()}
        return tuple(_argument(a) for a in node["args"]), _that_matter(options)
    rows = [node] if node and isinstance(node[0], str) else node
    given = {key: value for row in rows for key, value in row[3:4] and row[3].items()}
    options = {key: _history(value) if _is_place(value) else value for key, value in given.items()}
    return tuple(_history(row) for row in rows), _that_matter(options)


def check_options(call: Call) -> None:
    """Raise UserError for keyword arguments that matter: no handler takes them."""
    if call.options:
        found = f"a call with {', '.join(sorted(call.options))}=..."
        raise UserError(f"layer {call.layer.name!r}", found, "positional arguments", "Call it plainly.")


def read_tensors(value: Any) -> tuple[Tensor, ...]:
    """The tensors of ``input_layers`` or ``output_layers``: one, a list or a dictionary of them."""
    if isinstance(value, dict):
        value = list(value.values())
    return (_history(value),) if value and isinstance(value[0], str) else tuple(_history(row) for row in value)


def _history(row: Any) -> Tensor:
    layer, call, output = row[:3]
    if not isinstance(layer, str) or type(call) is not int or type(output) is not int:
        raise TypeError("not the place of a tensor")
    return Tensor(layer, call, output)


def _argument(value: Any) -> Any:
    """One argument of Keras 3; dictionaries stand for tensors, arrays and slices."""
    if isinstance(value, list):
        return [_argument(v) for v in value]
    if not isinstance(value, dict):
        return value
    config = value["config"]
    match value["class_name"]:
        case "__keras_tensor__":
            return _history(config["keras_history"])
        case "__numpy__" | "__tensor__":
            return _array(config)
        case "__slice__":
            return slice(config["start"], config["stop"], config["step"])
    raise ValueError(f"an argument of class {value['class_name']!r}")


def _array(config: Any) -> np.ndarray:
    array = np.asarray(config["value"], np.float32)
    if array.size:
        LIMITS.check_shape("constant of a Keras model", array.shape)
    return array


def _that_matter(options: dict[str, Any]) -> dict[str, Any]:
    """``training`` and the like do not matter when they are off."""
    return {key: value for key, value in options.items() if not _is_off(value) and key != "name"}


def _is_off(value: Any) -> bool:
    return value is None or value is False


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (3, 4) and [type(v) for v in value[:3]] == [str, int, int]
