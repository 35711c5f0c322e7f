"""Functions without a kernel in double, behind a product that needs one."""

from __future__ import annotations

from pathlib import Path

from tests.support.exact import imported
from tests.support.qonnx import ModelBuilder


def test_erf_behind_a_product_of_more_than_24_bits(tmp_path: Path) -> None:
    m = ModelBuilder()
    x = m.node("Mul", m.quant(m.input(1, 8), 8, 5), m.const(1 + 2.0**-19))
    imported(tmp_path, m, m.quant(m.node("Mul", x, m.node("Erf", x)), 8, 4))
