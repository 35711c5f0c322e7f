"""Logits and scores of a torch model."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from hwflow.data import Dataset
from hwflow.verify.scores import Scores, evaluate

EVALUATION_NUMBERS = 1 << 18  # of the inputs worked on at a time


@torch.no_grad()
def predict(model: nn.Module, inputs: NDArray[Any]) -> NDArray[Any]:
    """Logits (samples, outputs) of the model in evaluation mode, computed in the model's own float type."""
    dtype = next(model.parameters()).dtype
    parts = torch.split(torch.from_numpy(inputs).to(dtype), max(1, EVALUATION_NUMBERS // inputs[0].size))
    return torch.cat([model.eval()(part) for part in parts]).numpy()


def score(model: nn.Module, data: Dataset) -> Scores:
    """The scores of the model on ``data``."""
    return evaluate(predict(model, data.inputs), data.labels, data.classes)
