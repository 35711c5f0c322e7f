"""Real scales: the rewritten graph computes on integers, and each value remembers its scale.

Every value v of the original is kept as ``v = scale * e``, with e on a power-of-two grid near v itself:
 1. A quantiser of scale ``m * 2**k`` becomes one of scale ``2**k``; m is the scale of what it puts out.
 2. Quantised weights give up the scale they were made with, per tensor or per channel; products multiply scales.
 3. Constant factors (a folded normalisation, 1 / sqrt(d)) go into the scale and leave the graph; constant terms are
    divided by it and rounded (``bias``).
 4. In front of a quantiser e is multiplied by ``scale / m`` as a dyadic number: the multiply-and-shift of
    Jacob et al., "Quantization and Training of Neural Networks ...", CVPR 2018. A sum of two scales multiplies both
    terms by theirs in units of the next quantiser.
 5. Tables take the scale of a narrow tensor exactly, inside the table.

Snapping each scale to a short dyadic number instead would keep values in their units, but weights and activations
would grow by the bits of their scales and lose accuracy all the same. Here products stay as narrow as the model's own.
A power-of-two model passes unchanged. The model's metadata carry the scales of its ports (``INPUT_SCALE``,
``OUTPUT_SCALE``, JSON, name -> number): an input is divided by its scale first, an output multiplied by its own.
"""

from __future__ import annotations

import json

from hwflow.onnx_import.near_exact.context import Context
from hwflow.onnx_import.near_exact.scale_rules import RULES, function
from hwflow.onnx_import.near_exact.scaled import Scaled, Scales
from hwflow.onnx_import.ports import INPUT_SCALE, OUTPUT_SCALE
from hwflow.onnx_import.quantiser import is_quant


def propagate_scales(context: Context) -> None:
    """Rewrite in place. UserError for a node that no rule can give a scale."""
    scales = Scales(context)
    for port in context.graph.inputs:
        scales.of[port] = Scaled(port=port.name)
    for node in list(context.graph):
        scales.seen.add(node)
        if any(v in scales.of for v in node.inputs):
            rule = RULES.get("Quant" if is_quant(node) else node.op_type, function)
            rule(scales, node)
    _record(context, scales)


def _record(context: Context, scales: Scales) -> None:
    """Metadata and the notes of the whole graph."""
    outputs = {v.name or "": scales.of[v].scale.tolist() for v in context.graph.outputs}
    for key, named in ((INPUT_SCALE, scales.input_scales), (OUTPUT_SCALE, outputs)):
        if any(scale != 1.0 for scale in named.values()):
            context.model.metadata_props[key] = json.dumps(named)
    if scales.quantisers:
        context.notes.append(f"{scales.quantisers} quantiser(s) of real scale became quantisers of integers")
    if scales.multipliers:
        bits = context.options.multiplier_bits
        context.notes.append(f"{scales.multipliers} ratio(s) of scales became dyadic multipliers of {bits} bits")
    if scales.biases:
        context.notes.append(f"{scales.biases} bias(es) were rounded to a grid near that of their accumulator")
    if scales.weights:
        context.notes.append(
            f"{scales.weights} matrix(es) of float weights were rounded to {context.options.weight_bits} bits"
        )
