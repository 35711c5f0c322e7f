"""Untrained models of the zoo: calibrated on noise, exported to QONNX. What is verified does not depend on training."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def export_untrained(name: str, path: Path, **changes: Any) -> Path:
    """Export the zoo's model ``name``, with fields of its configuration changed, under a fixed seed."""
    import torch

    from hwflow.frontends.brevitas.batch_norm import fold_batch_norms, liven_norms
    from hwflow.frontends.brevitas.calibrate import calibrate
    from hwflow.frontends.brevitas.export import export_model
    from hwflow.models import build_model, config_for

    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = config_for(name).model_copy(update=changes)
    model = build_model(config)
    liven_norms(model)
    fold_batch_norms(model)
    calibrate(model, torch.randn(256, *config.input_shape, dtype=next(model.parameters()).dtype))
    return export_model(model, path, config.input_shape)
