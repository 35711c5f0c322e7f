"""Kernels: groups of integer nodes that become one hardware block each.

A kernel's meaning is the integer nodes it covers; timing, resources and code stand beside them, one file per kind.
"""
