"""rtl.json: what an RTL folder says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwflow.errors import UserError
from hwflow.files import read_text

FILE = "rtl.json"
_KIND, _AGAIN = "the manifest of an RTL folder", "Build the design again."

Positive = Annotated[int, Field(ge=1)]
FileName = Annotated[str, Field(pattern=r"\A\w[\w.-]*\z")]  # never a path, never an option
Instance = Annotated[str, Field(pattern=r"\A[\w.\[\]]+\z")]
Prefix = Annotated[str, Field(pattern=r"\A[sm]_axis\w*\z")]


class ChannelRtl(BaseModel):
    """A stream in hardware. ``width`` bits a beat; ``fifo`` is the instance path below the top, if it has one."""

    model_config = ConfigDict(frozen=True)

    width: Positive
    depth: Positive
    beats: Positive
    fifo: Instance | None = None


class Manifest(BaseModel):
    """``sources`` are in the order of compilation; ``kernels`` in that of the graph.

    ``inputs`` and ``outputs``: the prefix of the signals of each port by its channel, the data first.
    """

    model_config = ConfigDict(frozen=True)

    top: Literal["hwflow_top"]
    sources: tuple[FileName, ...]
    memories: tuple[FileName, ...] = ()
    clock_mhz: float
    kernels: tuple[str, ...]
    channels: dict[str, ChannelRtl]
    inputs: dict[str, Prefix] = {"input": "s_axis"}
    outputs: dict[str, Prefix] = {"output": "m_axis"}

    @property
    def fifos(self) -> dict[str, str]:
        """Channel -> instance path of its FIFO, of those that have one."""
        return {name: channel.fifo for name, channel in self.channels.items() if channel.fifo is not None}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an RTL folder. Raises UserError if it is missing or damaged, or a source is."""
    path = folder / FILE
    try:
        manifest = Manifest.model_validate_json(read_text(path, _KIND, _AGAIN))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise _damaged(path, ".".join(map(str, (*first["loc"], first["msg"])))) from error
    for name in (*manifest.sources, *manifest.memories):
        if not (folder / name).is_file():
            raise UserError(str(folder / name), "no such file", f"a file that {FILE} names", _AGAIN)
    return manifest


def _damaged(path: Path, found: str) -> UserError:
    return UserError(str(path), found, _KIND, _AGAIN)
