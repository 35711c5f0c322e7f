"""Folding attention and the streaming acoustic model: three ways to run it, the same bits, also in onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from hwflow.errors import UserError
from hwflow.frontends.brevitas.calibrate import calibrate
from hwflow.frontends.brevitas.export import export_streaming, export_whole
from hwflow.frontends.brevitas.folding import FoldedLayer, fold, unfold
from hwflow.frontends.brevitas.past import Whole, band, expand
from hwflow.frontends.brevitas.quantization import Quantization
from hwflow.models import FoldedAsrConfig, build_model, from_json, parameter_count
from hwflow.models.folded_asr import FoldedAsr
from hwflow.onnx_import.ports import STATES

from .lowering import lower, run

FOLDS = {"plain": (1, 1), "folded": (2, 1), "mixed": (1, 4), "eight": (8,)}
CHUNKS = 5


def config_of(name: str) -> FoldedAsrConfig:
    return FoldedAsrConfig(bands=6, dim=16, hidden=24, heads=2, folds=FOLDS[name], chunk=6, context=4)


def calibrated(config: FoldedAsrConfig) -> tuple[FoldedAsr, torch.Tensor]:
    """The model and sequences that exceed the calibrated range."""
    model = build_model(config)
    assert isinstance(model, FoldedAsr)
    calibrate(model, torch.randn(32, CHUNKS * config.chunk, config.bands))
    return model, 2 * torch.randn(8, CHUNKS * config.chunk, config.bands)


@pytest.mark.parametrize("name", ["plain", "folded", "mixed"])
@torch.no_grad()
def test_chunk_by_chunk_equals_the_whole_sequence_bit_for_bit(name: str) -> None:
    config = config_of(name)
    model, x = calibrated(config)
    expected = model(x)
    assert len(expected.unique()) > 50
    assert torch.equal(model.whole(x), expected)
    states = [torch.zeros(len(x), *shape) for shape in config.state_shapes.values()]
    parts = []
    for chunk in x.split(config.chunk, 1):
        logits, states = model.step(chunk, states)
        parts.append(logits)
    assert torch.equal(torch.cat(parts, 1), expected)
    assert all(state.unique().numel() > 10 for state in states)


@pytest.mark.parametrize("name", ["folded", "mixed"])
@torch.no_grad()
def test_the_exported_chunk_and_the_exported_whole_equal_torch(name: str, tmp_path: Path) -> None:
    config = config_of(name)
    model, x = calibrated(config)
    expected = model(x).numpy()
    export_whole(model, tmp_path / "whole.onnx", x.shape[1])
    np.testing.assert_array_equal(run(tmp_path / "whole.onnx", x[:1].numpy()), expected[:1])
    exported = onnx.load(export_streaming(model, tmp_path / "chunk.onnx"))
    (pairs,) = (json.loads(entry.value) for entry in exported.metadata_props if entry.key == STATES)
    session = ort.InferenceSession(lower(exported, 1).SerializeToString(), providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_outputs()]
    assert names == ["output", *pairs]
    assert [port.name for port in session.get_inputs()] == ["input", *pairs.values()]
    states = {port.name: np.zeros(port.shape, np.float32) for port in session.get_inputs()[1:]}
    parts = []
    for chunk in x[:1].split(config.chunk, 1):
        results = dict(zip(names, session.run(None, {"input": chunk.numpy(), **states}), strict=True))
        parts.append(results["output"])
        states = {pairs[name]: results[name] for name in pairs}
    np.testing.assert_array_equal(np.concatenate(parts, 1), expected[:1])


def test_a_query_sees_its_chunk_and_the_context_before_it() -> None:
    seen = band(6, 2, 3)
    assert seen.shape == (6, 9)
    assert seen.sum(1).tolist() == [5] * 6
    assert seen[0].nonzero().ravel().tolist() == seen[1].nonzero().ravel().tolist() == [0, 1, 2, 3, 4]
    assert seen[5].nonzero().ravel().tolist() == [4, 5, 6, 7, 8]


def test_an_expanded_mask_repeats_rows_and_columns() -> None:
    mask = torch.tensor([[True, False], [True, True]])
    assert expand(mask, 2).int().tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]]


@torch.no_grad()
def test_a_folded_layer_is_a_plain_one_on_split_tokens() -> None:
    q = Quantization(enabled=False)
    folded, plain = FoldedLayer(16, 32, 2, 4, 4, 8, q), FoldedLayer(4, 8, 2, 1, 16, 32, q)
    plain.load_state_dict(folded.state_dict())
    x = torch.randn(3, 8, 16)
    split = torch.stack([x[:, t // 4, 4 * (t % 4) : 4 * (t % 4) + 4] for t in range(32)], 1)
    assert torch.equal(fold(x, 4), split)
    assert torch.equal(unfold(split, 4), x)
    expected = plain(split, Whole(32, 16, 16))
    torch.testing.assert_close(fold(folded(x, Whole(8, 4, 4)), 4), expected)


def test_a_folded_layer_has_the_weights_of_one_square_of_the_factor() -> None:
    def weights(fold: int) -> int:
        one, two = (FoldedAsrConfig(dim=64, hidden=128, folds=(fold,) * n) for n in (1, 2))
        layer = FoldedLayer(64, 128, 2, fold, 16, 24, Quantization(enabled=False))
        assert parameter_count(two) - parameter_count(one) == sum(p.numel() for p in layer.parameters())
        return sum(p.numel() for n, p in layer.named_parameters() if n.endswith("weight") and "norm" not in n)

    plain = 4 * 64**2 + 2 * 64 * 128
    assert [weights(n) for n in (1, 2, 4, 8)] == [plain, plain // 4, plain // 16, plain // 64]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": (1, 3)}, "layer 1 of folded_asr: found folding factor 3; expected a factor of 1, 2, 4 or 8"),
        ({"dim": 36, "folds": (1, 8)}, "layer 1 of folded_asr: found folding factor 8 for a width of 36"),
        ({"hidden": 50, "folds": (4,)}, "feed-forward width of 50; expected a factor that divides both"),
        ({"heads": 16, "folds": (4,)}, r"16 heads in a folded width of 32 / 4 = 8; expected heads that divide it"),
        ({"chunk": 15}, "chunks of 15 frames; expected a multiple of the stride 2"),
        ({"chunk": 64}, "chunks of 32 tokens and a cache of 16; expected chunks no longer than the cache"),
    ],
)
def test_what_does_not_fold_or_stream_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        from_json(json.dumps({"family": "folded_asr", **changes}))


def test_a_sequence_of_broken_chunks_is_refused() -> None:
    model = build_model(config_of("plain"), quantized=False)
    with pytest.raises(UserError, match="found 13 frames; expected a multiple of the chunk of 6"):
        model(torch.randn(1, 13, 6))
