"""The model zoo: configurations here, torch models behind `build_model` (which imports torch only when called)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwflow.models.configs import (
    ZOO,
    EncoderConfig,
    JetTaggerConfig,
    ModelConfig,
    config_for,
    from_json,
    to_json,
)
from hwflow.models.folded_config import FoldedAsrConfig
from hwflow.models.precision import PAPER, FixedPoint, Precision
from hwflow.models.shvit_config import ShvitConfig

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "PAPER",
    "ZOO",
    "EncoderConfig",
    "FixedPoint",
    "FoldedAsrConfig",
    "JetTaggerConfig",
    "ModelConfig",
    "Precision",
    "ShvitConfig",
    "build_model",
    "config_for",
    "from_json",
    "mac_count",
    "parameter_count",
    "to_json",
]


def build_model(config: ModelConfig, quantized: bool = True) -> nn.Module:
    """See `hwflow.models.build.build_model`."""
    from hwflow.models import build

    return build.build_model(config, quantized)


def mac_count(config: ModelConfig) -> int:
    """See `hwflow.models.build.mac_count`."""
    from hwflow.models import build

    return build.mac_count(config)


def parameter_count(config: ModelConfig) -> int:
    """See `hwflow.models.build.parameter_count`."""
    from hwflow.models import build

    return build.parameter_count(config)
