"""The oracle shares no code with what it checks."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import hwflow.oracle

ALLOWED = ("hwflow.errors", "hwflow.limits", "hwflow.oracle")
CHECKED = ("hwflow.onnx_import", "hwflow.ir", "hwflow.numerics", "hwflow.passes", "hwflow.verify")


def test_no_file_imports_what_it_checks() -> None:
    files = sorted(Path(hwflow.oracle.__file__).parent.glob("**/*.py"))
    assert len(files) > 8
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            own = [name for name in names if name.startswith("hwflow")]
            assert all(name.startswith(ALLOWED) for name in own), f"{file.name} imports {own}"
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{file.name} has a relative import"


def test_it_runs_without_it() -> None:
    code = f"import sys, hwflow.oracle; print([m for m in sys.modules if m.startswith({CHECKED!r})])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
