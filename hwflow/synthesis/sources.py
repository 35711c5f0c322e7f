"""Which files of an RTL folder a module needs: those that define it and what it instantiates, and its ROM contents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hwflow.errors import UserError

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|([A-Za-z_]\w*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Closure:
    """File names without folder, in the order given. ``libraries``: those of which only the ports are read."""

    sources: tuple[str, ...]
    memories: tuple[str, ...]
    libraries: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that takes part."""
        return (*self.libraries, *self.sources, *self.memories)


@dataclass(frozen=True, slots=True)
class _Text:
    """Of one file: the modules it defines, every identifier and every string in it."""

    defines: frozenset[str]
    words: frozenset[str]
    strings: frozenset[str]


def closure(folder: Path, sources: Sequence[str], top: str, black_boxes: Collection[str] = ()) -> Closure:
    """The files that ``top`` needs, found by name: a word equal to a module's name counts as an instance of it.

    Modules in ``black_boxes`` are not followed; their files become ``libraries``.

    Raises:
        UserError: no file defines ``top`` or a black box, or a name in ``sources`` is not a plain file name.
    """
    texts = {name: _scan(folder, name) for name in sources}
    file_of = {module: name for name, text in texts.items() for module in text.defines}
    for module in (top, *black_boxes):
        if module not in file_of:
            raise UserError(f"module {module}", f"no file in {folder} that defines it", "one that does", _REMEDY)
    needed = _reach(texts, file_of, top, black_boxes)
    libraries = {file_of[module] for module in black_boxes} - needed
    strings = frozenset[str]().union(*(texts[name].strings for name in needed | libraries))
    memories = sorted(text for text in strings if text.endswith(".hex"))
    for name in memories:
        _plain(folder, name)
    return Closure(
        tuple(name for name in sources if name in needed),
        tuple(name for name in memories if (folder / name).is_file()),
        tuple(name for name in sources if name in libraries),
    )


_REMEDY = "Write the RTL of the design again."


def _reach(
    texts: Mapping[str, _Text], file_of: Mapping[str, str], top: str, black_boxes: Collection[str]
) -> frozenset[str]:
    found, open_ = set[str](), [file_of[top]]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            used = texts[name].words & file_of.keys() - set(black_boxes)
            open_ += [file_of[module] for module in used]
    return frozenset(found)


def _scan(folder: Path, name: str) -> _Text:
    _plain(folder, name)
    words, strings = list[str](), set[str]()
    for match in _TOKEN.finditer((folder / name).read_text(errors="replace")):
        if match[2]:
            words.append(match[2])
        elif match[1]:
            strings.add(match[1])
    defines = {after for word, after in pairwise(words) if word == "module"}
    return _Text(frozenset(defines), frozenset(words), frozenset(strings))


def _plain(folder: Path, name: str) -> None:
    """A build folder may come from a stranger: its names must not lead out of it."""
    if name != Path(name).name or name.startswith("."):
        raise UserError(f"{folder}: {name!r}", "a path", "the name of a file in this folder", _REMEDY)
