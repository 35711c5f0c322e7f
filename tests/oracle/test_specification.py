"""Every op that a model may have, on the examples with which the ONNX project specifies it."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from hwflow.oracle import Oracle

ARITHMETIC = (
    *("abs", "add", "argmax", "argmin", "ceil", "clip", "cumsum", "div", "einsum", "elu", "equal", "erf", "exp"),
    *("floor", "gelu", "gemm", "greater", "greater_or_equal", "hardmax", "hardsigmoid", "hardswish", "leakyrelu"),
    *("less", "less_or_equal", "log", "logsoftmax", "matmul", "max", "mean", "min", "mish", "mod", "mul", "neg"),
    *("not_", "pow", "prelu", "reciprocal", "relu", "round", "selu", "sigmoid", "sign", "softmax", "softplus"),
    *("softsign", "sqrt", "sub", "sum", "swish", "tanh", "thresholdedrelu", "where"),
)
REDUCTIONS = ("reducel1", "reducel2", "reducemax", "reducemean", "reducemin", "reduceprod", "reducesum")
IMAGES = (
    *("averagepool", "conv", "convtranspose", "depthtospace", "globalaveragepool", "globalmaxpool", "maxpool"),
    *("pad", "resize", "spacetodepth", "upsample"),
)
MOVEMENTS = (
    *("concat", "constant", "constantofshape", "dropout", "expand", "flatten", "gather", "gatherelements"),
    *("gathernd", "identity", "onehot", "rangeop", "reshape", "shape", "slice", "split", "squeeze", "tile"),
    *("transpose", "trilu", "unsqueeze"),
)
NORMS = (
    *("attention", "batch_normalization", "groupnormalization", "instance_normalization", "layernormalization"),
    *("meanvariancenormalization", "rmsnormalization"),
)
QUANTISERS = ("cast", "dequantizelinear", "quantizelinear", "dynamicquantizelinear")
OUTSIDE = (
    *("fp16", "float16", "bf16", "bfloat16", "e4m3", "e5m2", "e8m0", "FLOAT16", "FLOAT8", "FLOAT4", "FLOAT6"),
    *("INT4", "INT2", "int4", "int2", "argmax_2d_precomputed", "STRING", "sequence", "_opt", "training", "blocked"),
    *("float4", "float6", "softmax_precision"),
)
"""Types that no design has, outputs that no importer reads."""
SHORT = "test_averagepool_2d_ceil_last_window_starts_on_pad"
"""Its expected values are written with four digits."""


def _cases() -> list[Any]:
    for module in (*ARITHMETIC, *REDUCTIONS, *IMAGES, *MOVEMENTS, *NORMS, *QUANTISERS):
        importlib.import_module(f"onnx.backend.test.case.node.{module}")
    from onnx.backend.test.case.node import _NodeTestCases

    return [case for case in _NodeTestCases if not any(part in case.name for part in OUTSIDE)]


def _array(value: Any) -> np.ndarray:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the examples divide by zero
def test_the_examples_of_the_specification() -> None:
    """float64 inside, so that what differs is the last bit of the float32 with which the examples were computed."""
    cases, wrong = _cases(), []
    for case in cases:
        if any(a.type == onnx.AttributeProto.GRAPH for n in case.model.graph.node for a in n.attribute):
            continue
        oracle = Oracle(case.model)
        for inputs, outputs in case.data_sets:
            feeds = dict(zip(oracle.inputs, map(_array, inputs), strict=True))
            oracle.inputs = {name: (array.shape, array.dtype) for name, array in feeds.items()}
            found = oracle.run(feeds)
            for name, expected in zip(oracle.outputs, map(_array, outputs), strict=True):
                same = found[name].shape == expected.shape and found[name].dtype == expected.dtype
                if not same or not np.allclose(found[name], expected, 1e-3 if case.name == SHORT else 1e-4, 2e-6, True):
                    wrong.append((case.name, name))
    assert wrong == []
    assert len(cases) > 700
