"""The examples run from beginning to end, with tiny settings, each as a user would start it."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAINING = ("--samples", "400", "--epochs", "1")


def run(name: str, folder: Path, *options: str) -> str:
    """Standard output of an example."""
    script = ROOT / "examples" / name / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), "--folder", str(folder), "--vectors", "50", *options],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"},
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("name", "options"), [("jet_tagger_brevitas", TRAINING), ("own_model", ())])
def test_an_exact_example_passes_every_gate(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    assert "All gates hold" in run(name, tmp_path, *options)
    assert (tmp_path / "design" / "report.html").is_file()


def test_a_strangers_file_is_measured_and_never_called_exact(tmp_path: Path) -> None:
    text = run("strangers_onnx", tmp_path)
    assert "Not exact: " in text
    assert "\nexact" not in text
    assert "near-exact: " in text
    assert "differing_outputs=" in text
    assert "mismatching bits 0 bits" in text


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "examples").iterdir() if (path / f"{path.name}.py").is_file())
)
def test_every_example_has_a_readme_with_its_command(name: str) -> None:
    text = (ROOT / "examples" / name / "README.md").read_text()
    assert f"python examples/{name}/{name}.py" in text


@pytest.mark.parametrize("framework", ["brevitas", "qkeras"])
@pytest.mark.parametrize("family", ["jet_tagger", "btag", "shvit", "folded_asr"])
def test_every_family_has_an_example_in_each_framework(family: str, framework: str) -> None:
    """They are too slow to run here; what they import and how they are called is looked at."""
    name = f"{family}_{framework}"
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / name / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert set(inspect.signature(module.main).parameters) == {"folder", "samples", "epochs", "vectors"}
    assert module.train.__module__ == f"hwflow.frontends.{framework}.train"
