"""One handler per Keras class: ``(writer, layer, arguments) -> its outputs``. What is not here is not taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hwflow.frontends.keras_files.model import Layer
from hwflow.frontends.qkeras.handlers import activation, elementwise, linear, movement, pool, product
from hwflow.frontends.qkeras.writer import Value, Writer

Handler = Callable[[Writer, Layer, Sequence[Any]], Value | list[Value]]

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("Activation", "QActivation"), activation.activation),
    "RealFunction": activation.real_function,
    **dict.fromkeys(("Dense", "QDense", "QDenseBatchnorm"), linear.dense),
    **dict.fromkeys(("Conv1D", "Conv2D", "QConv1D", "QConv2D", "QConv2DBatchnorm"), linear.convolution),
    **dict.fromkeys(("DepthwiseConv2D", "QDepthwiseConv2D", "QDepthwiseConv2DBatchnorm"), linear.depthwise),
    **dict.fromkeys(("BatchNormalization", "QBatchNormalization"), linear.scale_bias),
    "ScaleBias": linear.given_scale_bias,
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"), pool.local),
    "QAveragePooling2D": pool.local,
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D"), pool.whole),
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D", "QGlobalAveragePooling2D"), pool.whole),
    **dict.fromkeys(elementwise.BINARY, elementwise.binary),
    **dict.fromkeys(elementwise.UNARY, elementwise.unary),
    "Square": elementwise.square,
    "Clip": elementwise.clip,
    "ReLU": elementwise.relu,
    "Softmax": elementwise.softmax,
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D"), elementwise.nothing),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "ActivityRegularization", "Identity"), elementwise.nothing),
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze", "ExpandDims"), movement.reshape),
    **dict.fromkeys(("Permute", "Transpose"), movement.transpose),
    "Concatenate": movement.concatenate,
    "Split": movement.split,
    "GetItem": movement.item,
    **dict.fromkeys(movement.REDUCTIONS, movement.reduction),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), movement.pad),
    "Matmul": product.matmul,
    "Dot": product.dot,
}
