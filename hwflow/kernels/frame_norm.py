"""FrameNorm: statistics over all tokens and channels of a frame, then each of them anew (GroupNorm with one group).

Wu and He, "Group Normalization", arXiv 1803.08494. A loader fills a ping-pong buffer; another actor reads the frame
once for every reduction that waits for another, and once more for the output. SIMD elements of a beat a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hwflow.ir.graph import Node
from hwflow.ir.types import FixedType
from hwflow.kernels.base import HlsCode, Kernel, beats, simd_folds, width
from hwflow.kernels.code import config
from hwflow.kernels.frame_code import FrameWriter
from hwflow.kernels.match import REDUCTIONS
from hwflow.rtl.beats import finish
from hwflow.rtl.control import every
from hwflow.rtl.module import START_PS, KernelModule, Steps
from hwflow.rtl.passes import Passes
from hwflow.rtl.rows import element_rows
from hwflow.rtl.signal import Signal, flag
from hwflow.schedule import costs
from hwflow.schedule.dataflow import Actor, Channel, Phase
from hwflow.schedule.kernel import Fold
from hwflow.schedule.resources import Resources

_BUFFERS = 2  # ping-pong
_READ_AHEAD = 2  # cycles after its write in which a token can be read


@dataclass(frozen=True)
class FrameNorm(Kernel):
    """``row`` is the input as one row, ``row_nodes`` work on it; behind them ``tail`` on ``joined``: tokens again."""

    kind = "frame_norm"
    row: str = ""
    row_nodes: tuple[Node, ...] = ()
    joined: str = ""
    tail: tuple[Node, ...] = ()

    @property
    def tokens(self) -> int:
        return beats(self.tensor(self.inputs[0]))

    @property
    def width(self) -> int:
        return width(self.tensor(self.inputs[0]))

    @cached_property
    def level(self) -> dict[str, int]:
        """The passes that must be over before each tensor of the row is known."""
        level = {self.row: 0}
        for node in self.row_nodes:
            before = max(level.get(i, 0) for i in node.inputs)
            level[node.output] = before + isinstance(node.op, REDUCTIONS)
        return level

    @property
    def passes(self) -> int:
        """Passes that measure."""
        return max(self.level.values())

    def folds(self) -> Sequence[Fold]:
        return simd_folds(self.width)

    def actors(self, fold: Fold) -> Sequence[Actor]:
        (source,), module, free, full = self.sources, self.rtl(fold), f"{self.name}.free", f"{self.name}.full"
        takes = [{source: 1}] * self.tokens
        takes[0] = {source: 1, free: 1}
        gives = [dict.fromkeys(self.sinks, 1) for _ in takes]
        gives[-1] = {**gives[-1], free: 1}
        load = [Phase(take, {full: 1} if i == self.tokens - 1 else {}) for i, take in enumerate(takes)]
        emit = [Phase({}, give, fold.cycles) for give in gives]
        measure = Phase({full: 1}, {}, module.delays["measure"])
        return [
            Actor(f"{self.name}.load", tuple(load), _READ_AHEAD),
            Actor(f"{self.name}.pass", (measure, *emit), module.depth, {free: fold.cycles}),
        ]

    def channels(self, fold: Fold) -> Sequence[Channel]:
        return [Channel(f"{self.name}.full", _BUFFERS), Channel(f"{self.name}.free", _BUFFERS, _BUFFERS)]

    def build(self, module: KernelModule, fold: Fold) -> KernelModule:
        p, steps = module.pipeline, self.tokens * fold.cycles
        free = module.credits("free", _BUFFERS, _BUFFERS, "over", "load_start && load_round_first")
        load = module.actor("load", self.tokens, 1, f"(!load_round_first || {free})", [0])
        filled = every(p, "filled", load.active, load.round_last if self.tokens > 1 else None)
        full = module.credits("full", _BUFFERS, 0, p.at(filled, 1).name, "measure_start")
        emit = module.actor("fire", self.tokens, fold.cycles, f"emit && {module.room}", [])
        step, turns, ends = self._control_nets(module, emit)
        rows = Passes(
            p, self.graph, 1, fold.simd, steps, 1, step, emit.last,
            (1, 1, steps * fold.simd), lambda values: values.reshape(steps, fold.simd), self.level, turns, ends,
        )  # fmt: skip
        rows.values[self.row] = self._buffer(module, load.active, step, fold)
        rows.run(self.row_nodes)
        after = element_rows(p, self.graph, fold.simd, (self.tokens, self.width), emit)
        after.values[self.joined] = rows.values[self.row_nodes[-1].output]
        after.run(self.tail)
        last = self.tail[-1].output if self.tail else self.joined
        finish(module, after.values[last], emit.active, fold.cycles, fold.cycles, "fire_start")
        self._control(module, full, steps, rows.ready - 1)
        return module

    def _control_nets(self, m: KernelModule, emit: Steps) -> tuple[Signal, list[Signal], list[Signal]]:
        """The step of any pass; the steps of each measuring pass, and their ends."""
        p, passes = m.pipeline, range(self.passes)
        m.nets += [
            "    logic measure_start, emit, over;",
            f"    logic [{self.passes - 1}:0] turn, ends;",
        ]
        step = p.declare(flag("step", ps=START_PS, resets=True))
        turns, ends = (
            [p.declare(flag(f"{name}{i}", ps=START_PS, resets=True)) for i in passes] for name in ("turn", "end")
        )
        p.lines += [f"    assign turn{i} = turn[{i}];" for i in passes] + [
            f"    assign end{i} = ends[{i}];" for i in passes
        ]
        p.lines.append(f"    assign step = |turn || {emit.active.name};")
        return step, turns, ends

    def _control(self, m: KernelModule, full: str, steps: int, gap: int) -> None:
        m.control += [
            f"    hwflow_passes #(.PASSES({self.passes}), .STEPS({steps}), .GAP({gap})) passes (",
            f"        .clk(clk), .rst(rst), .able({full}), .over(over), .start(measure_start),",
            "        .turn(turn), .ends(ends), .emit(emit));",
            "    assign over = fire_active && fire_last && fire_round_last;",
        ]
        m.pipeline.modules.add("hwflow_passes")
        bits = (steps + gap - 1).bit_length()
        m.pipeline.spend(Resources(lut=2 * bits + 3 * self.passes + 4, ff=bits + self.passes + 1))
        m.delays["measure"] = self.passes * (steps + gap)

    def _buffer(self, m: KernelModule, write: Signal, read: Signal, fold: Fold) -> Signal:
        """SIMD elements of the frame in turn."""
        p, token = m.pipeline, m.source(0)
        parts = fold.cycles
        cost = costs.frame_buffer(token.bits, self.tokens, parts, self.passes + 1)
        result = p.declare(Signal("frame", fold.simd, token.type, 0, cost.delay_ps))
        parameters = {
            "WIDTH": token.bits, "KEYS": self.tokens, "PE": 1, "PARTS": parts, "QUERIES": self.passes + 1, "AHEAD": 1,
        }  # fmt: skip
        ports = {"clk": "clk", "rst": "rst", "write": write.name, "token": token.name, "read": read.name, "y": "frame"}
        p.instance("hwflow_token_buffer", "frame_buffer", parameters, ports)
        p.spend(cost)
        return result

    def unrolled(self) -> tuple[Resources, int]:
        """The logic of a beat for every beat, and the way through it once for every pass."""
        resources, depth = super().unrolled()
        module = self.rtl(self.full_fold)
        return resources, depth + module.delays["measure"] - self.passes * self.tokens

    def hls(self, fold: Fold) -> HlsCode:
        writer = FrameWriter(self.name, self.graph)
        body = writer.passes(self.row_nodes, self.row, self.level)
        body += writer.element(self.tail, [self.joined], self.output)
        numbers = {"tokens": self.tokens, "width": self.width, "cycles": fold.cycles, "passes": self.passes}
        types: dict[str, FixedType] = {}
        return HlsCode(
            "frame_norm.h", "frame_norm", config(f"{self.name}_config", numbers, types, body), (), writer.tables
        )
