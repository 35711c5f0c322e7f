"""Data outside the model file (threat 3): only plain files beside it, of the right size."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwflow.errors import UserError
from hwflow.onnx_import.model import import_model
from tests.security.refused import refused
from tests.support.exact import assert_exact
from tests.support.qonnx import ModelBuilder, weights

SIZE = 4 * 3 * 4


def model_with(location: str, **keys: str) -> onnx.ModelProto:
    """A product whose weights lie in another file."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    m.quant(m.node("MatMul", x, m.quant(m.const(weights(4, 3), name="w"), 8, 4)), 8, 4, name="y")
    model = m.proto("y")
    (tensor,) = [t for t in model.graph.initializer if t.name == "w"]
    (values,) = [onnx.numpy_helper.to_array(tensor)]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, **keys}.items():
        tensor.external_data.add(key=key, value=value)
    assert values.nbytes == SIZE
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for the model, with data beside it and a secret outside."""
    (tmp_path / "secret.bin").write_bytes(b"s" * SIZE)
    inside = tmp_path / "model"
    inside.mkdir()
    (inside / "data.bin").write_bytes(b"pad!" + weights(4, 3).tobytes())
    return inside


def test_a_plain_file_beside_the_model_is_inlined(folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(model_with("data.bin", offset="4", length=str(SIZE)).SerializeToString())
    model = import_model(path)
    (folder / "data.bin").unlink()
    assert_exact(model)
    golden = onnx.load_from_string(model.golden)
    assert not any(t.external_data for t in golden.graph.initializer)
    (constant,) = [t.values for t in model.graph.tensors.values() if t.is_constant]
    assert constant is not None and np.array_equal(constant, np.rint(weights(4, 3) * 16))


@pytest.mark.parametrize(
    "location",
    [
        "../secret.bin",
        "sub/../../secret.bin",
        "/etc/hostname",
        "",
        ".",
        "..",
        "sub/data.bin",
        "data.bin\0x",
        "..\\secret.bin",
    ],
)
def test_a_location_that_is_no_plain_name(folder: Path, location: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "data.bin").write_bytes(b"0" * SIZE)
    error = refused(folder, model_with(location))
    assert (error.subject, error.found, error.expected) == (
        "initialiser 'w'",
        f"data in {location!r}",
        "a plain file beside the model",
    )


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links(folder: Path, link: object) -> None:
    link(folder.parent / "secret.bin", folder / "link.bin")  # type: ignore[operator]
    error = refused(folder, model_with("link.bin"))
    assert error.found == "data in 'link.bin', which is missing or a link"


def test_what_is_no_file(folder: Path) -> None:
    (folder / "folder.bin").mkdir()
    os.mkfifo(folder / "pipe.bin")
    for name in ("missing.bin", "folder.bin", "pipe.bin"):
        assert "missing or a link" in refused(folder, model_with(name)).found


@pytest.mark.parametrize(
    "keys",
    [{"offset": "8"}, {"offset": "-4"}, {"length": "4"}, {"length": "9" * 40}, {"offset": "9" * 30}, {"offset": "one"}],
)
def test_ranges_that_the_file_does_not_have(folder: Path, keys: dict[str, str]) -> None:
    error = refused(folder, model_with("data.bin", **keys))
    assert (error.found, error.expected) == ("0 bytes of data in 'data.bin'", f"{SIZE} bytes")


def test_external_data_in_an_attribute_obeys_the_same_rules(folder: Path) -> None:
    tensor = next(t for t in model_with("../secret.bin").graph.initializer if t.name == "w")
    m = ModelBuilder()
    x = m.quant(m.input(1, 4), 8, 4)
    m.nodes.append(onnx.helper.make_node("Constant", [], ["w"], value=tensor))
    assert "../secret.bin" in refused(folder, m.proto(m.quant(m.node("MatMul", x, "w")))).found


def test_data_inside_wins_over_a_location(folder: Path) -> None:
    model = model_with("../secret.bin")
    tensor = next(t for t in model.graph.initializer if t.name == "w")
    tensor.raw_data, tensor.data_location = weights(4, 3).tobytes(), onnx.TensorProto.DEFAULT
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    assert_exact(import_model(folder / "model.onnx"))
    tensor.data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(UserError, match="secret"):
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        import_model(folder / "model.onnx")
