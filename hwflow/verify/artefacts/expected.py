"""What each array of a kernel must hold, by the definition of its order, not by the code that writes it."""

from __future__ import annotations

import numpy as np

from hwflow.ir.graph import IntArray, Tensor
from hwflow.ir.ops import Table
from hwflow.kernels.base import Kernel
from hwflow.kernels.linear import Linear
from hwflow.kernels.lookup import Lookup
from hwflow.kernels.token_mix import TokenMix
from hwflow.schedule.kernel import Fold


def weights_of(kernel: Kernel) -> Tensor | None:
    """The matrix of a kernel that multiplies by one."""
    return kernel.weights if isinstance(kernel, Linear | TokenMix) else None


def tables_of(kernel: Kernel) -> dict[str, Tensor]:
    """By its id, every table that the kernel looks up."""
    found = (kernel.tensor(node.inputs[1]) for node in kernel.nodes if isinstance(node.op, Table))
    return {tensor.id: tensor for tensor in found}


def rows_of(kernel: Kernel) -> Tensor | None:
    """The rows of an embedding."""
    return kernel.tensor(kernel.core.inputs[1]) if isinstance(kernel, Lookup) else None


def in_order(kernel: Kernel, fold: Fold, count: int) -> IntArray:
    """A linear kernel's weights (beats * K, N) as its loops meet them, number by number.

    For each beat in, for each group of PE outputs, for each part of SIMD inputs: PE by SIMD numbers. Another kernel
    takes its matrix row by row.
    """
    tensor = weights_of(kernel)
    assert tensor is not None and tensor.values is not None
    if not isinstance(kernel, Linear):
        return tensor.values.ravel()
    n = np.arange(count)
    n, simd = np.divmod(n, fold.simd)
    n, pe = np.divmod(n, fold.pe)
    n, part = np.divmod(n, kernel.in_width // fold.simd)
    beat, group = np.divmod(n, kernel.out_width // fold.pe)
    row = (beat * kernel.in_width + part * fold.simd + simd) % len(tensor.values)
    values: IntArray = tensor.values[row, group * fold.pe + pe]
    return values


def repeats(found: IntArray, constant: Tensor) -> bool:
    """Whether numbers are a constant read again and again, perhaps in the order of several heads."""
    assert constant.values is not None
    whole = constant.values.ravel()
    size = int(np.lcm(len(found), len(whole)))
    ours, theirs = np.resize(found, size), np.resize(whole, size)
    return bool(np.array_equal(ours, theirs) or np.array_equal(np.sort(ours), np.sort(theirs)))
