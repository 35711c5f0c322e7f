"""Says of a program in a build folder that this user's hwflow built it, and from what.

The folder may come from a stranger, who knows as well as hwflow what a key is made of: a program that is only named
right must not run. So the stamp is made with a secret that never leaves the user's cache folder.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from hwflow.files import sha256_file, write_atomic
from hwflow.synthesis.cache import cache_folder

_BYTES = 32


def stamp_of(key: str, program: Path) -> str:
    """The stamp, in hexadecimal. ``key``: the hash of all that the program is made from."""
    return hmac.new(_secret(), f"{key} {sha256_file(program)}".encode(), "sha256").hexdigest()


def is_stamped(key: str, program: Path, stamp: Path) -> bool:
    """Whether the program is there, and the file ``stamp`` holds its stamp."""
    try:
        return hmac.compare_digest(stamp.read_bytes(), stamp_of(key, program).encode())
    except OSError:
        return False


def _secret() -> bytes:
    path = cache_folder("stamps") / "secret"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.is_file() or path.stat().st_size != _BYTES:
        old = os.umask(0o077)
        try:
            write_atomic(path, secrets.token_bytes(_BYTES))
        finally:
            os.umask(old)
    return path.read_bytes()
