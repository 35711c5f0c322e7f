"""The published delays of a device family, read from ``timing_data/``. All figures in picoseconds."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hwflow.data_folder import data_folder

ULTRASCALE_PLUS = "ultrascale_plus_2"
Eight = Annotated[tuple[int, ...], Field(min_length=8, max_length=8)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Net(_Data):
    """Assumed delay of one routed net: a band, and the value that pipelines are built for."""

    band: tuple[int, ...]
    typical: int


class Lut(_Data):
    """Input to output, the fastest pin first."""

    pins: Annotated[tuple[int, ...], Field(min_length=6, max_length=6)]


class FlipFlop(_Data):
    """Clock to output, and setup of each kind of input."""

    clock_to_q: int
    setup_d: int
    setup_ce: int
    setup_reset: int


class Slice(_Data):
    """Wires inside a slice."""

    lut_to_flip_flop: int
    bypass_to_flip_flop: int
    lut_to_carry: int
    lut_to_carry_data: int
    lut_to_muxf: int
    carry_to_flip_flop: int
    carry_to_fabric: int
    carry_to_carry: int
    muxf_to_flip_flop: int
    muxf_to_fabric: int
    muxf_to_muxf: int


class Muxf(_Data):
    """MUXF7, MUXF8 and MUXF9."""

    data: int
    select: int


class Carry8(_Data):
    """From each input pin ("S0", "DI3", "CI", "CYINIT") to O[0..7] and CO[0..7]; -1 where there is no path."""

    o: dict[str, Eight]
    co: dict[str, Eight]


class LutRam(_Data):
    """LUTs as memory or shift register."""

    read: int
    clock_to_out: int
    setup_data: int
    setup_address: int
    setup_enable: int


class Dsp48e2(_Data):
    """Stages of a DSP48E2, with and without the registers between them."""

    a_to_m: int
    b_to_m: int
    d_to_m: int
    through_m: int
    c_to_alu: int
    pcin_to_alu: int
    alu: int
    alu_to_p: int
    alu_to_pcout: int
    setup_a: int
    setup_b: int
    setup_c: int
    setup_m: int
    setup_p: int
    setup_enable: int
    areg_to_m: int
    breg_to_m: int
    creg_to_alu: int
    mreg_to_alu: int
    preg_to_p: int
    preg_to_pcout: int


class BlockRam(_Data):
    """RAMB18E2 and RAMB36E2."""

    clock_to_out: int
    clock_to_out_register: int
    setup_address: int
    setup_data: int
    setup_write: int
    setup_enable: int
    setup_reset: int


class UltraRam(_Data):
    """URAM288."""

    clock_to_out: int
    clock_to_out_register: int
    setup_address: int
    setup_data: int
    setup_write: int
    setup_enable: int


class Port(_Data):
    """Logic taken to lie beyond the ports of the analysed module."""

    input: int
    output: int


class Delays(_Data):
    """One data file."""

    name: str
    label: str
    net: Net
    lut: Lut
    flip_flop: FlipFlop
    slice: Slice
    muxf: Muxf
    carry8: Carry8
    lut_ram: LutRam
    dsp48e2: Dsp48e2
    block_ram: BlockRam
    ultra_ram: UltraRam
    port: Port


@cache
def load_delays(name: str = ULTRASCALE_PLUS) -> Delays:
    """The data file of a device family that ships with hwflow."""
    text = (data_folder("timing_data") / f"{name}.toml").read_text(encoding="utf-8")
    return Delays.model_validate(tomllib.loads(text))
