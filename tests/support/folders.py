"""Build folders without a design: files that only have to be there and to be those that the record names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hwflow import record as r
from hwflow.files import sha256_file
from hwflow.record.evidence import FILES
from hwflow.record.storage import seal


def fill(folder: Path, record: r.BuildRecord) -> r.BuildRecord:
    """Write what ``folder`` lacks; the record with the hashes of what is there, on which all of its results rest."""
    for name in (*FILES, "hls/firmware/top.cpp", "rtl/top.sv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / name).exists():
            (folder / name).write_text(f"{name}\n")
    inputs = {name: sha256_file(folder / name) for name in FILES}
    return r.anchored(record.model_copy(update={"inputs": inputs, "artefacts": r.hashes(folder)}))


def edit_record(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit build.json as an attacker would who seals it again."""
    document = json.loads((folder / r.FILE).read_text())
    del document["seal"]
    change(document)
    (folder / r.FILE).write_bytes(seal(json.dumps(document, indent=1)))
