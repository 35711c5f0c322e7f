"""The module of a kernel: its ports, the actors that start its firings, the pipeline, the FIFOs of its sinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hwflow.ir.seams import SeamError
from hwflow.ir.types import FixedType
from hwflow.rtl.pipeline import FIFO_PS, Memory, Pipeline
from hwflow.rtl.signal import Signal, flag
from hwflow.schedule import costs
from hwflow.schedule.resources import Resources

START_PS = 900  # FIFO valid, the condition of a firing, its fan-out


@dataclass(frozen=True)
class Steps:
    """The steps of an actor: ``active`` marks each; ends of the firing and of the round of firings."""

    active: Signal
    first: Signal
    last: Signal
    round_first: Signal
    round_last: Signal


@dataclass
class KernelModule:
    """Text and structure of one kernel. ``depth``: cycles from the start of a firing until its beat can be seen."""

    kernel: str
    clock_mhz: float
    inputs: Sequence[tuple[int, FixedType]]
    output: tuple[int, FixedType]
    sinks: int
    title: str = ""
    nets: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    depth: int = 0

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.kernel, self.clock_mhz)

    def source(self, port: int) -> Signal:
        """The beat at an input."""
        lanes, type = self.inputs[port]
        return Signal(f"s{port}_data", lanes, type, 0, FIFO_PS)

    @property
    def room(self) -> str:
        """Every output FIFO has a free place."""
        return " && ".join(f"room{i}" for i in range(self.sinks))

    def actor(
        self,
        name: str,
        firings: int,
        cycles: int,
        able: str,
        takes: Sequence[int],
        some: Mapping[int, str] | None = None,
    ) -> Steps:
        """An actor that fires when ``able``; ``takes`` are the inputs of which each firing takes a beat.

        ``some``: inputs of which only those firings take a beat in which a net is high.
        """
        p, some = self.pipeline, some or {}
        names = ["start", "active", "round_first", "round_last", "first", "last"]
        nets = {each: f"{name}_{each}" for each in names}
        valid = [f"s{i}_valid" for i in takes] + [f"(!{net} || s{i}_valid)" for i, net in some.items()]
        condition = " && ".join([*valid, able] if able else valid)
        self.nets += [
            "    /* verilator lint_off UNUSEDSIGNAL */  // a kernel needs some of them",
            f"    logic {', '.join(nets.values())};",
            "    /* verilator lint_on UNUSEDSIGNAL */",
        ]
        self.control += [
            f"    hwflow_actor #(.FIRINGS({firings}), .CYCLES({cycles})) {name} (",
            f"        .clk(clk), .rst(rst), .able({condition}), .start({nets['start']}),",
            f"        .active({nets['active']}), .first({nets['round_first']}), .last({nets['round_last']}),",
            f"        .step_first({nets['first']}), .step_last({nets['last']}));",
            *(f"    assign s{i}_ready = {nets['start']};" for i in takes),
            *(f"    assign s{i}_ready = {nets['start']} && {net};" for i, net in some.items()),
        ]
        p.modules.add("hwflow_actor")
        p.spend(costs.actor(firings, cycles) + Resources(lut=1))
        return Steps(
            flag(nets["active"], ps=START_PS, resets=True),
            *(flag(nets[each], ps=FIFO_PS) for each in ("first", "last", "round_first", "round_last")),
        )

    def credits(self, name: str, limit: int, initial: int, give: str, take: str) -> str:
        """Tokens between two actors; the name of the net that says that one is there."""
        self.pipeline.modules.add("hwflow_credits")
        self.nets.append(f"    logic {name}_some;")
        self.control += [
            f"    hwflow_credits #(.LIMIT({limit}), .INITIAL({initial})) {name} (",
            f"        .clk(clk), .rst(rst), .give({give}), .take({take}), .some({name}_some));",
        ]
        self.pipeline.spend(Resources(lut=2, ff=limit.bit_length()))
        return f"{name}_some"

    def sink(self, beat: Signal, write: Signal, reserve: str) -> None:
        """The beat goes to every output FIFO in the cycle of ``write``, which reserved its place with ``reserve``."""
        p = self.pipeline
        if (beat.lanes, beat.type) != self.output:
            raise SeamError(
                f"{self.kernel}: {beat.lanes} x", beat.type, f"its output: {self.output[0]} x", self.output[1]
            )
        cycle = max(beat.cycle, write.cycle)
        beat, write = p.at(beat, cycle), p.at(write, cycle)
        p.modules.add("hwflow_fifo")
        for i in range(self.sinks):
            p.lines += [
                f"    hwflow_fifo #(.WIDTH({beat.bits}), .DEPTH(DEPTH{i})) fifo{i} (",
                f"        .clk(clk), .rst(rst), .room(room{i}), .reserve({reserve}), .write({write.name}), "
                f".wdata({beat.name}),",
                f"        .m_valid(m{i}_valid), .m_ready(m{i}_ready), .m_data(m{i}_data));",
            ]

    @property
    def resources(self) -> Resources:
        """All but the FIFOs."""
        return self.pipeline.total

    @property
    def memories(self) -> list[Memory]:
        """Contents of its read-only memories."""
        return self.pipeline.memories

    def text(self, depths: Sequence[int]) -> str:
        """SystemVerilog, with the FIFO depths as defaults of the module's parameters."""
        lines = [f"// {line}" for line in self.title.splitlines()]
        lines.append(f"// What a firing makes can be seen {self.depth} cycles after its start.")
        lines += [f"// Before that, {name}: {cycles} cycles." for name, cycles in self.delays.items()]
        parameters = ", ".join(f"parameter int DEPTH{i} = {depth}" for i, depth in enumerate(depths))
        lines += [f"module {self.kernel} #({parameters}) (", "    input  logic clk,", "    input  logic rst,"]
        ports: list[str] = []
        for i, (lanes, type) in enumerate(self.inputs):
            ports += _stream("input ", "output", f"s{i}", lanes * type.width)
        for i in range(self.sinks):
            ports += _stream("output", "input ", f"m{i}", self.output[0] * self.output[1].width)
        lines += [*(f"{port}," for port in ports[:-1]), ports[-1], ");"]
        lines += [f"    logic {', '.join(f'room{i}' for i in range(self.sinks))};"]
        nets, body = self.pipeline.finish()
        return "\n".join([*lines, *self.nets, *nets, *self.control, *body, "endmodule", ""])


def _stream(to: str, back: str, name: str, bits: int) -> list[str]:
    vector = f"[{bits - 1}:0] " if bits > 1 else ""
    return [f"    {to} logic {name}_valid", f"    {back} logic {name}_ready", f"    {to} logic {vector}{name}_data"]
