"""A factor and an offset per feature: the one layer of the exact blocks that QKeras does not have."""

from __future__ import annotations

from typing import Any

import keras
import qkeras


@keras.saving.register_keras_serializable(package="hwflow")
class ScaleBias(keras.layers.Layer):  # type: ignore[misc]
    """``x * weight + bias`` over the last axis, with a quantiser for each or none."""

    def __init__(self, weight_quantizer: Any = None, bias_quantizer: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.weight_quantizer_internal = qkeras.get_quantizer(weight_quantizer)
        self.bias_quantizer_internal = qkeras.get_quantizer(bias_quantizer)

    def build(self, input_shape: Any) -> None:
        """One weight and one bias for each feature."""
        self.weight = self.add_weight(shape=input_shape[-1:], initializer="ones", name="weight")
        self.bias = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """``inputs`` (..., features)."""
        weight, bias = self.weight, self.bias
        if self.weight_quantizer_internal is not None:
            weight = self.weight_quantizer_internal(weight)
        if self.bias_quantizer_internal is not None:
            bias = self.bias_quantizer_internal(bias)
        return inputs * weight + bias

    def get_config(self) -> dict[str, Any]:
        """The configuration that Keras saves."""
        quantisers = {
            name: keras.saving.serialize_keras_object(getattr(self, f"{name}_internal"))
            for name in ("weight_quantizer", "bias_quantizer")
        }
        return {**super().get_config(), **quantisers}
