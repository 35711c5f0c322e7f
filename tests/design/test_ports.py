"""Designs with several inputs and outputs: chunks in sequence, C simulation, data by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

import hwflow
from hwflow.design import Design
from hwflow.design.inputs import read_given
from hwflow.errors import UserError
from hwflow.onnx_import.model import import_model
from hwflow.verify.ports import ModelPorts
from tests.support.ports import chunked

COUNT = 30


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {name: rng.normal(scale=2, size=(COUNT, 3, 4)).astype(np.float32) for name in ("x", "gain")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, data: dict[str, np.ndarray]) -> Path:
    folder = tmp_path_factory.mktemp("ports")
    np.savez(folder / "data.npz", **data)
    hwflow.convert(chunked(folder), output_dir=folder / "d", clock_mhz=200, vectors=folder / "data.npz")
    return folder / "d"


def by_hand(design: Design, data: dict[str, np.ndarray]) -> list[np.ndarray]:
    """onnxruntime, chunk after chunk, from states of zero."""
    session = ort.InferenceSession((design.path / "golden.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    mean = right = np.zeros((1, 3, 4), np.float32)
    rows = []
    for x, gain in zip(data["x"], data["gain"], strict=True):
        y, mean, right = session.run(None, {"x": x[None], "mean": mean, "gain": gain[None], "right": right})
        rows.append((y[0], mean[0], right[0]))
    return [np.stack(column) for column in zip(*rows, strict=True)]


def test_chunks_in_sequence_equal_onnxruntime(folder: Path, data: dict[str, np.ndarray]) -> None:
    design = Design.load(folder)
    outputs, state = design.run_chunks(data)
    expected = by_hand(design, data)
    assert list(outputs) == ["y", "new mean", "left"]
    assert all(np.array_equal(*pair) for pair in zip(outputs.values(), expected, strict=True))
    assert np.array_equal(state["mean"], expected[1][-1]) and np.array_equal(state["right"], expected[2][-1])
    first, middle = design.run_chunks({name: values[:11] for name, values in data.items()})
    second, _ = design.run_chunks({name: values[11:] for name, values in data.items()}, middle)
    assert all(np.array_equal(np.concatenate([first[n], second[n]]), outputs[n]) for n in outputs)
    assert len(np.unique(outputs["left"])) > 50


def test_the_vectors_are_a_sequence_of_chunks(folder: Path, data: dict[str, np.ndarray]) -> None:
    design = Design.load(folder)
    x, mean, gain, right = design.vectors.ports
    expected = by_hand(design, data)
    assert np.array_equal(x, data["x"]) and np.array_equal(gain, data["gain"])
    assert np.array_equal(mean[1:], expected[1][:-1]) and np.array_equal(right[1:], expected[2][:-1])
    assert not mean[0].any() and not right[0].any()
    y = design.predict({"x": x, "mean": mean, "gain": gain, "right": right})
    assert all(np.array_equal(*pair) for pair in zip(y, expected, strict=True))
    outputs, tensors = design.trace([x, mean, gain, right])
    assert np.array_equal(outputs[1], tensors["new mean"])


def test_csim_goes_on_with_the_state_that_the_stored_chunks_left(folder: Path, data: dict[str, np.ndarray]) -> None:
    design = Design.load(folder)
    results = {result.metric: result.value for result in design.csim(COUNT + 5)}
    assert (results["inferences"], results["mismatching bits"], results["testbench failures"]) == (COUNT + 5, 0, 0)
    design.check()
    rows = np.loadtxt(design.path / "hls/tb_data/state_mean.dat")
    golden = np.loadtxt(design.path / "hls/tb_data/state_new_mean.dat")
    assert np.array_equal(rows[1:], golden[:-1]) and golden[COUNT:].any()


def test_predict_after_compile(folder: Path, data: dict[str, np.ndarray]) -> None:
    design = Design.load(folder)
    inputs = dict(zip(("x", "mean", "gain", "right"), design.vectors.ports, strict=True))
    emulated = design.predict(inputs)
    design.compile()
    assert all(np.array_equal(*pair) for pair in zip(emulated, design.predict(inputs), strict=True))
    one = {name: values[:1] for name, values in inputs.items()}
    assert all(np.array_equal(many[:1], single) for many, single in zip(emulated, design.predict(one), strict=True))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"x": (5, 3, 4)},
            r"vectors: found no input 'gain'; expected an array for each of 'x', .* left out: mean, right",
        ),
        ({"x": (5, 3, 4), "gain": (5, 3, 4), "z": (5, 1)}, "the unknown input 'z'"),
        ({"x": (5, 3, 4), "gain": (5, 3, 5)}, r"vectors, input 'gain': found shape \(5, 3, 5\)"),
        ({"x": (5, 3, 4), "gain": (6, 3, 4)}, "found 5 of 'x', 6 of 'gain'"),
    ],
)
def test_data_that_do_not_fit(tmp_path: Path, given: dict[str, tuple[int, ...]], text: str) -> None:
    np.savez(tmp_path / "data.npz", **{name: np.zeros(shape) for name, shape in given.items()})
    with pytest.raises(UserError, match=text):
        hwflow.convert(chunked(tmp_path), output_dir=tmp_path / "d", vectors=tmp_path / "data.npz")
    assert not (tmp_path / "d").exists()


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no zip")
    with pytest.raises(UserError, match="no readable arrays"):
        read_given(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.array(["text"]))
    with pytest.raises(UserError, match="no array of numbers called 'x'"):
        read_given(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ("{", "found {; expected JSON from names of outputs"),
        ('["y"]', "expected JSON"),
        (json.dumps({"y ": "mean"}), "the output 'y '"),
        (json.dumps({"left": "x"}), "the input 'x'; expected different ones of 'mean', 'gain', 'right'"),
        (json.dumps({"left": "mean", "new mean": "mean"}), "the input 'mean'"),
        (json.dumps({"y": "mean"}), r"state 'y' -> 'mean': found \[3, 2\] of"),
    ],
)
def test_states_that_do_not_fit(tmp_path: Path, states: str, text: str) -> None:
    imported = import_model(chunked(tmp_path, states))
    with pytest.raises(UserError, match=text):
        _ = ModelPorts(imported.graph, imported.golden).states


def test_chunks_and_states_of_other_names(folder: Path, data: dict[str, np.ndarray]) -> None:
    design = Design.load(folder)
    with pytest.raises(
        UserError, match=re.escape("state: found the unknown name 'gain'; expected one of 'mean', 'right'")
    ):
        design.run_chunks(data, {"gain": np.zeros((3, 4))})
    with pytest.raises(UserError, match=re.escape("state 'mean': found shape (1, 3, 4); expected (3, 4)")):
        design.run_chunks(data, {"mean": np.zeros((1, 3, 4))})
    with pytest.raises(UserError, match="chunks: found the state 'mean'"):
        design.run_chunks({**data, "mean": data["x"]})
