"""What of an exception a user sees, and the exit code it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hwflow.errors import HwflowError, UserError, disk_full, is_disk_full

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
    if found := _of_the_machine(error):
        return failure_of(found)
    return Failure("InternalError", f"{type(error).__name__}: {error}. This is a defect of hwflow; {_HINT}", 4)


def _of_the_machine(error: BaseException) -> UserError | None:
    """What is no defect: a disk or a memory that is full, a file that cannot be used."""
    name = None
    if isinstance(error, OSError) and error.filename is not None:
        name = str(error.filename2 or error.filename)  # of a copy the place that it went to
    if is_disk_full(error):
        return disk_full(name or "the disk")
    if isinstance(error, MemoryError):
        return UserError("memory", f"not enough ({error or 'none left'})", "more", "Use a smaller model or less data.")
    if isinstance(error, OSError) and name is not None:
        found = error.strerror or type(error).__name__
        return UserError(name, found, "a file that can be used", "Check path and rights.")
    return None


_HINT = "add --debug for a traceback to report."
