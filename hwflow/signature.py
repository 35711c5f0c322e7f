"""Signatures that only this user's hwflow can make: of what it wrote into a folder that may come back from elsewhere.

A stranger knows as well as hwflow what a hash is made of. So a signature is made with a secret that never leaves the
user's cache folder.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from hwflow.files import write_atomic
from hwflow.synthesis.cache import cache_folder

_BYTES = 32


def signature(text: str) -> str:
    """In hexadecimal. Raises OSError if there can be no secret."""
    return hmac.new(_secret(), text.encode(), "sha256").hexdigest()


def is_signed(text: str, file: Path) -> bool:
    """Whether the file holds the signature of ``text``."""
    try:
        return hmac.compare_digest(file.read_bytes(), signature(text).encode())
    except OSError:
        return False


def _secret() -> bytes:
    path = cache_folder("signatures") / "secret"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.is_file() or path.stat().st_size != _BYTES:
        old = os.umask(0o077)
        try:
            write_atomic(path, secrets.token_bytes(_BYTES))
        finally:
            os.umask(old)
    return path.read_bytes()
