"""From a configuration to a torch model."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from hwflow.frontends.brevitas.batch_norm import fold_batch_norms
from hwflow.frontends.brevitas.quantization import Quantization
from hwflow.models.configs import JetTaggerConfig, ModelConfig
from hwflow.models.encoder import Encoder
from hwflow.models.folded_asr import FoldedAsr
from hwflow.models.folded_config import FoldedAsrConfig
from hwflow.models.jet_tagger import JetTagger
from hwflow.models.shvit import Shvit
from hwflow.models.shvit_config import ShvitConfig


def build_model(config: ModelConfig, quantized: bool = True) -> nn.Module:
    """The model of ``config``; with ``quantized=False`` its float twin: same architecture, same parameter names.

    A quantized model must be calibrated (`hwflow.frontends.brevitas.calibrate`) before its outputs mean anything. One
    with a ``uniform`` precision computes in double, which holds every intermediate of 53 bits exactly.
    """
    q = Quantization(config.precision, enabled=quantized)
    model = _model(config, q)
    return model.double() if quantized and config.precision.uniform else model


def _model(config: ModelConfig, q: Quantization) -> nn.Module:
    match config:
        case JetTaggerConfig():
            return JetTagger(config, q)
        case FoldedAsrConfig():
            return FoldedAsr(config, q)
        case ShvitConfig():
            return Shvit(config, q)
        case _:
            return Encoder(config, q)


def parameter_count(config: ModelConfig) -> int:
    """Weights and biases, BatchNorms folded, without the scales of the quantizers."""
    model = build_model(config, quantized=False)
    fold_batch_norms(model)
    return sum(p.numel() for p in model.parameters())


def mac_count(config: ModelConfig) -> int:
    """Multiply-accumulate operations of one inference: convolutions, linear layers and products of attention."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        build_model(config, quantized=False).eval()(torch.empty(1, *config.input_shape))
    return int(counter.get_total_flops()) // 2
