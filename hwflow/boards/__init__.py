"""Boards: what chip they carry and how much of it a design may use. One TOML file each, data only."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwflow.data_folder import data_folder
from hwflow.errors import UserError
from hwflow.files import read_text
from hwflow.schedule.resources import Resources

# A board file is 20 lines; it may come from a stranger, and "a.a.a..." takes memory with the square of its length.
_MAX_BYTES = 8 * 1024

Count = Annotated[int, Field(ge=0, le=100_000_000)]
# These reach Tcl and HTML: a few harmless characters, matched from the very start to the very end.
Part = Annotated[str, Field(pattern=r"\Axc[a-z0-9]{2,15}-[a-z0-9]{3,12}-[1-3][A-Z]{0,3}(-[a-z]{1,2}){0,2}\z")]
Title = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9 .+_-]{0,63}\z")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ChipResources(_Data):
    """What the whole chip has. ``bram36`` counts blocks of 36 Kb, ``uram`` of 288 Kb."""

    lut: Annotated[int, Field(ge=1, le=100_000_000)]
    ff: Annotated[int, Field(ge=1, le=200_000_000)]
    bram36: Count
    uram: Count
    dsp: Count


class Board(_Data):
    """A board. ``clock_mhz`` is the default clock; ``usable_share`` what a design may take of each resource.

    ``host``: "axi" (processor beside the logic), "pcie" (bare card), "pcie-shell" (card with a vendor shell)
    or "none". ``slrs``: dies on the interposer; a kernel should not straddle two.
    """

    name: Title
    part: Part
    family: Literal["zynquplus", "zynquplusRFSOC", "virtexuplus", "virtexuplusHBM", "kintexuplus", "artixuplus"]
    slrs: Annotated[int, Field(ge=1, le=8)]
    usable_share: Annotated[float, Field(gt=0.0, le=1.0)]
    clock_mhz: Annotated[float, Field(ge=1.0, le=1000.0)]
    host: Literal["axi", "pcie", "pcie-shell", "none"]
    resources: ChipResources

    @cached_property
    def usable(self) -> Resources:
        """What a design may use, rounded down."""
        chip, share = self.resources, self.usable_share
        counts = (chip.lut, chip.ff, chip.dsp, 2 * chip.bram36, chip.uram)
        return Resources(*(int(count * share) for count in counts))


def list_boards() -> list[str]:
    """The ids of the boards that come with hwflow, sorted."""
    return sorted(_shipped())


def load_board(name_or_path: str | Path) -> Board:
    """A board by id ("zcu102") or from a TOML file of the user's own. Raises UserError."""
    shipped = _shipped()
    known = shipped.get(str(name_or_path).lower())
    if known is not None:
        return _read(known)
    if str(name_or_path).endswith(".toml"):
        return _read(Path(name_or_path))
    raise _unknown(str(name_or_path), sorted(shipped))


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in data_folder("boards").glob("*.toml")}


def _unknown(name: str, known: Sequence[str]) -> UserError:
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.0)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UserError("board", repr(name), f"one of {', '.join(known)}", f"{hint}A TOML file of your own works too.")


def _read(path: Path) -> Board:
    text = read_text(path, "a short TOML file", _REMEDY, _MAX_BYTES, named=True)
    try:
        data: dict[str, Any] = tomllib.loads(text)
        return Board.model_validate(data)
    except ValidationError as error:
        raise _invalid(path, error) from error
    except (ValueError, RecursionError) as error:  # no TOML, or a number of thousands of digits; nested too deep
        raise UserError(f"board file {str(path)!r}", f"no valid TOML ({error})", "TOML", _REMEDY) from error


def read_board(path: Path) -> Board:
    """The board in a build folder, in JSON. Raises UserError."""
    try:
        return Board.model_validate_json(read_text(path, "a board", max_bytes=_MAX_BYTES))
    except ValidationError as error:
        raise _invalid(path, error) from error


_REMEDY = "See boards/zcu102.toml for a complete example."


def _invalid(path: Path, error: ValidationError) -> UserError:
    first = error.errors(include_url=False, include_context=False)[0]
    key = ".".join(str(step) for step in first["loc"])
    found = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
    return UserError(f"board file {str(path)!r}, key {key}", found, first["msg"], _REMEDY)
