"""A co-simulation as a JSON document, and as tables for people."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hwflow.verify.cosim.result import CosimResult, ModeResult

if TYPE_CHECKING:
    from rich.table import Table


def document(result: CosimResult) -> dict[str, Any]:
    """All that was measured; times in cycles."""
    return {
        "frames": result.frames,
        "failures": list(result.failures),
        "wave": result.wave.name if result.wave else None,
        "runs": [_run(run) for run in result.runs],
    }


def _run(run: ModeResult) -> dict[str, Any]:
    whole = len(run.handed) > 0
    return {
        "mode": str(run.mode),
        "seed": run.mode.seed,
        "cycles": run.cycles,
        "resets": run.resets,
        "deadlock": run.deadlock,
        "latency": run.latency if whole else None,
        "first_output": run.first_output if whole else None,
        "ii": run.ii if whole else None,
        "wrong_bits": run.wrong_bits,
        "fifos": {name: asdict(use) for name, use in run.fifos.items()},
        "kernels": {name: asdict(stalls) for name, stalls in run.kernels.items()},
        "streams": [asdict(parity) for parity in run.parity],
    }


def stall_table(run: ModeResult) -> Table:
    """What each kernel waited for."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from hwflow.text import printable

    cycles = int(run.handed[-1, -1]) + 1
    table = Table("kernel", "starved", "blocked", box=SIMPLE_HEAD, title=f"Share of {cycles:,} cycles, {run.mode}")
    for name, stalls in run.kernels.items():
        table.add_row(printable(name), f"{stalls.starved / cycles:.0%}", f"{stalls.blocked / cycles:.0%}")
    return table
