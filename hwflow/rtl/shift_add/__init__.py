"""Products with a constant matrix as shifts and adds."""

from hwflow.rtl.shift_add.cost import cost, level_ps
from hwflow.rtl.shift_add.digits import fewest_levels
from hwflow.rtl.shift_add.emit import emit
from hwflow.rtl.shift_add.estimate import Estimate, estimate
from hwflow.rtl.shift_add.graph import Adder, AdderGraph, Bounds, Term
from hwflow.rtl.shift_add.solve import solve

__all__ = [
    "Adder",
    "AdderGraph",
    "Bounds",
    "Estimate",
    "Term",
    "cost",
    "emit",
    "estimate",
    "fewest_levels",
    "level_ps",
    "solve",
]
