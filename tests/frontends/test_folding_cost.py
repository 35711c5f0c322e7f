"""The formulas of folding, counted on models."""

from __future__ import annotations

import pytest

from hwflow.models import FoldedAsrConfig, build_model
from hwflow.models.build import mac_count
from hwflow.models.folding_cost import folding_cost


def counted_weights(config: FoldedAsrConfig) -> int:
    named = build_model(config, quantized=False).named_parameters()
    return sum(p.numel() for name, p in named if name.endswith("weight") and ".affine." not in name)


@pytest.mark.parametrize("folds", [(1,), (2,), (4, 1), (8, 2, 1)])
@pytest.mark.parametrize(("chunk", "context"), [(16, 16), (4, 7)])
def test_the_formulas_are_what_models_have(folds: tuple[int, ...], chunk: int, context: int) -> None:
    config = FoldedAsrConfig.model_validate({"folds": folds, "chunk": chunk, "context": context})
    cost = folding_cost(config)
    assert cost.weights == counted_weights(config)
    assert cost.macs == mac_count(config)


def test_folding_divides_weights_by_the_square_and_multiplies_the_softmax_by_it() -> None:
    plain, *folded = (folding_cost(FoldedAsrConfig(folds=(n,), tokens=1)) for n in (1, 1, 2, 4, 8))
    ends = plain.weights - 8192
    for n, cost in zip((1, 2, 4, 8), folded, strict=True):
        assert cost.weights - ends == 8192 // n**2
        assert cost.linear_macs - 8 * ends == 8 * 8192 // n
        assert cost.attention_macs == n * plain.attention_macs
        assert cost.softmax == n**2 * plain.softmax
