"""Text from strangers, made safe to show: names of tensors, lines of a tool's output."""

from __future__ import annotations

import unicodedata

# Unicode categories: control, format (bidirectional overrides), surrogate, private, unassigned, separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str) -> str:
    """``text`` without what a terminal, a browser or XML could take for more than a character.

    Tabs and line ends become a space; other control characters, bidirectional overrides and code points that are
    no characters become U+FFFD. Markup is left as it is: escaping it is the writer's task.
    """
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in "\t\n\r":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _HIDDEN else c
