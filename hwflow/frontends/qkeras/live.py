"""A live Keras model as a `KerasModel`: its configuration as Keras would save it, and its weights."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hwflow.errors import UserError
from hwflow.frontends.keras_files.model import KerasModel
from hwflow.frontends.keras_files.structure import read_structure
from hwflow.frontends.keras_files.weights import with_weights

# Options of quantisers that QKeras does not save, but computes with.
_UNSAVED = ("scale_axis", "elements_per_scale", "min_po2_exponent", "max_po2_exponent", "is_quantized_clip")


def read_model(model: Any) -> KerasModel:
    """The functional or sequential ``keras.Model`` as data.

    Raises:
        UserError: for a subclassed model, or one that is not built.
    """
    subject = f"Keras model {getattr(model, 'name', '?')!r}"
    try:
        document = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError, AttributeError) as error:
        found = f"a model without a configuration ({str(error)[:200]})"
        raise UserError(subject, found, "a functional or sequential model", "Build it with keras.Model.") from error
    layers = {layer.name: layer for layer in model.layers}
    for entry in document["config"].get("layers", ()):
        _complete(entry["config"], layers.get(entry["config"].get("name")))
    weights = {name: {w.name: np.asarray(w) for w in layer.weights} for name, layer in layers.items()}
    return with_weights(read_structure(subject, document), weights)


def _complete(config: dict[str, Any], layer: Any) -> None:
    """Add what the layer's quantisers do not save, so that it is checked like the rest."""
    for option, saved in config.items():
        if isinstance(saved, dict) and isinstance(saved.get("config"), dict):
            quantiser = getattr(layer, f"{option}_internal", None) or getattr(layer, option, None)
            unsaved = {name: getattr(quantiser, name) for name in _UNSAVED if hasattr(quantiser, name)}
            saved["config"].update(unsaved)
