"""The clock of a design in the build record."""

from __future__ import annotations

import pytest

from hwflow.timing.design import clock_results
from tests.timing.conftest import Synthesise

SLOW = """input logic [15:0] a, b, output logic [31:0] y);
    logic [15:0] p, q;
    always_ff @(posedge clk) begin p <= a; q <= b; y <= 32'(p) * 32'(q) + 32'(p); end"""
FAST = """input logic d, output logic q);
    always_ff @(posedge clk) q <= d;"""


@pytest.mark.parametrize(("clock_mhz", "ok"), [(100.0, True), (600.0, False)])
def test_the_slowest_module_is_the_gate_with_its_path(synthesise: Synthesise, clock_mhz: float, ok: bool) -> None:
    netlists = {"k0_product": synthesise(SLOW), "top": synthesise(FAST)}
    results = clock_results(netlists, "top", clock_mhz)
    assert [(each.metric, each.ok) for each in results] == [
        ("clock period, open estimate, 150 ps a net", None),
        ("clock period, open estimate, 200 ps a net", ok),
        ("clock period, open estimate, 300 ps a net", None),
        ("clock period, open estimate, 200 ps a net: k0_product", None),
        ("clock period, open estimate, 200 ps a net: the wiring between the kernels", None),
    ]
    low, gate, high, slow, fast = results
    assert low.value < gate.value < high.value
    assert gate.limit == int(1e6 / clock_mhz), "a path of 1,667 ps does not keep 600 MHz"
    assert gate.unit.startswith("ps in k0_product, ") and " -> " in gate.unit
    assert slow.value == gate.value > fast.value
