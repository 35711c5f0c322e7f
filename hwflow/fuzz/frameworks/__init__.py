"""Random models of hwflow's blocks, in Brevitas and in QKeras: their own forward is one more oracle."""

from __future__ import annotations

from typing import Literal

from hwflow.fuzz.case import Case, draw_case
from hwflow.fuzz.frameworks.recipe import draw_recipe

Source = Literal["onnx", "brevitas", "qkeras"]


def draw(source: Source, seed: int) -> Case:
    """The case of a seed. Raises ImportError where the framework is not installed."""
    if source == "brevitas":
        from hwflow.fuzz.frameworks.brevitas import brevitas_case

        return brevitas_case(draw_recipe(seed))
    if source == "qkeras":
        from hwflow.fuzz.frameworks.keras import keras_case

        return keras_case(draw_recipe(seed))
    return draw_case(seed)
