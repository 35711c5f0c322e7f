"""Outputs that are turned: their ports stream pixels and tokens, everything else has the order of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

import hwflow
from hwflow.errors import UserError
from tests.support.qonnx import ModelBuilder, weights, write


def linear(m: ModelBuilder, x: str, *shape: int) -> str:
    return m.quant(m.node("MatMul", x, m.weights(weights(*shape))), 8, 3)


def image(m: ModelBuilder) -> str:
    """(1, 2, 3, 4) behind a convolution."""
    x = m.quant(m.input(1, 3, 4, 5), 6, 3)
    return m.quant(m.node("Conv", x, m.weights(weights(2, 3, 2, 2))), 8, 3)


def as_image(m: ModelBuilder) -> list[str]:
    y = image(m)
    return [y, m.node("Flatten", y)]


def as_features(m: ModelBuilder) -> list[str]:
    return [m.node("Transpose", linear(m, m.quant(m.input(1, 4, 5), 6, 3), 5, 6), perm=[0, 2, 1])]


def golden(folder: Path, x: np.ndarray) -> list[np.ndarray]:
    session = ort.InferenceSession((folder / "golden.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    rows = [session.run(None, {session.get_inputs()[0].name: row[None]}) for row in x]
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("outputs", [as_image, as_features])
def test_every_bit_of_an_output_that_is_turned(tmp_path: Path, outputs: Callable[[ModelBuilder], list[str]]) -> None:
    m = ModelBuilder()
    design = hwflow.convert(m.save(tmp_path, *outputs(m)), output_dir=tmp_path / "d", clock_mhz=200)
    design.csim(1010)  # ten of them are fresh
    assert design.cosim(20, ("nominal",)).failures == ()
    design.check()
    x = np.random.default_rng(1).normal(size=(8, *design.ports.shape(0))).astype(np.float32)
    expected = golden(design.path, x)
    found = design.predict(x)
    found = found if isinstance(found, list) else [found]
    assert [y.shape for y in found] == [y.shape for y in expected]
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


def test_the_compiled_design_gives_the_order_of_the_file(tmp_path: Path) -> None:
    m = ModelBuilder()
    design = hwflow.convert(m.save(tmp_path, image(m)), output_dir=tmp_path / "d", clock_mhz=200)
    design.compile()
    x = np.random.default_rng(1).normal(size=(8, 3, 4, 5)).astype(np.float32)
    assert np.array_equal(design.predict(x), golden(design.path, x)[0])


def test_an_unrolled_design_streams_the_same_order(tmp_path: Path) -> None:
    m = ModelBuilder()
    path = m.save(tmp_path, image(m))
    design = hwflow.convert(path, output_dir=tmp_path / "d", style="unrolled", clock_mhz=200)
    assert design.cosim(20, ("nominal",)).failures == ()
    design.check()


def test_a_turned_tensor_that_a_layer_reads_too_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    turned = m.node("Transpose", linear(m, m.quant(m.input(1, 4, 5), 6, 3), 5, 6), perm=[0, 2, 1])
    total = m.node("Softmax", turned, axis=-1)
    with pytest.raises(UserError):
        hwflow.convert(m.save(tmp_path, turned, m.quant(total, 8, 7)), output_dir=tmp_path / "d", clock_mhz=200)


def test_a_state_that_would_leave_in_another_order_than_it_is_read_is_refused(tmp_path: Path) -> None:
    m = ModelBuilder()
    x, state = (m.quant(m.input(1, 4, 4, name=name), 8, 3) for name in ("x", "state"))
    new = linear(m, m.quant(m.node("Add", x, state), 8, 3), 4, 4)
    proto = m.proto(linear(m, new, 4, 2), m.node("Transpose", new, perm=[0, 2, 1], name="turned"))
    proto.metadata_props.add(key="hwflow.states", value='{"turned": "state"}')
    with pytest.raises(UserError, match=r"state 'turned' -> 'state': found it leaves as \[4, 4\] in an order other"):
        hwflow.convert(write(tmp_path, proto), output_dir=tmp_path / "d", clock_mhz=200)
