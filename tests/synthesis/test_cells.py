"""Cells cost what a slice of UltraScale+ gives for them."""

from __future__ import annotations

import pytest

from hwflow.errors import GateFailed
from hwflow.schedule.resources import Resources
from hwflow.synthesis.cells import resources_of


def test_each_kind_of_cell_is_counted_where_it_belongs() -> None:
    logic = {"LUT1": 1, "LUT6": 10, "INV": 2, "FDRE": 7, "FDSE": 1, "CARRY4": 5, "MUXF7": 4, "MUXF8": 2}
    assert resources_of(logic) == Resources(lut=13, ff=8)
    memory = {"RAM32M16": 1, "RAM64M8": 2, "SRL16E": 3, "RAMB18E2": 1, "RAMB36E2": 2, "URAM288": 1}
    assert resources_of(memory) == Resources(lut=27, bram18=5, uram=1)
    assert resources_of({"DSP48E2": 4}) == Resources(dsp=4)


def test_a_cell_that_was_not_mapped_is_named() -> None:
    with pytest.raises(GateFailed, match=r"does not: \$mul, DSP48E1"):
        resources_of({"LUT2": 1, "DSP48E1": 1, "$mul": 1})
