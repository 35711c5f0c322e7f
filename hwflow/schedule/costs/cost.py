"""What a primitive costs, and the delays of the parts of a slice, in picoseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hwflow.schedule.resources import Resources

NET_PS, LUT_PS, MUXF_PS = 200, 125, 95
LUT6_PS, LUT_RAM_PS = 150, 165  # by the slowest pin
CARRY_S_PS, CARRY_O_PS, CARRY_WIRE_PS = 65, 30, 26  # LUT2 and wire to S; O to the fabric; to the next CARRY8
CARRY_S_OUT_PS, CARRY_THROUGH_PS = 199, 23  # CARRY8: S0 to CO7, CI to CO7
CARRY_FIRST_PS = (65, 96, 134, 139, 206, 240, 240, 241)  # S0 to the slowest of O0 .. O<n>
CARRY_LAST_PS = (56, 76, 76, 82, 86, 116, 116, 116)  # CI to the slowest of O0 .. O<n>
TREE_LEVEL_PS = 455  # what a further level of an adder tree adds, its net included
DSP_PS = 1560  # DSP48E2, B to P without inner registers
BEHIND_BLOCK_PS = 250  # net and slice input before a register that follows a hard block at once
BLOCK_RAM_PS = 926 + BEHIND_BLOCK_PS  # clock to output without output register, less clock to Q of a flip-flop
BLOCK_RAM_SETUP_PS = 320  # more than a flip-flop needs
FLIP_FLOP_PS = 150  # clock to Q 77, setup 25, LUT to flip-flop hop 50
UNCERTAINTY = 0.27  # part of the period kept back, as Vitis HLS does by default


@dataclass(frozen=True, slots=True)
class Cost:
    """Resources of a primitive, its combinational delay, and clock cycles of registers that it cannot do without."""

    resources: Resources = field(default_factory=Resources)
    delay_ps: int = 0
    clocks: int = 0

    def __mul__(self, copies: int) -> Cost:
        """That many side by side."""
        return Cost(copies * self.resources, self.delay_ps, self.clocks)

    __rmul__ = __mul__

    def then(self, other: Cost) -> Cost:
        """This one feeding the other."""
        return Cost(self.resources + other.resources, self.delay_ps + other.delay_ps, self.clocks + other.clocks)

    def beside(self, other: Cost) -> Cost:
        """Both in parallel: the slower one counts."""
        return Cost(
            self.resources + other.resources, max(self.delay_ps, other.delay_ps), max(self.clocks, other.clocks)
        )

    def stages(self, clock_mhz: float) -> int:
        """Pipeline registers that the primitive needs at this clock."""
        return self.clocks + math.ceil(self.delay_ps / usable_ps(clock_mhz))


def usable_ps(clock_mhz: float) -> float:
    """Picoseconds of logic and nets between two registers."""
    return 1e6 / clock_mhz * (1 - UNCERTAINTY) - FLIP_FLOP_PS
