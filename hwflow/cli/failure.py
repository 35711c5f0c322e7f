"""What of an exception a user sees, and the exit code it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hwflow.errors import HwflowError, UserError

_PARTS = ("subject", "found", "expected", "remedy", "tool")


@dataclass(frozen=True)
class Failure:
    """``kind`` is the name of the exception; ``parts`` are its fields, if it has any."""

    kind: str
    message: str
    exit_code: int
    parts: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The failure as JSON."""
        return {"error": {"kind": self.kind, "message": self.message, **self.parts}, "exit_code": self.exit_code}


def failure_of(error: BaseException) -> Failure:
    """Sort an exception into the exit codes of `hwflow.errors`."""
    match error:
        case HwflowError():
            parts = {name: str(getattr(error, name)) for name in _PARTS if hasattr(error, name)}
            return Failure(type(error).__name__, str(error), error.exit_code, parts)
        case KeyboardInterrupt():
            return Failure("Interrupted", "interrupted", 130)
        case ModuleNotFoundError() if error.name and not error.name.startswith("hwflow"):
            package = error.name.partition(".")[0]
            remedy = "Run hwflow doctor to see what each package is needed for."
            return Failure("PackageMissing", f"{package}: this Python package is not installed. {remedy}", 3)
        case OSError() if error.filename is not None:
            found = error.strerror or type(error).__name__
            return failure_of(
                UserError(str(error.filename), found, "a file that can be used", "Check path and rights.")
            )
    return Failure("InternalError", f"{type(error).__name__}: {error}. This is a defect of hwflow; {_HINT}", 4)


_HINT = "add --debug for a traceback to report."
