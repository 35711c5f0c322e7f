"""Saved Keras models from strangers: no code, no links, no bombs; needs neither TensorFlow nor QKeras."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hwflow.errors import UserError
from hwflow.frontends.keras_files.read import read_keras
from hwflow.frontends.qkeras.export import export_qonnx
from hwflow.onnx_import.model import import_model
from hwflow.verify.golden import golden_runner
from tests.security.keras_files import KERNEL, document, layer, write_h5, write_keras
from tests.security.refused import snapshot


def refused(path: Path) -> UserError:
    """The error of an export, after which nothing else is there."""
    before = snapshot(path.parent)
    with pytest.raises(UserError) as caught:
        export_qonnx(path, path.parent / "out.onnx")
    assert snapshot(path.parent) == before
    assert all((caught.value.subject, caught.value.found, caught.value.expected, caught.value.remedy))
    assert len(str(caught.value)) < 5000
    return caught.value


@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_a_plain_file_is_read_and_computes_what_keras_computes(write: Callable[..., Path], tmp_path: Path) -> None:
    model = import_model(export_qonnx(write(tmp_path / "model"), tmp_path / "model.onnx"))
    x = np.random.default_rng(0).normal(0, 2, (50, 4)).astype(np.float32)
    quantised = np.clip(np.rint(x * 32), -128, 127) / 32
    y = quantised @ (np.clip(np.rint(KERNEL * 4), -8, 7) / 4) + [0.5, -1, 2]
    expected = np.clip(np.rint(y * 16), 0, 63)
    (output,) = model.graph.outputs
    np.testing.assert_array_equal(golden_runner(model, [output]).run(x)[output], expected)


def test_reading_imports_no_tensorflow(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "model.h5")
    code = (
        "import sys; from pathlib import Path; from hwflow.frontends.qkeras.export import export_qonnx;"
        f"export_qonnx(Path({str(path)!r}), Path({str(tmp_path / 'm.onnx')!r}));"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'qkeras', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def _lambda(model: Any) -> None:
    model["config"]["layers"][3] |= {"class_name": "Lambda"}
    layer(model, 3)["function"] = ["4wEAAAAAAAAA", None, None]


def _set(index: int, **options: Any) -> Callable[[Any], None]:
    return lambda model: layer(model, index).update(options)


def _entry(index: int, **options: Any) -> Callable[[Any], None]:
    return lambda model: model["config"]["layers"][index].update(options)


CONFIGURATIONS: dict[str, tuple[Callable[[Any], None], str]] = {
    "lambda": (_lambda, "a Lambda, which is Python code in the file"),
    "own_class": (
        _entry(3, class_name="Evil", registered_name="evil>Evil", module="os"),
        "unsupported layers: os.evil>Evil",
    ),
    "disguised_class": (_entry(2, class_name="QDense", module="evil.layers"), "unsupported layers: evil.layers.QDense"),
    "nested": (_entry(3, class_name="Functional"), "a model inside the model"),
    "policy": (_set(2, dtype={"class_name": "Policy", "config": {"name": "mixed_float16"}}), "'mixed_float16'"),
    "subclassed": (lambda m: m.update(class_name="Own"), "a model of class 'Own'"),
    "code_as_quantiser": (_set(3, activation="__import__('os').system('true')"), 'the quantiser "__import__'),
    "call_in_quantiser": (_set(3, activation="quantized_relu(len('abcd'))"), "the quantiser"),
    "huge_bits": (_set(3, activation="quantized_relu(64, 2)"), "quantized_relu with bits=64"),
    "huge_integer": (_set(3, activation="quantized_relu(8, 4000)"), "quantized_relu with integer=4000"),
    "unknown_option": (_set(3, activation="quantized_relu(8, colour=1)"), "quantized_relu with colour=1"),
    "automatic": (_set(3, activation="quantized_bits(8, 2, alpha='auto')"), "alpha='auto' on activations"),
    "cycle": (_entry(1, inbound_nodes=[[["dense", 0, 0, {}]]]), "reads its own output"),
    "missing_layer": (_entry(1, inbound_nodes=[[["nobody", 0, 0, {}]]]), "a configuration that Keras did not write"),
    "missing_output": (_entry(1, inbound_nodes=[[["x", 0, 7, {}]]]), "options or weights that do not fit"),
    "huge_input": (_set(0, batch_input_shape=[None, 1 << 40]), "elements"),
    "other_units": (_set(0, batch_input_shape=[None, 5]), "weights of shape \\[4, 3\\]; expected \\[5, 3\\]"),
    "name_with_escape": (_entry(3, name="\u001b[31m"), "a layer without a usable name"),
    "list": (lambda m: m.update(config=[1, 2]), "a configuration that Keras did not write"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_a_configuration_that_is_not_taken(write: Callable[..., Path], name: str, tmp_path: Path) -> None:
    model = document()
    change, message = CONFIGURATIONS[name]
    change(model)
    with pytest.raises(UserError, match=message):
        raise refused(write(tmp_path / "model", model))


@pytest.mark.parametrize("kind", ["external", "soft", "external_weights"])
def test_links_are_not_followed(kind: str, tmp_path: Path) -> None:
    secret = write_h5(tmp_path / "secret.h5")
    path = write_h5(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        place = "model_weights" if kind == "external" else "model_weights/dense/dense/kernel:0"
        target = "model_weights/dense/dense/bias:0" if kind == "soft" else place
        del file[place]
        file[place] = h5py.SoftLink(f"/{target}") if kind == "soft" else h5py.ExternalLink(secret.name, target)
    assert refused(path).found.startswith("a link at")


def _storage(file: h5py.File, kind: str, folder: Path) -> None:
    """Replace the kernel by one that is stored in another way."""
    place = "model_weights/dense/dense/kernel:0"
    del file[place]
    match kind:
        case "external":
            (folder / "data.bin").write_bytes(KERNEL.tobytes())
            file.create_dataset(place, (4, 3), "f4", external=[(str(folder / "data.bin"), 0, 48)])
        case "virtual":
            layout = h5py.VirtualLayout((4, 3), "f4")
            layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", (4, 3))
            file.create_virtual_dataset(place, layout)
        case "compressed":
            file.create_dataset(place, data=KERNEL, compression="gzip")
        case "huge":
            file.create_dataset(place, (1 << 20, 1 << 20), "f4", chunks=(1, 1024))
        case "objects":
            file.create_dataset(place, data=["text"] * 3)


@pytest.mark.parametrize("kind", ["external", "virtual", "compressed", "huge", "objects"])
def test_data_that_is_not_plain_in_the_file(kind: str, tmp_path: Path) -> None:
    path = write_h5(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        _storage(file, kind, tmp_path)
    expected = {"huge": "at most", "objects": "numbers"}.get(kind, "plain data in the file itself")
    assert expected in refused(path).expected


def test_weights_that_are_missing_or_not_numbers(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        file["model_weights/dense"].attrs["weight_names"] = np.array([b"dense/kernel:0"])
    assert refused(path).found == "no bias"
    with h5py.File(write_h5(path), "a") as file:
        file["model_weights/dense/dense/kernel:0"][0, 0] = np.nan
    assert "weights without a scale" in refused(path).found


def test_archives_that_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    bomb = b'{"class_name": "' + b"x" * (1 << 22) + b'"}'
    assert "packed 200 times" in refused(write_keras(path, **{"config.json": bomb})).expected
    assert (
        "not JSON"
        in refused(
            write_keras(
                path, **{"config.json": b"[" * 100_000 + bytes(random.Random(0).randbytes(9000)).hex().encode()}
            )
        ).found
    )
    assert "no readable HDF5" in refused(write_keras(path, **{"model.weights.h5": b"nothing"})).found
    write_keras(path)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", json.dumps(document()))
    assert refused(path).found == "2 members config.json"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../config.json", "{}")
    assert refused(path).found == "0 members config.json"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + b"0" * 99, b"\x89HDF\r\n\x1a\n" + b"\0" * 99])
def test_a_file_that_is_no_model(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_bytes(content)
    refused(tmp_path / "model.h5")


def test_files_that_are_not_there_or_hold_weights_alone(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; expected a saved Keras model"):
        read_keras(tmp_path / "none.h5")
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_group("dense")
    assert "weights alone" in refused(tmp_path / "model.h5").found


@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_bytes_that_were_changed_never_crash_the_reader(write: Callable[..., Path], tmp_path: Path) -> None:
    path, rng, refusals = write(tmp_path / "model"), random.Random(1), 0
    whole = path.read_bytes()
    for _ in range(120):
        damaged = bytearray(whole[: rng.randrange(1, len(whole))] if rng.random() < 0.2 else whole)
        for _ in range(rng.choice([1, 4, 32])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            export_qonnx(path, tmp_path / "out.onnx")
        except UserError:
            refusals += 1
    assert refusals > 20
