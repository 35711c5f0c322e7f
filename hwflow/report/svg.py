"""SVG pictures as text. Horizontal positions are shares of the width, so that letters keep their size on a phone.

Every text passes through `element`, which strips control characters and escapes.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from hwflow.text import printable

_NOTHING = Markup("")


def element(tag: str, content: str = _NOTHING, /, **attributes: str | float) -> Markup:
    """One element. ``_`` in an attribute's name stands for ``-``, and a trailing one is dropped (``class_``).

    ``content`` is text, which gets escaped, unless it is Markup.
    """
    inner = content if isinstance(content, Markup) else escape(printable(content))
    pairs = ((name.rstrip("_").replace("_", "-"), printable(str(value))) for name, value in attributes.items())
    head = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in pairs)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, head, inner)


def picture(title: str, height: float, parts: Iterable[Markup]) -> Markup:
    """A picture as wide as its place, ``height`` in pixels; ``title`` is its text for those who cannot see it."""
    content = element("title", title) + join(parts)
    return element("svg", content, role="img", width="100%", height=height, class_="picture")


def group(title: str, parts: Iterable[Markup]) -> Markup:
    """Parts that share a tooltip."""
    return element("g", element("title", title) + join(parts))


def box(start: float, end: float, y: float, height: float, class_: str, **more: str | float) -> Markup:
    """A bar from ``start`` to ``end``, shares of the width; at least a hairline, so that no value is invisible."""
    width = percent(max(end - start, 0.002))
    return element("rect", x=percent(start), y=y, width=width, height=height, rx=2, class_=class_, **more)


def upright(share: float, top: float, bottom: float, class_: str) -> Markup:
    """A vertical line at a share of the width."""
    return element("line", x1=percent(share), x2=percent(share), y1=top, y2=bottom, class_=class_)


def label(text: str, share: float, y: float, class_: str = "label", anchor: str = "start") -> Markup:
    """A line of text; ``anchor`` says which of its ends (start, middle, end) is at ``share``."""
    return element("text", text, x=percent(share), y=y, text_anchor=anchor, class_=class_)


def percent(share: float) -> str:
    """A share of the width, kept inside the picture."""
    return f"{100 * min(max(share, 0.0), 1.0):.3f}%"


def short(text: str, most: int = 44) -> str:
    """At most ``most`` characters; the middle goes, since names differ at their ends."""
    keep = most // 2
    return text if len(text) <= most else f"{text[:keep]}…{text[1 - (most - keep) :]}"


def join(parts: Iterable[Markup]) -> Markup:
    """Parts one after the other."""
    return Markup("").join(parts)
