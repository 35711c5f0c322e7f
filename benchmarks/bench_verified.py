"""From model.onnx to a verified design: build, 1,000 vectors of csim, 100 frames of cosim with stalls, report.

For ``jet_tagger`` N = 8, streaming, on VCU118 at 200 MHz with a budget of 2 us. Prints the seconds of each step.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import export_untrained, print_table

import hwflow
from hwflow.models import ZOO


def timed(rows: list[tuple[str, str]], title: str, step: Callable[[], Any]) -> Any:
    """Run a step and add its row."""
    start = time.perf_counter()
    result = step()
    rows.append((title, f"{time.perf_counter() - start:.1f}"))
    return result


def main() -> None:
    """Build, verify, print."""
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        model = export_untrained(ZOO["jet_tagger_n8"], Path(folder) / "model.onnx")
        begin = time.perf_counter()
        design = timed(
            rows, "build", lambda: hwflow.convert(model, output_dir=Path(folder) / "d", latency_budget_us=2.0)
        )
        timed(rows, "csim, 1,000 vectors", lambda: design.csim(1000))
        timed(rows, "cosim, 100 frames, nominal and with stalls", lambda: design.cosim(100, ("nominal", "stalls")))
        design.check()
        rows.append(("all, report included", f"{time.perf_counter() - begin:.1f}"))
    print_table("jet_tagger N = 8, from model.onnx to a verified design", ("step", "seconds"), rows)


if __name__ == "__main__":
    main()
