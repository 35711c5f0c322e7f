"""Float operations that have one result on every processor, by which tables and constants are defined.

A runtime's float32 ``exp``, ``tanh`` or ``rsqrt`` is an approximation of its own, up to 5 units in the last place off,
and another one on another processor. Here every operation of ONNX is the real number that it stands for, correctly
rounded once: functions by MPFR (Fousse et al., ACM TOMS 33, 2007; www.mpfr.org), basic operations by IEEE 754, which
every processor keeps.
"""

from hwflow.numerics.evaluate import Undefined, evaluate, is_defined, takes_time

__all__ = ["Undefined", "evaluate", "is_defined", "takes_time"]
