"""A case: a model and its inputs, drawn from a seed or read from a folder, and how it is kept when it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from hwflow.errors import UserError
from hwflow.files import write_atomic
from hwflow.fuzz.draft import Draft
from hwflow.fuzz.grammar import draw_model
from hwflow.fuzz.inputs import Port, draw_inputs
from hwflow.onnx_import.model import Mode

MODEL, INPUTS, NOTES = "model.onnx", "inputs.npz", "fuzz.json"
INFERENCES = 24
_DEFAULT = 1.0 / 16  # step of an input whose quantiser is not known


@dataclass(frozen=True)
class Case:
    """``inputs``: (count, *shape in the file) by name. ``seed`` draws folds and budgets of the hardware too.

    ``expected``: what the framework that a model comes from makes of the inputs, by output; empty where there is none.
    """

    name: str
    mode: Mode
    model: bytes
    inputs: Mapping[str, np.ndarray]
    seed: int = 0
    expected: tuple[np.ndarray, ...] = ()

    def with_model(self, model: bytes, inputs: Mapping[str, np.ndarray]) -> Case:
        """The same case about another model."""
        return replace(self, model=model, inputs=inputs, expected=())


def draw_case(seed: int) -> Case:
    """The case of a seed."""
    draft, model = draw_model(seed)
    return case_of(f"seed {seed}", draft, model, seed)


def case_of(name: str, draft: Draft, model: onnx.ModelProto, seed: int) -> Case:
    """A drafted model with inputs that fit its ports."""
    mode: Mode = "near-exact" if draft.kind == "float" else "exact"
    return Case(name, mode, model.SerializeToString(), draw_inputs(draft.ports, INFERENCES, seed), seed)


def save_case(case: Case, folder: Path, **notes: Any) -> Path:
    """Model, inputs and notes in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / MODEL, case.model)
    np.savez_compressed(folder / INPUTS, **dict(case.inputs))  # type: ignore[arg-type]
    text = json.dumps({"name": case.name, "mode": case.mode, "seed": case.seed, **notes}, indent=1)
    write_atomic(folder / NOTES, text + "\n")
    return folder


def load_case(path: Path) -> Case:
    """The case of a folder, or of any ONNX file, for whose inputs numbers are drawn. Raises UserError."""
    folder = path if path.is_dir() else path.parent
    model = folder / MODEL if path.is_dir() else path
    if not model.is_file():
        raise UserError(str(path), "no model", f"a folder with {MODEL}, or an ONNX file", "Check the path.")
    data, notes = model.read_bytes(), dict[str, Any]()
    if (folder / NOTES).is_file():
        notes = json.loads((folder / NOTES).read_text())
    if (folder / INPUTS).is_file() and model.name == MODEL:
        with np.load(folder / INPUTS, allow_pickle=False) as stored:
            inputs = {name: stored[name] for name in stored.files}
    else:
        inputs = draw_inputs(ports_of(onnx.load_from_string(data)), INFERENCES, 0)
    return Case(notes.get("name", path.name), notes.get("mode", "exact"), data, inputs, int(notes.get("seed", 0)))


def ports_of(model: onnx.ModelProto) -> list[Port]:
    """Inputs of a model that no draft knows, with the steps of the quantisers that read them."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    ports = []
    for value in model.graph.input:
        type = value.type.tensor_type
        rows = None if type.elem_type == onnx.TensorProto.FLOAT else 2
        if value.name not in constants:
            shape = tuple(d.dim_value for d in type.shape.dim)
            ports.append(Port(value.name, shape, _step(model, value.name, constants), rows=rows))
    return ports


def _step(model: onnx.ModelProto, name: str, constants: Mapping[str, onnx.TensorProto]) -> float:
    for node in model.graph.node:
        if node.op_type in ("Quant", "QuantizeLinear") and node.input[0] == name and node.input[1] in constants:
            return float(np.max(numpy_helper.to_array(constants[node.input[1]])))
    return _DEFAULT
