"""What can come of a case: it is refused by name, it is right, or there is a fault."""

from __future__ import annotations

import re
import traceback
from typing import Literal, get_args

from hwflow.errors import UserError

Rung = Literal["import", "oracle", "reference", "csim", "rtl"]
RUNGS: tuple[Rung, ...] = get_args(Rung)

_FALSE_REASONS = ("do not fit it (", "refused by onnxruntime", "that cannot run", "that is not a constant", "defect")
"""Words of refusals that a valid model never gives cause for."""


class Refused(Exception):
    """The model is refused by name, which is fine."""


class Fault(Exception):
    """Something that must not be. ``kind``: the same for every case that fails in the same way."""

    def __init__(self, rung: Rung, kind: str, message: str) -> None:
        self.rung, self.kind, self.message = rung, kind, message
        super().__init__(rung, kind, message)

    def __str__(self) -> str:
        return f"{self.rung}: {self.kind}: {self.message}"

    def same_as(self, other: Fault | None) -> bool:
        """Whether the other fails in the same way."""
        return other is not None and (self.rung, self.kind) == (other.rung, other.kind)


def judge(rung: Rung, error: BaseException) -> Fault | Refused:
    """What an exception means: a refusal with a true reason is one, all else is a fault."""
    if isinstance(error, Fault | Refused):
        return error
    text = f"{type(error).__name__}: {error}"
    if not isinstance(error, UserError):
        return Fault(rung, f"{type(error).__name__} in {_place(error)}", text)
    false = next((words for words in _FALSE_REASONS if words in str(error)), None)
    return Fault(rung, f"refusal that says {_plain(false, str(error))}", str(error)) if false else Refused(str(error))


def _plain(words: str, text: str) -> str:
    """The false reason with what follows, without names and numbers, so that it is the same for like cases."""
    line = next(line for line in text.splitlines() if words in line)
    return re.sub(r"'[^']*'|\d[\d.e+-]*", "#", line[line.index(words) :])[:100]


def _place(error: BaseException) -> str:
    """The innermost function of hwflow."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/hwflow/" in f.filename and "/hwflow/fuzz/" not in f.filename]
    if not own:
        return frames[-1].name if frames else "?"
    module = own[-1].filename.rpartition("/hwflow/")[2].removesuffix(".py").replace("/", ".")
    return f"{module}.{own[-1].name}"
