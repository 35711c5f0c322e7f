"""Wires from an output to an input: a routed net, or a dedicated wire inside a slice or a column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hwflow.timing.cells import Sink, Source
from hwflow.timing.delays import Delays

Ints = NDArray[np.int64]
_FLIP_FLOPS_OF_A_LUT = 2  # that can stand behind it in its slice


def wire_delays(source: Ints, sink: Ints, net: Ints, delays: Delays) -> tuple[Ints, Ints]:
    """Picoseconds, and the number of routed nets (0 or 1), of the wire to each input pin.

    Args:
        source: `Source` of the net that feeds the pin.
        sink: `Sink` of the pin.
        net: number of that net.

    A slice holds a LUT with the carry, MUXF and flip-flops behind it. A LUT that several carries or MUXF want is taken
    as copied, as synthesis from the source does it; what is no LUT reaches them by a routed net and a LUT between.
    """
    wires, inner, lut = delays.slice, source == Source.LUT, delays.lut.pins[0]
    ps, nets = np.zeros_like(net), np.ones_like(net)
    ps[source == Source.CARRY_O] = wires.carry_to_fabric
    ps[source == Source.MUXF] = wires.muxf_to_fabric
    for kind, more in (
        (Sink.FLIP_FLOP, wires.bypass_to_flip_flop),
        (Sink.CARRY_S, lut + wires.lut_to_carry),
        (Sink.MUXF7, lut + wires.lut_to_muxf),
        (Sink.MUXF89, lut + wires.lut_to_muxf + delays.muxf.data + wires.muxf_to_muxf),
    ):
        ps[sink == kind] += more
    few = _alike(net, sink) <= _FLIP_FLOPS_OF_A_LUT
    alone = _alike(net, sink) == 1
    dedicated = (
        (inner & (sink == Sink.FLIP_FLOP) & few, wires.lut_to_flip_flop),
        ((source == Source.CARRY_O) & (sink == Sink.FLIP_FLOP) & few, wires.carry_to_flip_flop),
        (np.isin(source, (Source.CARRY_CO, Source.CARRY_OUT)) & (sink == Sink.FLIP_FLOP) & few, 0),
        ((source == Source.MUXF) & (sink == Sink.FLIP_FLOP) & few, wires.muxf_to_flip_flop),
        (inner & (sink == Sink.CARRY_S), wires.lut_to_carry),
        (inner & (sink == Sink.CARRY_DI), wires.lut_to_carry_data),
        (inner & (sink == Sink.MUXF7), wires.lut_to_muxf),
        ((source == Source.MUXF) & (sink == Sink.MUXF89), wires.muxf_to_muxf),
        ((source == Source.CARRY_OUT) & (sink == Sink.CARRY_IN) & alone, wires.carry_to_carry),
        ((source == Source.DSP_CASCADE) & (sink == Sink.DSP_CASCADE), 0),
    )
    for where, delay in dedicated:
        ps[where], nets[where] = delay, 0
    return ps, nets


def _alike(net: Ints, sink: Ints) -> Ints:
    """How many pins of the same kind the net of each pin feeds."""
    _, which, counts = np.unique(net * len(Sink) + sink, return_inverse=True, return_counts=True)
    return np.asarray(counts[which], np.int64)
