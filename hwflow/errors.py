"""Errors a user sees. Each carries the exit code of the command line.

Exit codes: 0 ok, 1 user error, 2 a gate failed, 3 a tool is missing, 4 internal.
"""

from __future__ import annotations

import errno
import os
from typing import ClassVar


class HwflowError(Exception):
    """Base of every error that hwflow raises on purpose."""

    exit_code: ClassVar[int] = 4


class UserError(HwflowError):
    """Bad input. Says which thing, what was found, what was expected and what to do."""

    exit_code = 1

    def __init__(self, subject: str, found: str, expected: str, remedy: str) -> None:
        self.subject, self.found, self.expected, self.remedy = subject, found, expected, remedy
        super().__init__(f"{subject}: found {found}; expected {expected}. {remedy}")


class GateFailed(HwflowError):
    """A gate (parity, latency, resources, ...) was measured and did not hold."""

    exit_code = 2


class ToolMissing(HwflowError):
    """An external tool that the step needs is not installed."""

    exit_code = 3

    def __init__(self, tool: str, needed_for: str, remedy: str) -> None:
        self.tool = tool
        super().__init__(f"{tool}: not installed or not on the PATH; needed for {needed_for}. {remedy}")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_full(subject: str) -> UserError:
    """There is no room for what is written to ``subject``."""
    return UserError(subject, "no room on the disk", "room for the files of a build", "Free some, then start again.")


def is_disk_full(error: BaseException | str) -> bool:
    """Whether an exception, of any library, or the output of a tool says that a disk, quota or file is full."""
    return getattr(error, "errno", None) in _FULL or any(os.strerror(number) in str(error) for number in _FULL)
