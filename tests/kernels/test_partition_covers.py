"""The kernels that graphs of every kind are covered with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwflow.kernels.attention import Attention
from hwflow.kernels.elementwise import Elementwise
from hwflow.kernels.frame_norm import FrameNorm
from hwflow.kernels.linear import Linear
from hwflow.kernels.row import Row
from hwflow.kernels.token_mix import TokenMix
from tests.kernels.covered import covered, kinds
from tests.support.attention import random_attention
from tests.support.blocks import Blocks, random_routes, random_transformer


@pytest.mark.parametrize("heads", [1, 2, 3])
@pytest.mark.parametrize("maximum", [True, False])
@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("tail", [True, False])
def test_attention(heads: int, maximum: bool, mask: bool, tail: bool) -> None:
    blocks = Blocks()
    y = blocks.attention(blocks.x, heads, maximum=maximum, mask=mask, tail=tail)
    kernels = covered(blocks.graph(y if tail else blocks.linear(blocks.requantise(y), 3)))
    (attention,) = [k for k in kernels.kernels if isinstance(k, Attention)]
    assert (attention.heads, attention.tokens, attention.keys) == (heads, 4, 4)
    assert attention.key == attention.value == 6 // heads
    assert kinds(kernels)["linear"] == (3 if tail else 4) and kinds(kernels)["fork"] == 1
    assert set(kinds(kernels)) == {"attention", "linear", "fork"}


def test_attention_with_packed_projections() -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.attention(blocks.x, 2, packed=True)))
    assert kinds(kernels) == {"attention": 1, "linear": 3, "fork": 1}


def test_attention_of_one_key_or_one_query() -> None:
    blocks = Blocks(tokens=1)
    assert kinds(covered(blocks.graph(blocks.attention(blocks.x, 2))))["attention"] == 1


def test_attention_whose_queries_keys_and_values_are_one_tensor() -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.attend(blocks.x, blocks.x, blocks.x, 2)))
    assert kinds(kernels) == {"attention": 1, "fork": 1}


def test_linformer_has_fewer_keys_than_queries() -> None:
    blocks = Blocks(tokens=8)
    k, v = (blocks.token_mix(blocks.linear(blocks.x, 6), 3) for _ in range(2))
    kernels = covered(blocks.graph(blocks.attend(blocks.linear(blocks.x, 6), k, v, 2)))
    assert kinds(kernels) == {"token_mix": 2, "linear": 3, "attention": 1, "fork": 1}
    (attention,) = [k for k in kernels.kernels if isinstance(k, Attention)]
    assert (attention.tokens, attention.keys) == (8, 3)


@pytest.mark.parametrize("rows", [1, 3, 9])
def test_token_mix(rows: int) -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.requantise(blocks.token_mix(blocks.x, rows))))
    (mix,) = kernels.kernels
    assert isinstance(mix, TokenMix) and mix.weights.shape == (rows, 4)
    assert kernels.sink.beats == rows


def test_linear_takes_bias_activation_and_table_with_it() -> None:
    blocks = Blocks()
    y = blocks.table(blocks.linear(blocks.x, 5, relu=True))
    (linear,) = covered(blocks.graph(y)).kernels
    assert isinstance(linear, Linear) and len(linear.tail) == 4
    assert (linear.in_width, linear.out_width, linear.tokens, linear.beats) == (6, 5, 4, 1)
    assert linear.macs == 4 * 6 * 5


def test_linear_of_a_flattened_frame_gathers_its_beats() -> None:
    blocks = Blocks()
    y = blocks.linear(blocks.flatten(blocks.linear(blocks.x, 3)), 2)
    kernels = covered(blocks.graph(y))
    last = kernels.kernels[-1]
    assert isinstance(last, Linear) and (last.beats, last.tokens, last.in_width) == (4, 1, 3)
    assert (kernels.source.beats, kernels.sink.beats) == (4, 1)


@pytest.mark.parametrize("maximum", [True, False])
@pytest.mark.parametrize("tokens", [1, 4])
def test_pool(maximum: bool, tokens: int) -> None:
    blocks = Blocks(tokens)
    kernels = covered(blocks.graph(blocks.linear(blocks.pool(blocks.linear(blocks.x, 5), maximum), 3)))
    assert kinds(kernels) == {"linear": 2, "pool": 1}


@pytest.mark.parametrize("maximum", [True, False])
def test_softmax_alone_at_the_output(maximum: bool) -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.softmax(blocks.linear(blocks.x, 5), maximum)))
    assert kinds(kernels) == {"linear": 1, "row": 1}
    row = kernels.kernels[-1]
    assert isinstance(row, Row) and (row.is_softmax or not maximum)


@pytest.mark.parametrize("centred", [True, False])
def test_layer_norm_and_rms_norm(centred: bool) -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.layer_norm(blocks.linear(blocks.x, 6), centred)))
    assert kinds(kernels) == {"linear": 1, "row": 1}
    row = kernels.kernels[-1]
    assert isinstance(row, Row) and not row.is_softmax


def test_a_norm_of_the_input_beside_a_residual() -> None:
    blocks = Blocks()
    y = blocks.residual(blocks.x, blocks.linear(blocks.layer_norm(blocks.x), 6))
    assert kinds(covered(blocks.graph(y))) == {"row": 1, "linear": 1, "elementwise": 1, "fork": 1}


def test_a_join_of_three_streams_is_one_kernel() -> None:
    blocks = Blocks()
    branches = [blocks.linear(blocks.x, 6) for _ in range(2)]
    kernels = covered(blocks.graph(blocks.residual(blocks.x, *branches)))
    (join,) = [k for k in kernels.kernels if k.kind == "elementwise"]
    assert len(join.inputs) == 3
    (fork,) = [k for k in kernels.kernels if k.kind == "fork"]
    assert len(fork.sinks) == 3


def test_one_stream_read_twice_by_one_join() -> None:
    blocks = Blocks()
    x = blocks.linear(blocks.x, 6)
    assert kinds(covered(blocks.graph(blocks.residual(x, blocks.table(x))))) == {"linear": 1, "elementwise": 1}


def test_a_kernel_writes_to_each_of_its_readers() -> None:
    blocks = Blocks()
    y = blocks.linear(blocks.x, 6)
    z = blocks.residual(y, blocks.linear(blocks.linear(y, 9, relu=True), 6))
    kernels = covered(blocks.graph(z))
    assert kinds(kernels) == {"linear": 3, "elementwise": 1}
    assert len(kernels.kernels[0].sinks) == 2


def test_a_whole_encoder_with_a_head() -> None:
    blocks = Blocks(tokens=5)
    y = blocks.linear(blocks.x, 6)
    for heads in (2, 1):
        y = blocks.layer_norm(blocks.residual(y, blocks.linear(blocks.attention(y, heads), 6)))
        y = blocks.residual(y, blocks.linear(blocks.linear(y, 12, relu=True), 6))
    kernels = covered(blocks.graph(blocks.softmax(blocks.linear(blocks.pool(y), 5))))
    assert kinds(kernels) == {
        "linear": 14, "attention": 2, "row": 3, "elementwise": 2, "pool": 1,
    }  # fmt: skip
    assert [len(k.inputs) for k in kernels.kernels if k.kind == "row"] == [2, 2, 1]  # the residual sum is in the norm
    assert kernels.macs == sum(k.macs for k in kernels.kernels) > 0


@pytest.mark.parametrize("heads", [1, 2])
def test_a_flattened_frame_straight_behind_attention(heads: int) -> None:
    blocks = Blocks()
    y = blocks.attend(blocks.x, blocks.x, blocks.x, heads)
    assert kinds(covered(blocks.graph(blocks.linear(blocks.flatten(y), 3)))) == {"fork": 1, "attention": 1, "linear": 1}


def test_squeeze_and_excite_holds_the_factors() -> None:
    blocks = Blocks()
    kernels = covered(blocks.graph(blocks.squeeze_excite(blocks.linear(blocks.x, 6))))
    assert kinds(kernels) == {"linear": 3, "pool": 1, "elementwise": 1}
    (product,) = [k for k in kernels.kernels if isinstance(k, Elementwise)]
    assert product.held == (1,)


def test_every_reader_of_a_split_tensor_gets_the_tensor() -> None:
    blocks = Blocks()
    y = blocks.residual(blocks.x, blocks.linear(blocks.x, 6))
    parts = [blocks.slice(y, -1, 0, 2), blocks.slice(y, -1, 2, 6), y]
    kernels = covered(blocks.graph(blocks.linear(blocks.concat(-1, *parts), 3)))
    assert kinds(kernels) == {"linear": 2, "elementwise": 1, "slice": 2, "concat": 1, "fork": 1}
    assert [len(k.sinks) for k in kernels.kernels if k.kind == "elementwise"] == [3]


@pytest.mark.parametrize("per_element", [True, False])
@pytest.mark.parametrize("centred", [True, False])
def test_a_norm_over_all_of_a_frame(centred: bool, per_element: bool) -> None:
    blocks = Blocks()
    y = blocks.frame_norm(blocks.linear(blocks.x, 6), centred, per_element)
    kernels = covered(blocks.graph(blocks.linear(y, 3)))
    assert kinds(kernels) == {"linear": 2, "frame_norm": 1}
    (norm,) = [k for k in kernels.kernels if isinstance(k, FrameNorm)]
    assert (norm.passes, norm.tokens, norm.width) == (2 if centred else 1, 4, 6)


@pytest.mark.parametrize("seed", range(6))
def test_masks_caches_and_embeddings(seed: int) -> None:
    kernels = covered(random_attention(seed))
    assert kinds(kernels)["lookup"] == kinds(kernels)["attention"] == 1
    assert set(kinds(kernels)) <= {"lookup", "linear", "attention", "concat", "slice", "fork"}


@settings(max_examples=10)
@given(st.integers(0, 1 << 20))
def test_random_routes_are_covered(seed: int) -> None:
    covered(random_routes(seed))


@settings(max_examples=25)
@given(st.integers(0, 1 << 20))
def test_random_transformers_are_covered(seed: int) -> None:
    covered(random_transformer(seed))
