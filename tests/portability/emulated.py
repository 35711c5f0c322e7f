"""Compares what must be the same bits with an older processor, emulated: ``python -m tests.portability.emulated``.

Needs ``qemu-x86_64`` (Debian's package qemu-user). Arguments are CPU models of qemu. The frameworks are left out:
TensorFlow needs AVX, and either takes many minutes to start there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hwflow.frontends.brevitas.export import export_qonnx

from .blocks import SHAPE, torch_model
from .test_settings import ROOT, functions_model

MODELS = ("Nehalem", "Haswell")


def bits(folder: Path, emulator: list[str]) -> dict[str, Any]:
    command = [*emulator, sys.executable, "-W", "ignore", "-m", "tests.portability.bits", str(folder)]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(emulator) or 'native'}: {run.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main(models: list[str]) -> int:
    """2 if a model gives other bits than this processor."""
    qemu = shutil.which("qemu-x86_64")
    if qemu is None:
        sys.exit("qemu-x86_64 is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        functions_model(folder).rename(folder / "model_functions.onnx")
        export_qonnx(torch_model(), folder / "model_blocks.onnx", SHAPE)
        here = bits(folder, [])
        same = True
        for model in models:
            found = bits(folder, [qemu, "-cpu", model])
            differ = [name for name in here if found[name] != here[name]]
            same &= not differ
            print(f"{model}: {'other bits of ' + ', '.join(differ) if differ else 'the same bits'}", flush=True)
    return 0 if same else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(MODELS)))
