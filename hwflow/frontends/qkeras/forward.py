"""The forward of a live Keras model on arrays, for the values that are stored beside an exported one."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwflow.verify.expected import Forward


def forward_of(model: Any) -> Forward:
    """Arrays in, arrays out, in the order of the model's inputs and outputs; not in training."""
    import keras

    def forward(inputs: list[np.ndarray]) -> list[np.ndarray]:
        result = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        return [np.asarray(keras.ops.convert_to_numpy(tensor)) for tensor in keras.tree.flatten(result)]

    return forward
