"""Checkpoints of an unfinished training, in one safetensors file: no pickle, and no state apart from its tensors."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from hwflow.frontends.brevitas.run import read_tensors, write_tensors

Phase = Literal["float", "quantized"]


@dataclass(frozen=True)
class Position:
    """How far a training has come: ``epoch`` epochs of ``phase`` are done."""

    phase: Phase
    epoch: int


def save(path: Path, position: Position, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the whole state in one step, so that parameters and position always agree."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors.update({f"optimizer.{index}.{name}": tensor for name, tensor in state.items()})
    write_tensors(path, tensors, {"position": json.dumps(asdict(position))})


def position(path: Path) -> Position:
    """Where the training of this checkpoint stands; the very start if there is none."""
    if not path.exists():
        return Position("float", 0)
    return Position(**json.loads(read_tensors(path)[1]["position"]))


def restore_model(path: Path, model: nn.Module) -> None:
    """Load the parameters that `save` wrote. Brevitas may replace parameters here, so make the optimiser afterwards."""
    tensors, _ = read_tensors(path)
    model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})


def restore_optimizer(path: Path, optimizer: torch.optim.Optimizer) -> None:
    """Load the state that `save` wrote into a fresh optimiser over the same parameters."""
    tensors, _ = read_tensors(path)
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
