"""Synthesis: what a design takes of the chip, by Yosys on any machine or by AMD's tools where they are."""

from __future__ import annotations

from hwflow.synthesis.yosys import Module, Synthesised, synth_module, synth_modules

__all__ = ["Module", "Synthesised", "synth_module", "synth_modules"]
