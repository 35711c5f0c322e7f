"""From the configuration of a Keras model (JSON) to its calls, in order. Weights come later."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hwflow.errors import UserError
from hwflow.frontends.keras_files.arguments import read_arguments, read_tensors
from hwflow.frontends.keras_files.model import Call, KerasModel, Layer, Tensor
from hwflow.limits import LIMITS
from hwflow.text import printable

MODELS = frozenset({"Functional", "Model", "Sequential"})
_PACKAGES = frozenset({"keras", "qkeras", "tf_keras", "tensorflow", "hwflow"})
_MAX_NAME = 200
_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)


def read_structure(subject: str, document: Any) -> KerasModel:
    """The model that ``document`` describes, without weights.

    Args:
        subject: the file or model, for messages.
        document: ``{"class_name": "Functional" | "Sequential", "config": {...}}`` as Keras 2 or 3 writes it.

    Raises:
        UserError: for anything but a flat functional or sequential model in float32.
    """
    try:
        kind, config = _kind(document), document["config"]
        if kind == "Sequential" and isinstance(config, list):
            config = {"layers": config}  # Keras before 2.2.3
        if kind not in MODELS:
            raise UserError(subject, f"a model of class {kind!r}", "a functional or sequential one", "Rebuild it so.")
        if len(config["layers"]) > LIMITS.nodes:
            raise UserError(subject, f"{len(config['layers'])} layers", f"at most {LIMITS.nodes}", "Use a smaller one.")
        return _sequential(config) if kind == "Sequential" else _functional(config)
    except _MALFORMED as error:
        found = f"a configuration that Keras did not write ({type(error).__name__}: {printable(str(error))[:200]})"
        raise UserError(subject, found, "the configuration of a Keras model", "Save the model again.") from error


def _functional(config: dict[str, Any]) -> KerasModel:
    calls: dict[tuple[str, int], Call] = {}
    for entry in config["layers"]:
        layer = _layer(entry, entry["name"])
        nodes = entry["inbound_nodes"]
        for number, node in enumerate(nodes):
            calls[layer.name, number] = Call(layer, number, *read_arguments(node))
        if not nodes:
            calls[layer.name, 0] = Call(layer, 0)
    inputs, outputs = read_tensors(config["input_layers"]), read_tensors(config["output_layers"])
    return KerasModel(tuple(_ordered(calls, outputs)), inputs, outputs)


def _sequential(config: dict[str, Any]) -> KerasModel:
    """A chain. A model that was built from data has no InputLayer, only its shape."""
    layers = [_layer(entry, entry["config"]["name"]) for entry in config["layers"]]
    if layers[0].kind != "InputLayer":
        shape = layers[0].config.get("batch_input_shape") or config["build_input_shape"]
        layers.insert(0, Layer("input", "InputLayer", {"batch_shape": shape}))
    calls = [Call(layers[0], 0)]
    calls += [Call(layer, 0, (Tensor(before.name),)) for before, layer in pairwise(layers)]
    return KerasModel(tuple(calls), (Tensor(layers[0].name),), (Tensor(layers[-1].name),))


def _layer(entry: dict[str, Any], name: Any) -> Layer:
    kind, config = _kind(entry), entry["config"]
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise ValueError("a layer without a usable name")
    subject = f"layer {name!r}"
    if kind == "Lambda":
        raise UserError(subject, "a Lambda, which is Python code in the file", "a layer", "Use a layer or keras.ops.")
    if kind in MODELS:
        raise UserError(subject, "a model inside the model", "layers alone", "Build the model flat.")
    if kind == "InputLayer":
        return Layer(name, kind, config)
    if (policy := _policy(config.get("dtype"))) != "float32":
        raise UserError(subject, f"the precision policy {policy!r}", "float32", "Train and save it in float32.")
    return Layer(name, kind, config)


def _kind(entry: dict[str, Any]) -> str:
    """The class name. That of a foreign package or module keeps its origin in front, and so matches nothing."""
    name, module = entry.get("registered_name") or entry["class_name"], entry.get("module") or "keras"
    if not all(isinstance(text, str) and len(text) <= _MAX_NAME and text.isprintable() for text in (name, module)):
        raise TypeError("a class name that is no plain text")
    own = module.partition(".")[0] in _PACKAGES
    return name.removeprefix("qkeras>").removeprefix("hwflow>") if own else f"{module}.{name}"


def _policy(dtype: Any) -> str:
    """The name of a dtype policy; none is float32."""
    if isinstance(dtype, dict):
        dtype = dtype["config"]["name"]
    return "float32" if dtype is None else str(dtype)[:50]


def _ordered(calls: dict[tuple[str, int], Call], outputs: tuple[Tensor, ...]) -> Iterator[Call]:
    """The calls that the outputs need, each after what it reads."""
    done: set[tuple[str, int]] = set()
    open_: set[tuple[str, int]] = set()
    stack = [(t.layer, t.call) for t in reversed(outputs)]
    while stack:
        key = stack[-1]
        needed = [(t.layer, t.call) for t in calls[key].tensors if (t.layer, t.call) not in done]
        if key in done or not needed:
            stack.pop()
            if key not in done:
                done.add(key)
                yield calls[key]
            continue
        if key in open_:
            raise ValueError(f"layer {key[0]!r} reads its own output")
        open_.add(key)
        stack += reversed(needed)
