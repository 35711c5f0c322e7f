"""Timing template of a DSP48E2: multiplier, M register, ALU, P register, each register there or not."""

from __future__ import annotations

from hwflow.timing.cells import Sink, Source, Template, has
from hwflow.timing.delays import Delays
from hwflow.timing.netlist import Cell

_CONTROLS = ("ALUMODE", "OPMODE", "CARRYIN", "CARRYINSEL", "INMODE")


def dsp48e2(template: Template, cell: Cell, delays: Delays) -> None:
    """All bits of a port alike; registers as the parameters say. Without multiplier, A and B go straight to the ALU."""
    times = delays.dsp48e2
    alu = template.inner()
    if str(cell.parameters.get("USE_MULT", "MULTIPLY")) == "NONE":
        for port in "AB":
            template.connect(template.input(cell, port), [alu], times.c_to_alu)
    else:
        _multiplier(template, cell, delays, alu)
    addend = template.input(cell, "C")
    if addend and has(cell, "CREG"):
        template.capture(addend, times.setup_c)
        template.launch([alu], times.creg_to_alu)
    else:
        template.connect(addend, [alu], times.c_to_alu)
    for port in _CONTROLS:
        template.connect(template.input(cell, port), [alu], times.c_to_alu)
    template.connect(template.input(cell, "PCIN", Sink.DSP_CASCADE), [alu], times.pcin_to_alu)
    for port in cell.connections:
        if port.startswith(("CE", "RST")):
            template.capture(template.input(cell, port), times.setup_enable)
    _result(template, cell, delays, alu)


def _multiplier(template: Template, cell: Cell, delays: Delays, alu: int) -> None:
    times = delays.dsp48e2
    product = template.inner()
    inputs = (("A", times.a_to_m, times.setup_a, times.areg_to_m), ("B", times.b_to_m, times.setup_b, times.breg_to_m))
    for port, ps, setup, register in (*inputs, ("D", times.d_to_m, times.setup_a, times.d_to_m)):
        nodes = template.input(cell, port)
        if nodes and has(cell, f"{port}REG"):
            template.capture(nodes, setup)
            template.launch([product], register)
        else:
            template.connect(nodes, [product], ps)
    if has(cell, "MREG"):
        template.capture([product], times.setup_m)
        template.launch([alu], times.mreg_to_alu)
    else:
        template.connect([product], [alu], times.through_m + times.alu)


def _result(template: Template, cell: Cell, delays: Delays, alu: int) -> None:
    """``alu`` is the output of the ALU, before the P register."""
    times = delays.dsp48e2
    out, cascade = template.output(cell, "P"), template.output(cell, "PCOUT", Source.DSP_CASCADE)
    if has(cell, "PREG"):
        template.capture([alu], times.setup_p)
        template.launch(out, times.preg_to_p)
        template.launch(cascade, times.preg_to_pcout)
    else:
        template.connect([alu], out, times.alu_to_p)
        template.connect([alu], cascade, times.alu_to_pcout)
