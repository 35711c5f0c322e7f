"""The weights of each layer: by name in ``.h5`` files, by position in ``.keras`` archives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hwflow.errors import UserError
from hwflow.frontends.keras_files.h5 import H5
from hwflow.frontends.keras_files.model import KerasModel, Layer, Weights

_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_KERNELS = {
    **dict.fromkeys(("Dense", "QDense", "Conv1D", "QConv1D", "Conv2D", "QConv2D"), "kernel"),
    **dict.fromkeys(("QConv2DBatchnorm", "QDenseBatchnorm"), "kernel"),
    **dict.fromkeys(("DepthwiseConv2D", "QDepthwiseConv2D", "QDepthwiseConv2DBatchnorm"), "depthwise_kernel"),
    "ScaleBias": "weight",
}


def with_weights(model: KerasModel, weights: Mapping[str, Weights]) -> KerasModel:
    """The model with the weights of each layer, by layer name."""
    layers = {c.layer.name: replace(c.layer, weights=weights.get(c.layer.name, {})) for c in model.calls}
    return replace(model, calls=tuple(replace(c, layer=layers[c.layer.name]) for c in model.calls))


def read_h5_weights(file: H5, layers: Iterable[Layer], root: str = "model_weights/") -> dict[str, Weights]:
    """From ``<root><layer>``, whose attribute ``weight_names`` lists ``<path>/<name>[:0]``.

    ``root`` is empty in a file of weights alone.
    """
    return {layer.name: _named(file, f"{root}{layer.name}") for layer in layers if weight_names(layer)}


def _named(file: H5, group: str) -> Weights:
    paths = file.names(group, "weight_names")
    return {path.rpartition("/")[2].removesuffix(":0"): file.array(f"{group}/{path}") for path in paths}


def read_archive_weights(file: H5, order: Iterable[tuple[str, str]], layers: Iterable[Layer]) -> dict[str, Weights]:
    """From ``layers/<class>[_<n>]/vars/<i>``; ``order`` is every (layer name, class) as the model lists them."""
    seen: Counter[str] = Counter()
    groups = {}
    for name, kind in order:
        group = _snake_case(kind)
        groups[name] = f"layers/{group}_{seen[group]}" if seen[group] else f"layers/{group}"
        seen[group] += 1
    return {layer.name: _numbered(file, groups[layer.name], layer) for layer in layers if weight_names(layer)}


def _numbered(file: H5, group: str, layer: Layer) -> Weights:
    names = weight_names(layer)
    own = [name for name in names if layer.kind not in _FOLDED or name not in _NORM]
    norm = [name for name in names if name not in own]
    arrays = {name: file.array(f"{group}/vars/{i}") for i, name in enumerate(own)}
    return arrays | {name: file.array(f"{group}/batchnorm/vars/{i}") for i, name in enumerate(norm)}


_FOLDED = frozenset(("QConv2DBatchnorm", "QDenseBatchnorm", "QDepthwiseConv2DBatchnorm"))


def weight_names(layer: Layer) -> list[str]:
    """The variables of a layer, in the order in which Keras numbers them; none for a class without weights."""
    names = []
    if kernel := _KERNELS.get(layer.kind):
        names = [kernel, "bias"] if layer.config.get("use_bias", True) else [kernel]
    if layer.kind in _FOLDED or layer.kind in ("BatchNormalization", "QBatchNormalization"):
        absent = {n for n, flag in (("gamma", "scale"), ("beta", "center")) if not layer.config.get(flag, True)}
        names += [name for name in _NORM if name not in absent]
    return names


def check_weights(layer: Layer) -> None:
    """Raise UserError unless every weight of the layer is there."""
    missing = [name for name in weight_names(layer) if name not in layer.weights]
    if missing:
        found = f"no {', '.join(missing)}"
        raise UserError(f"layer {layer.name!r}", found, "all of its weights", "Save the whole model, not its parts.")


def _snake_case(name: str) -> str:
    """``QConv2DBatchnorm`` -> ``q_conv2d_batchnorm``, as Keras names the groups of a file."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def layer_order(document: Any) -> list[tuple[str, str]]:
    """(name, class) of every entry of a configuration, in its order."""
    config = document["config"]
    layers = config if isinstance(config, list) else config["layers"]
    return [(entry["config"]["name"], entry["class_name"]) for entry in layers]
