"""The wheel carries templates and boards, and works from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def test_templates_boards_and_licence_are_inside(unpacked: Path) -> None:
    for source, inside in (("hls_templates", "hls_templates"), ("boards", "boards")):
        expected = {p.relative_to(ROOT / source) for p in (ROOT / source).rglob("*") if p.is_file()}
        found = unpacked / "hwflow" / "_data" / inside
        assert expected == {p.relative_to(found) for p in found.rglob("*") if p.is_file()}
    assert (unpacked / "hwflow" / "py.typed").is_file()
    assert (unpacked / "hwflow" / "report" / "templates" / "report.html.j2").is_file()
    assert next(unpacked.glob("hwflow-*.dist-info/licenses/LICENSE"))


def test_the_installed_package_works_from_any_folder(unpacked: Path, tmp_path: Path) -> None:
    script = (
        "from hwflow.boards import load_board, list_boards; from hwflow.data_folder import data_folder; import hwflow;"
        "assert len(list_boards()) == 11 and load_board('kv260').part;"
        "assert (data_folder('hls_templates') / 'testbench.cpp').is_file();"
        "print(hwflow.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.startswith(str(unpacked))
