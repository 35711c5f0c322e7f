"""The notebook is executed as it is stored, and runs again from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "notebook" / "from_training_to_report.ipynb"


def test_it_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    settings = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "EPOCHS, VECTORS, FRAMES = " in settings.source
    settings.source = (
        f"from pathlib import Path\nFOLDER, SAMPLES, EPOCHS, VECTORS, FRAMES = Path({str(tmp_path)!r}), 400, 1, 50, 10"
    )
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert (tmp_path / "design" / "report.html").is_file()


def test_it_is_stored_with_what_it_printed() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    printing = [cell for cell in notebook.cells if cell.cell_type == "code" and "print(" in cell.source]
    assert printing
    assert all(cell.outputs for cell in printing)
    text = "".join(output.get("text", "") for cell in printing for output in cell.outputs)
    assert "FAIL" not in text
    assert "pass" in text
