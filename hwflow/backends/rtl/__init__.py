"""Writes a scheduled kernel graph as SystemVerilog."""
