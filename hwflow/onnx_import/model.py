"""The front door of the importer: one ONNX file in, golden.onnx and the integer graph out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.ir.graph import Graph
from hwflow.limits import LIMITS, Limits
from hwflow.onnx_import.fold import remove_unused
from hwflow.onnx_import.integer import Imported, import_integer_graph
from hwflow.onnx_import.load import load_model
from hwflow.onnx_import.lookup import ChainTable, place_tables
from hwflow.onnx_import.lower import lower
from hwflow.onnx_import.near_exact import NearExactOptions, make_exact
from hwflow.onnx_import.near_exact.swish import spell_out_swish
from hwflow.onnx_import.near_exact.synthetic import Distribution, distributions
from hwflow.onnx_import.ports import PortData, PortScales, read_port_scales
from hwflow.onnx_import.shapes import infer_shapes
from hwflow.onnx_import.simplify import simplify

Mode = Literal["exact", "near-exact"]


@dataclass(frozen=True)
class ImportedModel:
    """A model in both forms.

    ``golden``: a serialised ONNX model of standard ops that any onnxruntime runs.
    ``names``: ONNX value name -> tensor id, for every value of golden that is a tensor of the graph.
    ``wide``: values that golden computes in double, with the largest integer met.
    ``rewrites``: what near-exact mode replaced, in words; empty in exact mode.
    ``original``: in near-exact mode, the model before the replacements in standard ops, to measure against.
    ``distributions``: in near-exact mode, what each input is taken for where no data are given.
    """

    graph: Graph
    golden: bytes
    names: Mapping[str, str]
    wide: Mapping[str, int]
    mode: Mode
    rewrites: tuple[str, ...] = ()
    original: bytes | None = None
    distributions: tuple[Distribution, ...] = ()

    @cached_property
    def ports(self) -> PortScales:
        """What lies between real units and the ports of golden; 1 in exact mode."""
        return read_port_scales(self.golden)


def import_model(
    path: str | Path,
    mode: Mode = "exact",
    limits: Limits = LIMITS,
    samples: PortData | None = None,
    options: NearExactOptions | None = None,
) -> ImportedModel:
    """Read, check, simplify and import an ONNX file (QONNX or QCDQ).

    ``samples`` (count, *input shape without the batch axis; of several inputs one array each) and ``options``
    calibrate and size what near-exact mode puts in; see ``near_exact.make_exact``.

    Raises UserError that names every node without an exact integer form, all at once.
    """
    if mode not in get_args(Mode):
        raise UserError("mode", repr(mode), " or ".join(get_args(Mode)), "Choose one of them.")
    model = load_model(Path(path), limits)
    simplify(model)
    if mode == "near-exact":
        spell_out_swish(model.graph)
    original = _standard(model) if mode == "near-exact" else None
    described = distributions(model) if mode == "near-exact" else ()
    rewrites = make_exact(model, samples, options) if mode == "near-exact" else ()
    imported = _integers(model, limits, mode)
    golden = _standard(model, imported.wide, imported.tables)
    before = original if rewrites else None
    return ImportedModel(imported.graph, golden, imported.names, imported.wide, mode, rewrites, before, described)


def _integers(model: ir.Model, limits: Limits, mode: Mode) -> Imported:
    try:
        return import_integer_graph(model, limits)
    except UserError as error:
        if mode == "exact":
            raise
        found = error.found.replace(", or import in near-exact mode", "").replace(" or use near-exact mode", "")
        raise UserError(error.subject, found, error.expected, "Change the nodes named.") from error


def _standard(
    model: ir.Model, wide: Mapping[str, int] | None = None, tables: Mapping[str, ChainTable] | None = None
) -> bytes:
    """The model in standard ops, functions as tables; what is computed in double is said in its metadata."""
    clone = model.clone()
    infer_shapes(clone)
    if tables:
        place_tables(clone, tables)
        remove_unused(clone.graph)
    lower(clone, wide or {})
    clone.producer_name, clone.producer_version = "hwflow", ""
    if wide:
        clone.metadata_props["hwflow.double"] = json.dumps(dict(sorted(wide.items())))
    data: bytes = ir.to_proto(clone).SerializeToString(deterministic=True)
    return data
