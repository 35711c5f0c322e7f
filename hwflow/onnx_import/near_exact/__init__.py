"""Near-exact mode: rewrites float operators into the exact form, at a measured cost in equality.

Each rewrite is one file; a rewritten model meets the exact contract, so everything behind it stays exact. How far it is
from the original is measured on real inputs and reported; it is never called exact.

Order:
 1. ``inputs``, ``quantisers``: a quantiser wherever a product, the input or the output has none.
 2. ``pools``, ``batch_norm``, ``layer_norm``, ``softmax``, ``activations``: float functions become tables and products.
 3. ``scales``: real scales become dyadic multipliers, biases go on the grid of their accumulator (``bias``).
"""

from __future__ import annotations

import onnx_ir as ir

from hwflow.errors import UserError
from hwflow.onnx_import.fold import fold_constants
from hwflow.onnx_import.integer import import_integer_graph
from hwflow.onnx_import.near_exact.activations import tabulate_activations
from hwflow.onnx_import.near_exact.batch_norm import rewrite_batch_norm
from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.inputs import quantise_inputs
from hwflow.onnx_import.near_exact.layer_norm import rewrite_layer_norm
from hwflow.onnx_import.near_exact.options import NearExactOptions
from hwflow.onnx_import.near_exact.pools import rewrite_pools
from hwflow.onnx_import.near_exact.quantisers import insert_quantisers
from hwflow.onnx_import.near_exact.ranges import Ranges
from hwflow.onnx_import.near_exact.scales import propagate_scales
from hwflow.onnx_import.near_exact.softmax import rewrite_softmax
from hwflow.onnx_import.ports import PortData
from hwflow.onnx_import.shapes import infer_shapes

__all__ = ["NearExactOptions", "make_exact"]

_REWRITES = (
    quantise_inputs,
    insert_quantisers,
    rewrite_pools,
    rewrite_batch_norm,
    rewrite_layer_norm,
    rewrite_softmax,
    tabulate_activations,
    propagate_scales,
)


def make_exact(
    model: ir.Model, samples: PortData | None = None, options: NearExactOptions | None = None
) -> tuple[str, ...]:
    """Rewrite a simplified model in place so that it meets the exact contract.

    Args:
        model: as ``simplify`` leaves it.
        samples: real inputs (count, *input shape without the batch axis), of several inputs one array each, to
            calibrate inserted quantisers with; None: seeded normal inputs that fill the range of the input quantiser.
        options: widths.

    Returns:
        One sentence for each thing that was replaced; empty when the model is exact already.

    Raises:
        UserError: for a node that has no such form; it names the node.
    """
    if _is_exact(model):
        return ()
    context = Context(model, Ranges(model, samples), options or NearExactOptions())
    for rewrite in _REWRITES:
        infer_shapes(model)
        rewrite(context)
        fold_constants(model)
    return tuple(context.notes)


def _is_exact(model: ir.Model) -> bool:
    try:
        import_integer_graph(model)
    except UserError:
        return False
    return True
