"""``hwflow inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwflow.cli.reply import Debug, Json, NearExact, command

if TYPE_CHECKING:
    from rich.console import Console

    from hwflow.ir.graph import Graph

_CLOCK_MHZ = 200.0  # which kernels there are does not depend on it


def inspect(
    model: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="A quantised ONNX model with static shapes.")],
    near_exact: NearExact = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what hwflow makes of a model: its tensors and their types, its kernels, and what float32 cannot hold."""
    with command(json, debug) as reply:
        from hwflow.onnx_import.model import import_model

        imported = import_model(model, "near-exact" if near_exact else "exact")
        findings = {"rewrites": list(imported.rewrites), "wide_tensors": sorted(imported.wide)}
        document = {"model": str(model), "mode": imported.mode, **_describe(imported.graph), **findings}
        reply(document, lambda console: _show(document, console))


def _describe(imported: Graph) -> dict[str, Any]:
    from hwflow.kernels.network import kernel_graph

    network = kernel_graph(imported, _CLOCK_MHZ)
    graph = network.graph
    return {
        "parameters": _parameters(imported),
        "macs": network.macs,
        "kernels": [{"name": k.name, "kind": k.kind, "macs": k.macs, "output": k.output} for k in network.kernels],
        "tensors": [_tensor(graph, id) for id in graph.tensors],
    }


def _parameters(graph: Graph) -> int:
    """Constants of the model; the tables that the importer computed are none."""
    from hwflow.ir.ops import OPS

    tables = {id for node in graph.nodes if isinstance(node.op, OPS["Table"]) for id in node.inputs}
    return sum(tensor.size for tensor in graph.tensors.values() if tensor.is_constant and tensor.id not in tables)


def _tensor(graph: Graph, id: str) -> dict[str, Any]:
    tensor, producer = graph.tensors[id], graph.producers.get(id)
    return {
        "id": id,
        "name": graph.names.get(id),
        "shape": list(tensor.shape),
        "type": str(tensor.type),
        "width": tensor.type.width,
        "made_by": type(producer.op).__name__ if producer else "constant" if tensor.is_constant else "input",
    }


def _show(document: dict[str, Any], console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from hwflow.text import printable

    for title, columns, rows in (
        ("Tensors", ("id", "name", "shape", "type", "made_by"), document["tensors"]),
        ("Kernels", ("name", "kind", "macs", "output"), document["kernels"]),
    ):
        table = Table(*columns, box=SIMPLE_HEAD, title=title)
        for row in rows:
            table.add_row(*(Text(printable(str(row[column] or ""))) for column in columns))
        console.print(table)
    console.print(Text(f"{document['parameters']:,} parameters, {document['macs']:,} multiply-accumulates"))
    for rewrite in document["rewrites"]:
        console.print(Text(f"near-exact: {printable(rewrite)}"))
    for name in document["wide_tensors"]:
        console.print(Text(f"wide: {printable(name)} needs more than the 24 bits of float32; golden.onnx takes double"))
