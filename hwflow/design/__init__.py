"""A design in its build folder: made by ``convert``, opened again by ``Design.load``."""

from hwflow.design.create import convert
from hwflow.design.design import Design

__all__ = ["Design", "convert"]
