"""Names and metadata that are code (threats 1, 2 and 6): kept as data, shown in errors, never run, never emitted."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import onnx
import pytest
from onnx import helper

from hwflow.ir import serialise
from hwflow.kernels.network import KernelGraph, kernel_graph
from hwflow.onnx_import.model import import_model
from tests.security.refused import refused, snapshot
from tests.support.exact import assert_exact
from tests.support.qonnx import ModelBuilder, weights

PAYLOADS = {
    "cpp": '"); system("touch pwned"); //',
    "macro": "x\n#include </etc/passwd>\n#define hls",
    "tcl": "[exec touch pwned]; $env(HOME)",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "path": "../../../pwned",
    "bidi": "abc\u202egpj.exe\x1b[31m",
    "format": "%s%n{0.__class__}${IFS}`touch pwned`",
}


def hostile_model(payload: str) -> onnx.ModelProto:
    """A layer, an activation table and attention-free rows whose every name is a payload."""
    m = ModelBuilder()
    x = m.quant(m.input(1, 4, 6, name=payload), 8, 4, name=f"{payload} q")
    w = m.quant(m.const(weights(6, 6), name=f"{payload} w"), 8, 4, name=f"{payload} wq")
    y = m.quant(m.node("MatMul", x, w, name=f"{payload} y", label=payload), 8, 4, name=f"{payload} yq")
    z = m.quant(m.node("Sigmoid", y, name=f"{payload} s"), 8, 7, name=f"{payload} z")
    model = m.proto(m.quant(m.node("ReduceSum", z, m.ints(1), keepdims=0), 8, 4, name=f"{payload} out"))
    model.graph.name = model.graph.node[0].name = model.producer_name = payload
    return model


def emitted(kernels: KernelGraph) -> list[str]:
    """Every name, and all code, that reaches a backend."""
    texts = [*kernels.tensor_of, *kernels.tensor_of.values(), *(c.name for c in kernels.channels)]
    for kernel in kernels.kernels:
        code = kernel.hls(kernel.folds()[0])
        texts += [kernel.name, kernel.kind, *kernel.inputs, kernel.output, code.header, code.function]
        texts += [w.name for w in (*code.weights, *code.tables)]
    return texts


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_name_that_is_code_lives_in_the_names_alone(tmp_path: Path, payload: str) -> None:
    (tmp_path / "model.onnx").write_bytes(hostile_model(payload).SerializeToString())
    before = snapshot(tmp_path)
    model = import_model(tmp_path / "model.onnx")
    assert_exact(model)
    document = json.loads(serialise.dumps(model.graph))
    assert payload in document.pop("names").values()
    kernels = kernel_graph(model.graph, 200.0)
    code = "".join(k.hls(fold).config for k in kernels.kernels for fold in k.folds())
    for text in (json.dumps(document), code):
        assert not any(part in text for part in (payload, "pwned", "alert", "passwd", "gpj"))
    assert all(re.fullmatch(r"[A-Za-z0-9_.]+", text, re.ASCII) for text in emitted(kernels))
    assert not re.search(r"[^\x20-\x7e\n]", code)
    assert snapshot(tmp_path) == before and not (tmp_path.parent / "pwned").exists()


def test_every_identifier_of_the_generated_code_is_plain(tmp_path: Path) -> None:
    """Strings, characters and back-slashes are nowhere in it; what is named is a C++ name."""
    (tmp_path / "model.onnx").write_bytes(hostile_model(PAYLOADS["cpp"]).SerializeToString())
    for kernel in kernel_graph(import_model(tmp_path / "model.onnx").graph, 200.0).kernels:
        code = kernel.hls(kernel.folds()[-1])
        assert re.fullmatch(r"[A-Za-z0-9_\s{}()\[\]<>;:,.=+*&#?-]*", code.config, re.ASCII)
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", w.name, re.ASCII) for w in (*code.weights, *code.tables))
        assert re.fullmatch(r"[A-Za-z0-9_]+", kernel.name, re.ASCII)


def test_a_name_in_an_error_is_quoted(tmp_path: Path) -> None:
    m = ModelBuilder()
    y = m.node("Softmax", m.quant(m.input(1, 4)), label="a\x1b[2J\nnode 9 Relu 'ok'")
    found = refused(tmp_path, m.proto(m.quant(y))).found
    assert "\x1b" not in found
    assert r"'a\x1b[2J\nnode 9 Relu \'ok\''" in found or r"a\x1b[2J\nnode 9" in found


def test_a_quantization_annotation_with_code_is_dropped(tmp_path: Path) -> None:
    code = f"__import__('pathlib').Path({str(tmp_path / 'pwned')!r}).touch()"
    m = ModelBuilder()
    model = m.proto(m.quant(m.input(1, 4), name="y"))
    for name in ("x", "y"):
        annotation = model.graph.quantization_annotation.add(tensor_name=name)
        for key in ("finn_datatype", "tensor_layout", "tensor_sparsity", "SCALE_TENSOR"):
            annotation.quant_parameter_tensor_names.add(key=key, value=code)
    helper.set_model_props(model, {"eval": code})
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    imported = import_model(tmp_path / "model.onnx")
    assert not (tmp_path / "pwned").exists()
    assert b"__import__" not in imported.golden


def test_a_domain_that_names_a_python_module_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil_custom_ops.py").write_text(f"open({str(tmp_path / 'pwned')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    for op in ("Quant", "Relu", "IntQuant"):
        m = ModelBuilder()
        x = m.quant(m.input(1, 4), 8, 4)
        y = m.node(op, x, m.const(1.0), m.const(0.0), m.const(8.0), domain="evil_custom_ops")
        error = refused(tmp_path, m.proto(m.quant(y)))
        assert f"node 1 {op} " in error.found
    assert "evil_custom_ops" not in sys.modules and not (tmp_path / "pwned").exists()
