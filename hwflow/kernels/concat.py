"""Concat: the beats of several streams joined, or the beats of one stream after the other; constants among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from hwflow.ir.graph import IntArray, Tensor
from hwflow.ir.ops import Concat as ConcatOp
from hwflow.kernels.base import HeadKernel, HlsCode, beats, width
from hwflow.kernels.code import config
from hwflow.kernels.route import dense, phases, tabulate
from hwflow.rtl.beats import finish
from hwflow.rtl.control import every, hold
from hwflow.rtl.module import KernelModule, Steps
from hwflow.rtl.rows import flags, recurring
from hwflow.rtl.signal import Signal
from hwflow.rtl.wires import join, resize, select
from hwflow.schedule.dataflow import Actor
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources


@dataclass(frozen=True)
class Concat(HeadKernel):
    """``head`` is the Concat; ``inputs`` are those of its operands that are no constants, in order."""

    kind = "concat"
    function: ClassVar[str]

    @property
    def operands(self) -> list[Tensor]:
        """What is joined, constants included."""
        return self.graph.inputs_of(self.core)

    @property
    def streams(self) -> list[int]:
        """The operand of each port."""
        return [number for number, t in enumerate(self.operands) if not t.is_constant]

    def folds(self) -> Sequence[Fold]:
        return [Fold(1, 1, 1)]

    def unrolled(self) -> tuple[Resources, int]:
        """Wires."""
        return Resources(), 0

    @cached_property
    def constant(self) -> IntArray:
        """The frame out, zero where a stream brings it: (beats, width)."""
        output = self.tensor(self.output)
        arrays = [np.zeros((1, *t.shape), np.int64) if t.values is None else t.values for t in self.operands]
        frame: IntArray = self.core.op.evaluate(self.operands, arrays, output).reshape(beats(output), width(output))
        return frame

    def _port(self, m: KernelModule, port: int) -> Signal:
        """A stream in the type of the result."""
        x, type = m.source(port), self.tensor(self.output).type
        shift = type.frac - x.type.frac
        same = shift == 0 and type.width == x.type.width
        return replace(x, type=type) if same else resize(m.pipeline, f"operand{port}", x, type, shift)

    def _code(self, tables: dict[str, IntArray]) -> HlsCode:
        """With ``CONFIG::constant(beat, n)`` for what no stream brings."""
        output = self.tensor(self.output)
        constant = dense(self.name, self.constant, output.type)
        functions = tabulate(self.name, tables)
        numbers = {"beats": beats(output), "out": width(output)}
        text = config(f"{self.name}_config", numbers, {}, functions.text + constant.text)
        return HlsCode("concat.h", self.function, text, (), (*functions.weights, *constant.weights))


@dataclass(frozen=True)
class ConcatChannels(Concat):
    """Takes a beat of every stream and joins them."""

    function = "concat_channels"

    def actors(self, fold: Fold) -> Sequence[Actor]:
        moves = [(dict.fromkeys(self.sources, 1), dict.fromkeys(self.sinks, 1))]
        return [Actor(self.name, phases(moves), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p = module.pipeline
        steps = module.actor("fire", 1, 1, module.room, range(len(self.inputs)))
        parts = []
        for number, (operand, start) in enumerate(zip(self.operands, self.offsets, strict=True)):
            if operand.is_constant:
                words = self.constant[:, start : start + width(operand)]
                parts.append(recurring(p, f"constant{number}", words, self.tensor(self.output).type, steps.active))
            else:
                parts.append(self._port(module, self.streams.index(number)))
        finish(module, join(p, "joined", parts), steps.active, 1, 1, "fire_start")
        return module

    @property
    def offsets(self) -> IntArray:
        """The first element of each operand in a beat out."""
        return np.cumsum([0, *(width(t) for t in self.operands[:-1])])

    def hls(self, fold: Fold) -> HlsCode:
        widths = np.array([width(t) for t in self.operands])
        return self._code({"width": widths[self.streams], "offset": self.offsets[self.streams]})


@dataclass(frozen=True)
class ConcatTokens(Concat):
    """Takes the beats of the streams in turn.

    Every frame starts with a beat that is taken, also when its first tokens are constants: it is kept until its turn.
    """

    function = "concat_tokens"

    @cached_property
    def ports(self) -> IntArray:
        """The port that each beat out comes from; for a constant the number of ports."""
        assert isinstance(self.core.op, ConcatOp)
        number = {operand: port for port, operand in enumerate(self.streams)}
        each = [np.full(t.shape[:-1], number.get(i, len(number))) for i, t in enumerate(self.operands)]
        ports: IntArray = np.concatenate(each, axis=self.core.op.axis + 1).ravel()
        return ports

    @property
    def early(self) -> int:
        """The beat out whose beat in is taken with the first one: 0 but for constants in front."""
        return int((self.ports < len(self.inputs)).argmax())

    @cached_property
    def takes(self) -> IntArray:
        """Whether port p takes a beat for beat i out: (beats, ports)."""
        takes: IntArray = (self.ports[:, None] == np.arange(len(self.inputs))).astype(np.int64)
        takes[[0, self.early]] = takes[[self.early, 0]]
        return takes

    def actors(self, fold: Fold) -> Sequence[Actor]:
        taken = [{self.sources[port]: 1 for port in np.flatnonzero(row)} for row in self.takes]
        moves = [(each, dict.fromkeys(self.sinks, 1)) for each in taken]
        return [Actor(self.name, phases(moves), self.rtl(fold).depth)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        several = len(self.inputs) > 1
        some = {port: f"takes[{port}]" if several else "takes" for port in range(len(self.inputs))}
        steps = module.actor("fire", len(self.ports), 1, module.room, [], some)
        flags(module.pipeline, "takes", self.takes, steps.active)
        finish(module, self._in_turn(module, steps), steps.active, 1, 1, "fire_start")
        return module

    def _in_turn(self, m: KernelModule, steps: Steps) -> Signal:
        """The stream in turn, the beat that came too early as one more; constants are zero while there is one."""
        p, choices = m.pipeline, [self._port(m, port) for port in range(len(self.inputs))]
        turns = np.where(self.ports < len(choices), self.ports, -1)
        if self.early:
            kept = hold(p, "early", choices[turns[self.early]], every(p, "taken", steps.active, steps.round_first))
            turns[self.early] = len(choices)
            choices.append(replace(kept, cycle=0))
        turn = flags(p, "turn", turns[:, None] == np.arange(len(choices)), steps.active)
        constant = recurring(p, "constant", self.constant, choices[0].type, steps.active)
        return select(p, "in_turn", turn, choices, constant)

    def hls(self, fold: Fold) -> HlsCode:
        return self._code({"turn": self.ports})
