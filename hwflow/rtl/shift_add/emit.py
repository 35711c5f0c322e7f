"""SystemVerilog of a graph of adders: a line each, level by level, with registers between levels.

The sums are kept: Yosys would merge chains of adders into carry-save form, for 8 to 15 % more LUTs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hwflow.ir.types import FixedType
from hwflow.rtl.shift_add.graph import Adder, AdderGraph, Term
from hwflow.rtl.shift_add.stages import Stages


def emit(
    graph: AdderGraph, name: str, input_type: FixedType, output_type: FixedType, registers: Iterable[int] = ()
) -> str:
    """The text of a module with ports ``clk``, ``x`` (K elements) and ``y`` (N elements), element 0 lowest.

    Args:
        registers: levels after which a register stands; y belongs to the x of that many cycles before.

    Raises:
        ValueError: a type does not hold the range of the inputs or of an output, or there is no such level.
    """
    _check(graph, input_type, output_type)
    stages = Stages.of(graph, registers)
    body = [*_inputs(stages, input_type), *_levels(stages), *_outputs(stages, output_type)]
    return "\n".join([*_head(stages, name, input_type, output_type), *body, "endmodule", ""])


def _check(graph: AdderGraph, input_type: FixedType, output_type: FixedType) -> None:
    for k, bounds in enumerate(graph.inputs):
        if not input_type.holds(*bounds):
            raise ValueError(f"emit: input {k} in {bounds} does not fit {input_type}")
    for n, output in enumerate(graph.outputs):
        low, high = graph.bounds(output.value) if output else (0, 0)
        shift = output.shift if output else 0
        if not output_type.holds(low << shift, high << shift):
            raise ValueError(f"emit: output {n} in {(low << shift, high << shift)} does not fit {output_type}")


def _head(stages: Stages, name: str, input_type: FixedType, output_type: FixedType) -> Iterator[str]:
    graph = stages.graph
    k, n = len(graph.inputs), len(graph.outputs)
    where = f"registers after levels {', '.join(map(str, stages.registers))}" if stages.registers else "no register"
    yield f"// Constant matrix {k} x {n} times x: {len(graph.adders)} adders on {graph.levels} levels, {where}."
    yield f"// x<k>: element k of x; s<i>: a sum; ..._<c>: the same c cycles later. II = 1, latency {stages.cycles}."
    yield f"module {name} ("
    yield "    input  logic clk,"
    yield f"    input  logic [{k * input_type.width - 1}:0] x,  // {k} x {input_type}"
    yield f"    output logic [{n * output_type.width - 1}:0] y   // {n} x {output_type}"
    yield ");"


def _inputs(stages: Stages, type: FixedType) -> Iterator[str]:
    graph = stages.graph
    unused = [] if stages.registers else ["clk"]
    for k in range(len(graph.inputs)):
        own = graph.type(k).width if k in graph.used else 0
        if own:
            yield f"    wire {_vector(graph.type(k))} x{k} = x[{_range(k * type.width, own)}];"
        if own < type.width:
            unused.append(f"x[{_range(k * type.width + own, type.width - own)}]")
    if unused:
        yield f"    wire unused = &{{1'b0, {', '.join(unused)}}};"


def _levels(stages: Stages) -> Iterator[str]:
    graph = stages.graph
    for level in range(graph.levels + 1):
        if level:
            yield f"    // level {level}"
        for index, adder in enumerate(graph.adders):
            if adder.level == level:
                value = len(graph.inputs) + index
                yield f"    (* keep *) wire {_vector(graph.type(value))} s{index} = {_sum(stages, adder, value)};"
        for cycle in range(stages.cycle(level) + 1, stages.cycle(level + 1) + 1):
            yield from _registers(stages, cycle)


def _sum(stages: Stages, adder: Adder, value: int) -> str:
    """Both operands in the width of the sum, which is exact modulo 2**width."""
    width, cycle = stages.graph.type(value).width, stages.cycle(adder.level)
    a, b = (_operand(stages, term, width, cycle) for term in (adder.a, adder.b))
    if adder.a.negative:
        return f"{b} - {a}"
    return f"{a} {'-' if adder.b.negative else '+'} {b}"


def _operand(stages: Stages, term: Term, width: int, cycle: int) -> str:
    text = f"{width}'({_name(stages, term.value, cycle)})"
    return f"({text} << {term.shift})" if term.shift else text


def _name(stages: Stages, value: int, cycle: int) -> str:
    """Of a value as it is seen in a cycle."""
    inputs = len(stages.graph.inputs)
    name = f"x{value}" if value < inputs else f"s{value - inputs}"
    wait = cycle - stages.cycle(stages.graph.level(value))
    return f"{name}_{wait}" if wait else name


def _registers(stages: Stages, cycle: int) -> Iterator[str]:
    """All values that are carried into a cycle."""
    graph = stages.graph
    carried = [v for v, wait in sorted(stages.waits.items()) if 0 < cycle - stages.cycle(graph.level(v)) <= wait]
    yield f"    // cycle {cycle}"
    yield from (f"    logic {_vector(graph.type(v))} {_name(stages, v, cycle)};" for v in carried)
    yield "    always_ff @(posedge clk) begin"
    yield from (f"        {_name(stages, v, cycle)} <= {_name(stages, v, cycle - 1)};" for v in carried)
    yield "    end"


def _outputs(stages: Stages, type: FixedType) -> Iterator[str]:
    yield "    // outputs"
    for n, output in enumerate(stages.graph.outputs):
        text = _operand(stages, output, type.width, stages.cycles) if output else "'0"
        yield f"    assign y[{_range(n * type.width, type.width)}] = {text};"


def _vector(type: FixedType) -> str:
    return f"{'signed ' if type.signed else ''}[{type.width - 1}:0]"


def _range(low: int, bits: int) -> str:
    return f"{low + bits - 1}:{low}"
