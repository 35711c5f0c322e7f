"""Logits and scores of a torch model."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from hwflow.data import Dataset
from hwflow.verify.scores import Scores, evaluate

EVALUATION_BATCH = 2048


@torch.no_grad()
def predict(model: nn.Module, inputs: NDArray[Any]) -> NDArray[Any]:
    """Logits (samples, outputs) of the model in evaluation mode, computed in the model's own float type."""
    dtype = next(model.parameters()).dtype
    parts = torch.split(torch.from_numpy(inputs).to(dtype), EVALUATION_BATCH)
    return torch.cat([model.eval()(part) for part in parts]).numpy()


def score(model: nn.Module, data: Dataset) -> Scores:
    """Accuracy and AUC per class of the model on ``data``."""
    return evaluate(predict(model, data.inputs), data.labels, data.classes)
