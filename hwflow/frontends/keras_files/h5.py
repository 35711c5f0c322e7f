"""HDF5 from strangers: plain groups, datasets and attributes, of bounded size, in this file and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hwflow.errors import UserError
from hwflow.limits import LIMITS
from hwflow.text import printable

MAX_TEXT = 1 << 26  # bytes of a model configuration
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError)


class H5:
    """An open HDF5 file. ``subject`` names it in messages.

    Guarantees: no soft or external link is followed, no dataset is read that is stored elsewhere, virtual, filtered
    (which includes compressed) or larger than the limits; all datasets together stay within ``LIMITS.parameters``.
    """

    def __init__(self, file: h5py.File, subject: str) -> None:
        self.file, self.subject, self._read = file, subject, 0

    @classmethod
    @contextmanager
    def open(cls, source: Path | IO[bytes], subject: str) -> Iterator[H5]:
        """Open a file. UserError if it is not HDF5, or turns out to be damaged while it is read."""
        try:
            with h5py.File(source, "r") as file:
                yield cls(file, subject)
        except UserError:
            raise
        except _DAMAGED as error:
            found = f"no readable HDF5 ({printable(str(error))[:200]})"
            raise UserError(subject, found, "a file that Keras saved", "Save the model again.") from error

    def has(self, path: str) -> bool:
        """Whether there is something at ``path``, reached by plain names alone."""
        return self._find(path) is not None

    def array(self, path: str) -> NDArray[Any]:
        """A dataset of numbers."""
        node = self._find(path)
        if not isinstance(node, h5py.Dataset):
            raise self.refused(f"no dataset {printable(path)[:200]!r}", "the weights of every layer")
        self._check(node, path)
        return np.asarray(node[()])

    def text(self, attribute: str) -> str | None:
        """A text attribute of the root, or None."""
        if attribute not in self.file.attrs:
            return None
        value = self.file.attrs[attribute]
        data = value if isinstance(value, bytes) else str(value).encode()
        if len(data) > MAX_TEXT:
            raise self.refused(f"{len(data)} bytes of {attribute}", f"at most {MAX_TEXT}")
        return data.decode()

    def names(self, path: str, attribute: str) -> list[str]:
        """A list of names in an attribute, which Keras cuts into ``name0``, ``name1``, ... when it is long."""
        node = self._find(path)
        if not isinstance(node, h5py.Group):
            raise self.refused(f"no group {printable(path)[:200]!r}", "the weights of every layer")
        keys = (
            [attribute]
            if attribute in node.attrs
            else sorted(
                (k for k in node.attrs if k.removeprefix(attribute).isdigit()),
                key=lambda k: int(k.removeprefix(attribute)),
            )
        )
        values = [np.ravel(node.attrs[key]).tolist() for key in keys]
        return [v.decode() if isinstance(v, bytes) else str(v) for row in values for v in row]

    def refused(self, found: str, expected: str) -> UserError:
        """The error for this file."""
        return UserError(self.subject, found, expected, "Save the model again with Keras, into one file.")

    def _find(self, path: str) -> Any:
        node: Any = self.file
        for part in path.split("/"):
            plain = isinstance(node, h5py.Group) and part not in ("", ".", "..")
            link = node.get(part, None, getlink=True) if plain else None
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise self.refused(f"a link at {printable(path)[:200]!r}", "data in the file itself")
            node = node[part]
        return node

    def _check(self, node: h5py.Dataset, path: str) -> None:
        subject = f"{self.subject}: {printable(path)[:200]}"
        if node.shape:
            LIMITS.check_shape(subject, node.shape)
        if node.dtype.kind not in "fiu" or node.shape is None:
            raise self.refused(f"data of type {node.dtype} in {path!r}", "numbers")
        if node.external or node.is_virtual or node.id.get_create_plist().get_nfilters():
            raise self.refused(f"{path!r} stored elsewhere or compressed", "plain data in the file itself")
        self._read += node.size
        if self._read > LIMITS.parameters:
            raise self.refused(f"more than {LIMITS.parameters} numbers", f"at most {LIMITS.parameters}")
