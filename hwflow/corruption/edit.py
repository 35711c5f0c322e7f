"""Ways to change one thing in a file of a build folder; Absent where there is nothing of the kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper


class Absent(Exception):
    """The design has nothing of the kind."""


def first(folder: Path, pattern: str, text: str = "") -> Path:
    """The first file that matches, with ``text`` in it."""
    for path in sorted(folder.glob(pattern)):
        if re.search(text, path.read_text()):
            return path
    raise Absent


def substitute(path: Path, pattern: str, new: Callable[[re.Match[str]], str]) -> None:
    """Replace the first match that ``new`` changes."""
    text = path.read_text()
    for match in re.finditer(pattern, text):
        if (changed := new(match)) != match[0]:
            path.write_text(text[: match.start()] + changed + text[match.end() :])
            return
    raise Absent


def more(pattern: str, by: int, least: int = 1) -> Callable[[Path], None]:
    """A number, the first group of a match in a file, with something added to it."""

    def change(path: Path) -> None:
        def new(match: re.Match[str]) -> str:
            value = int(match[1]) + by
            at = match.start(1) - match.start()
            return match[0][:at] + str(value) + match[0][at + len(match[1]) :] if value >= least else match[0]

        substitute(path, pattern, new)

    return change


def decimal(path: Path, index: int) -> None:
    """A number of a list with commas, behind the brace of a C++ array if there is one."""
    text = path.read_text()
    start = text.index("{") + 1 if path.suffix == ".h" else 0
    end = text.index("}") if path.suffix == ".h" else len(text)
    numbers = text[start:end].split(",")
    value = float(numbers[index])
    numbers[index] = f" {value / 2 if value else 0.5:.8f}"
    path.write_text(text[:start] + ",".join(numbers) + text[end:])


def word(path: Path, index: int) -> None:
    """The lowest bit of a word of a memory."""
    lines = path.read_text().split("\n")
    lines[index] = lines[index][:-1] + f"{int(lines[index][-1], 16) ^ 1:x}"
    path.write_text("\n".join(lines))


def document(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Something of a JSON object."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=1))


def arrays(path: Path, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """Something of an .npz file."""
    with np.load(path, allow_pickle=False) as file:
        content = {name: file[name].copy() for name in file.files}
    change(content)
    np.savez_compressed(path, **content)


def initializer(path: Path) -> None:
    """A number of the largest constant of an ONNX file."""
    model = onnx.load(path)
    tensor = max(model.graph.initializer, key=lambda each: int(np.prod(each.dims)))
    values = numpy_helper.to_array(tensor).copy()
    values.flat[int(np.argmax(values != 0))] = 0
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)
