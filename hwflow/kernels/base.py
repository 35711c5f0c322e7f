"""What every kernel has: the integer nodes it covers, its stream ports, its timing, resources and HLS code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from hwflow.ir.graph import Graph, IntArray, Node, Tensor
from hwflow.ir.types import FixedType
from hwflow.rtl.module import KernelModule
from hwflow.schedule.dataflow import Actor, Channel
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources

_MODULES = 2


@dataclass(frozen=True, slots=True)
class HlsWeight:
    """A constant array of the generated code. ``name`` is unique in the project."""

    name: str
    values: IntArray
    type: FixedType


@dataclass(frozen=True, slots=True)
class HlsCode:
    """How a kernel is called: the function of a header in ``hls_templates/hwflow``, its CONFIG and its constants.

    ``weights`` are the constants that the function takes as arguments; ``tables`` those that CONFIG reads by name.
    """

    header: str
    function: str
    config: str
    weights: tuple[HlsWeight, ...] = ()
    tables: tuple[HlsWeight, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """A group of integer nodes with streams in and one stream out (a fork has several).

    ``inputs`` and ``output`` are tensor ids; ``sources`` and ``sinks`` the channels that carry them, in port order.
    A tensor of shape (..., D) streams as beats of D elements in row-major order.
    """

    kind: ClassVar[str]
    name: str
    graph: Graph = field(repr=False)
    nodes: tuple[Node, ...] = field(repr=False)
    inputs: tuple[str, ...]
    output: str
    clock_mhz: float = 200.0
    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()

    def tensor(self, id: str) -> Tensor:
        """A tensor of the graph."""
        return self.graph.tensors[id]

    @property
    def macs(self) -> int:
        """Multiply-accumulates per frame."""
        return 0

    def folds(self) -> Sequence[Fold]:
        """Every legal fold."""
        raise NotImplementedError

    def actors(self, fold: Fold) -> Sequence[Actor]:
        """The dataflow actors under a fold."""
        raise NotImplementedError

    def channels(self, fold: Fold) -> Sequence[Channel]:
        """Channels inside the kernel."""
        return ()

    def resources(self, fold: Fold) -> Resources:
        """Everything inside the kernel but the FIFOs of its sinks, counted from its RTL."""
        return self.rtl(fold).resources

    def rtl(self, fold: Fold) -> KernelModule:
        """The RTL module; those of the last few folds are kept, for their constants may be large."""
        if fold not in self._modules:
            if len(self._modules) == _MODULES:
                del self._modules[next(iter(self._modules))]
            self._modules[fold] = self.build(self.module(fold), fold)
        return self._modules[fold]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        """Fill the module with actors, pipeline and sink."""
        raise NotImplementedError

    @cached_property
    def _modules(self) -> dict[Fold, KernelModule]:
        return {}

    def module(self, fold: Fold) -> KernelModule:
        """The empty module with its ports."""
        inputs, out = [self.tensor(i) for i in self.inputs], self.tensor(self.output)
        given = "; ".join(f"{beats(t)} beats of {width(t)} x {t.type}" for t in inputs)
        title = f"{self.kind}: {given} -> {beats(out)} beats of {width(out)} x {out.type} a frame.\n"
        title += f"PE {fold.pe}, SIMD {fold.simd}: a firing every {fold.cycles} cycles at most."
        ports = [(width(t), t.type) for t in inputs]
        return KernelModule(self.name, self.clock_mhz, ports, (width(out), out.type), max(1, len(self.sinks)), title)

    @property
    def full_fold(self) -> Fold:
        """The fold that does a beat at once."""
        return min(self.folds(), key=lambda fold: (fold.cycles, -fold.pe * fold.simd))

    def unrolled(self) -> tuple[Resources, int]:
        """For io_parallel: the logic of a beat once for every beat of a frame, and its pipeline stages."""
        module = self.rtl(self.full_fold)
        return beats(self.tensor(self.output)) * module.resources, module.depth

    def hls(self, fold: Fold) -> HlsCode:
        """The generated code."""
        raise NotImplementedError


@dataclass(frozen=True)
class HeadKernel(Kernel):
    """A kernel around one node, a product or a reduction, with the element-wise nodes behind it as its tail."""

    head: Node | None = None
    tail: tuple[Node, ...] = ()

    @property
    def core(self) -> Node:
        """The head; a kernel of this kind is never without."""
        assert self.head is not None
        return self.head


def beats(tensor: Tensor) -> int:
    """Beats of a frame of the tensor."""
    return math.prod(tensor.shape[:-1])


def width(tensor: Tensor) -> int:
    """Elements of a beat."""
    return tensor.shape[-1] if tensor.shape else 1


def divisors(number: int) -> list[int]:
    """Divisors in ascending order."""
    small = [n for n in range(1, math.isqrt(number) + 1) if number % n == 0]
    return sorted({*small, *(number // n for n in small)})


def simd_folds(elements: int) -> list[Fold]:
    """Folds of a kernel that works through the elements of a beat, SIMD of them a cycle."""
    return [Fold(1, simd, elements // simd) for simd in divisors(elements)]
