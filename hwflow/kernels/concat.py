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
from hwflow.rtl.arithmetic import join, resize, select
from hwflow.rtl.beats import finish, keep
from hwflow.rtl.module import KernelModule, Steps
from hwflow.rtl.pipeline import Pipeline
from hwflow.rtl.rows import flags, recurring
from hwflow.rtl.signal import Signal
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

    def _words(self, number: int) -> IntArray:
        """A constant operand, a word for each beat out."""
        raise NotImplementedError

    def _operands(self, m: KernelModule, steps: Steps) -> list[Signal]:
        """Every operand as it comes, in the type of the result."""
        p, type, found = m.pipeline, self.tensor(self.output).type, []
        for number, operand in enumerate(self.operands):
            if operand.is_constant:
                x = recurring(p, f"constant{number}", self._words(number), operand.type, steps.active)
            else:
                x = m.source(self.streams.index(number))
            shift = type.frac - operand.type.frac
            same = shift == 0 and type.width == operand.type.width
            found.append(replace(x, type=type) if same else resize(p, f"operand{number}", x, type, shift))
        return found

    def _code(self, tables: dict[str, IntArray]) -> HlsCode:
        """With ``CONFIG::constant(beat, n)`` for what no stream brings."""
        output = self.tensor(self.output)
        arrays = [np.zeros((1, *t.shape), np.int64) if t.values is None else t.values for t in self.operands]
        constant = dense(self.name, self.core.op.evaluate(self.operands, arrays, output)[0], output.type)
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

    def _words(self, number: int) -> IntArray:
        values = self.operands[number].values
        assert values is not None
        return values.reshape(-1, values.shape[-1])

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        steps = module.actor("fire", 1, 1, module.room, range(len(self.inputs)))
        beat = join(module.pipeline, "joined", self._operands(module, steps))
        finish(module, beat, steps.active, 1, 1, "fire_start")
        return module

    def hls(self, fold: Fold) -> HlsCode:
        widths = [width(t) for t in self.operands]
        offsets = np.cumsum([0, *widths])[self.streams]
        return self._code({"width": np.array(widths)[self.streams], "offset": offsets})


@dataclass(frozen=True)
class ConcatTokens(Concat):
    """Takes the beats of the streams in turn.

    Every frame starts with a beat that is taken, also when its first tokens are constants: it is kept until its turn.
    """

    function = "concat_tokens"

    @cached_property
    def turns(self) -> IntArray:
        """The operand that each beat out comes from."""
        assert isinstance(self.core.op, ConcatOp)
        marks = [np.full(t.shape[:-1], number) for number, t in enumerate(self.operands)]
        turns: IntArray = np.concatenate(marks, axis=self.core.op.axis + 1).ravel()
        return turns

    @property
    def early(self) -> int:
        """The beat out whose beat in is taken with the first one: 0 but for constants in front."""
        return int(np.isin(self.turns, self.streams).argmax())

    @cached_property
    def takes(self) -> IntArray:
        """Whether port p takes a beat for beat i out: (beats, ports)."""
        takes: IntArray = (self.turns[:, None] == np.array(self.streams)).astype(np.int64)
        takes[[0, self.early]] = takes[[self.early, 0]]
        return takes

    def actors(self, fold: Fold) -> Sequence[Actor]:
        taken = [{self.sources[port]: 1 for port in np.flatnonzero(row)} for row in self.takes]
        moves = [(each, dict.fromkeys(self.sinks, 1)) for each in taken]
        return [Actor(self.name, phases(moves), self.rtl(fold).depth)]

    def _words(self, number: int) -> IntArray:
        """Where another operand is in turn, the last word."""
        values = self.operands[number].values
        assert values is not None
        words: IntArray = values.reshape(-1, values.shape[-1])[np.maximum(0, np.cumsum(self.turns == number) - 1)]
        return words

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        several = len(self.inputs) > 1
        some = {port: f"takes[{port}]" if several else "takes" for port in range(len(self.inputs))}
        steps = module.actor("fire", len(self.turns), 1, module.room, [], some)
        flags(module.pipeline, "takes", self.takes, steps.active)
        beat = self._in_turn(module.pipeline, self._operands(module, steps), steps)
        finish(module, beat, steps.active, 1, 1, "fire_start")
        return module

    def _in_turn(self, p: Pipeline, operands: list[Signal], steps: Steps) -> Signal:
        """The operand in turn; the beat that came too early as one more."""
        turns = self.turns.copy()
        if self.early:
            operands = [*operands, keep(p, operands[turns[self.early]], steps.round_first)]
            turns[self.early] = len(operands) - 1
        turn = flags(p, "turn", turns[:, None] == np.arange(len(operands)), steps.active)
        return select(p, "in_turn", turn, operands)

    def hls(self, fold: Fold) -> HlsCode:
        """Constants are in turn where no port is."""
        ports = [self.streams.index(n) if n in self.streams else len(self.streams) for n in self.turns.tolist()]
        return self._code({"turn": np.array(ports)})
