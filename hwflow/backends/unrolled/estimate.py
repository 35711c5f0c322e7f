"""Resources of a traced program before synthesis, from alkaid's cost of each operation."""

from __future__ import annotations

from hwflow.backends.unrolled.delays import Opcode, uses_dsp
from hwflow.backends.unrolled.program import Program, Verilog
from hwflow.schedule.resources import Resources

LUTS_PER_COST = 1.2
"""Yosys LUTs over alkaid's cost without products in DSP slices: measured by ``benchmarks/bench_unrolled.py``."""


def estimate(program: Program, verilog: Verilog, fifo_bits: int) -> Resources:
    """LUT and FF of the stages and the FIFOs, DSP slices of the products that are wide enough for one."""
    widths = [sum(op.qint.kif) for op in program.ops]
    in_dsp = [op.opcode == Opcode.MULTIPLY and uses_dsp([widths[i] for i in op.addr]) for op in program.ops]
    cost = sum(op.cost for op, dsp in zip(program.ops, in_dsp, strict=True) if not dsp)
    registers = sum(stage.outputs for stage in verilog.stages[:-1])
    return Resources(lut=round(LUTS_PER_COST * cost), ff=registers + fifo_bits, dsp=sum(in_dsp))
