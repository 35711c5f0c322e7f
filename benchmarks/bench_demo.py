"""Seconds of each step from a torch model to a verified design: export, import, schedule, verify, C simulation.

Wall-clock times of this machine; the first row also loads the libraries.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from common import export_untrained, print_table

import hwflow
from hwflow.design import Design
from hwflow.models import ZOO

MODELS = ("jet_tagger_n8", "jet_tagger_n32", "btag")
OPTIONS = {"board": "vcu118", "clock_mhz": 200.0, "latency_budget_us": 2.0}
CSIM = 1000


class Stopwatch:
    """Seconds of each step that has been begun; call it with the name of the next one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._step, self._began = "", time.perf_counter()

    def __call__(self, step: str) -> None:
        now = time.perf_counter()
        if self._step:
            self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._began
        self._step, self._began = step, now


def steps(name: str, folder: Path) -> tuple[dict[str, float], Design]:
    """Build, verify and simulate a model of the zoo."""
    watch = Stopwatch()
    watch("export")
    model = export_untrained(ZOO[name], folder / "model.onnx")
    design = hwflow.convert(
        model, output_dir=folder / "design", progress=lambda step: watch(step.partition(":")[0]), **OPTIONS
    )
    watch("csim")
    design.csim(CSIM)
    design.check()
    watch("")
    return watch.seconds, design


def main() -> None:
    """Run the steps for a few models and print."""
    table, columns = [], ()
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            seconds, design = steps(name, Path(folder))
        parity = [each for each in design.record.parity if each.stage == "reference"]
        columns = tuple(seconds)
        figures = (f"{each:.1f}" for each in seconds.values())
        table.append((name, *figures, f"{sum(seconds.values()):.1f}", len(parity), CSIM))
    title = f"Seconds of each step; every gate held (reference: all tensors of 1,000 inferences; csim: {CSIM:,})"
    print_table(title, ("model", *columns, "total", "tensors", "csim inferences"), table)


if __name__ == "__main__":
    main()
