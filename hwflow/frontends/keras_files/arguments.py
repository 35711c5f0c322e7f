"""The arguments of one call, as Keras 2 and Keras 3 write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.frontends.keras_files.model import Tensor
from hwflow.limits import LIMITS


def read_arguments(name: str, node: Any) -> tuple[Any, ...]:
    """The positional arguments of a call of layer ``name``.

    Keras 3 writes ``{"args": [...], "kwargs": {...}}``, Keras 2 ``[["layer", call, output, {...}], ...]``.

    Raises:
        UserError: for keyword arguments that matter; TypeError, ValueError, KeyError for what is neither form.
    """
    if isinstance(node, dict):
        arguments, options = [_argument(a) for a in node["args"]], node["kwargs"]
    else:
        rows = [node] if node and isinstance(node[0], str) else node
        arguments, options = (
            [_history(row) for row in rows],
            {k: v for row in rows for k, v in row[3:4] and row[3].items()},
        )
    _check_options(name, options)
    return tuple(arguments)


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


def _check_options(name: str, options: dict[str, Any]) -> None:
    """Keyword arguments of a call: ``training`` and the like do not matter when they are off."""
    used = {key for key, value in options.items() if value not in (None, False) and key != "name"}
    if used:
        raise UserError(
            f"layer {name!r}", f"a call with {', '.join(sorted(used))}=...", "positional arguments", "Call it plainly."
        )
