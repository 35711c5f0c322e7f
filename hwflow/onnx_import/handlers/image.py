"""Images and sequences: (1, C, H, W) or (1, C, T) in ONNX, channels last where a kernel slides over them."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from hwflow.ir.ops import Reshape, Transpose, Window
from hwflow.onnx_import.handlers.unary import integers
from hwflow.onnx_import.integer import Importer
from hwflow.onnx_import.problems import Unsupported
from hwflow.onnx_import.values import Value


@dataclass(frozen=True)
class Image:
    """The image that a node reads, and the way back to ONNX for what is computed from it.

    ``size``: (H, W) or (T,).
    """

    importer: Importer
    node: ir.Node
    value: Value
    channels: int
    size: tuple[int, ...]

    @property
    def name(self) -> str:
        """The ONNX name of what the node computes."""
        return self.node.outputs[0].name or ""

    def channels_last(self) -> str:
        """The image as (H, W, C), a sequence as (T, 1, C)."""
        add, id = self.importer.builder.add, self.value.id or ""
        if self.value.ir_shape != (self.channels, *self.size):
            id = add(Reshape((self.channels, *self.size)), id)
        moved = add(Transpose((1, 2, 0) if len(self.size) == 2 else (1, 0)), id)
        return moved if len(self.size) == 2 else add(Reshape((*self.size, 1, self.channels)), moved)

    def windows(self, window: Window, *group: int) -> tuple[str, tuple[int, ...]]:
        """What lies under the kernel, (OH * OW, *group), and the size of the output image."""
        builder = self.importer.builder
        top, left, bottom, right = window.pads
        rows, columns = (*self.size, 1)[:2]
        padded = (rows + top + bottom, columns + left + right, self.channels)
        self.importer.limits.check_shape("its padded input", padded)
        id = builder.add(window, self.channels_last())
        rows, columns, *_ = builder.tensor(id).shape
        return builder.add(Reshape((rows * columns, *group)), id), (rows, columns)[: len(self.size)]

    def back(self, pixels: str, size: tuple[int, ...]) -> list[Value]:
        """Pixels (OH * OW, C) as the ONNX value (1, C, OH, OW)."""
        builder = self.importer.builder
        channels = builder.tensor(pixels).shape[-1]
        moved = builder.add(Reshape((*size, channels)), pixels) if len(size) == 2 else pixels
        id = builder.add(Transpose((2, 0, 1) if len(size) == 2 else (1, 0)), moved)
        self.importer.product(id, builder.peak(pixels), self.value.id or "")
        builder.name(pixels, f"{self.name} (channels last)")
        source = self.importer.own_source(id, self.name)
        return [Value(id, (1, channels, *size), -2 - len(size), source)]


def image_of(importer: Importer, node: ir.Node) -> Image:
    """The first operand as one image. Refuses other shapes."""
    value = integers(importer, node)
    shape = value.shape
    if len(shape) not in (3, 4) or shape[0] != 1:
        raise Unsupported(f"its input {list(shape)} is not one image (1, C, H, W) or one sequence (1, C, T)")
    return Image(importer, node, value, shape[1], shape[2:])
