"""Reads a quantiser: a dictionary, a text such as ``quantized_relu(6,2)``, or a plain name. Nothing is evaluated."""

from __future__ import annotations

import ast
from typing import Any

from pydantic import ValidationError

from hwflow.errors import UserError
from hwflow.frontends.keras_files.quantisers import KINDS, Quantiser
from hwflow.text import printable

_MAX_TEXT = 500


def read_activation(subject: str, value: Any) -> Quantiser | str | None:
    """A quantiser, the name of a plain function such as ``relu``, or None (also for ``linear``).

    Raises:
        UserError: for a quantiser that is not supported, or an option that is not.
    """
    name, arguments, options = _parts(subject, value)
    if name in ("", "linear"):
        return None
    if name not in KINDS:
        return name
    kind = KINDS[name]
    try:
        if len(arguments) > len(kind.model_fields):
            raise ValueError("too many arguments")
        return kind(**dict(zip(kind.model_fields, arguments, strict=False)), **options)
    except (ValidationError, TypeError, ValueError) as error:
        raise UserError(
            subject, f"{name} with {_complaint(error)}", "options that are exact", "Change this option and train again."
        ) from error


def read_quantiser(subject: str, value: Any) -> Quantiser | None:
    """As `read_activation`, where a plain function makes no sense."""
    quantiser = read_activation(subject, value)
    if isinstance(quantiser, str):
        raise UserError(subject, f"the quantiser {quantiser!r}", f"one of {', '.join(KINDS)}", "Use one of these.")
    return quantiser


def _parts(subject: str, value: Any) -> tuple[str, list[Any], dict[str, Any]]:
    """Name, positional and named options."""
    match value:
        case None:
            return "", [], {}
        case {"class_name": "function", "config": str(name)}:
            return name[:_MAX_TEXT], [], {}
        case {"class_name": str(name), "config": dict(options)}:
            known = {k: v for k, v in options.items() if k not in ("name", "registered_name")}
            return name.removeprefix("qkeras>")[:_MAX_TEXT], [], known
        case str(text) if len(text) <= _MAX_TEXT and "(" in text:
            return _call(subject, text)
        case str(text):
            return text[:_MAX_TEXT], [], {}
    raise UserError(subject, f"a quantiser written as {type(value).__name__}", "a dictionary or text", "Save it again.")


def _call(subject: str, text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """``name(1, 2, key=3)`` with literals alone, parsed and not evaluated."""
    try:
        match ast.parse(text, mode="eval").body:
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                options = {str(k.arg): ast.literal_eval(k.value) for k in keywords}
                return name, [ast.literal_eval(a) for a in arguments], options
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        pass
    raise UserError(subject, f"the quantiser {text!r}", "such as quantized_relu(6,2)", "Write it so.")


def _complaint(error: Exception) -> str:
    """Which option, and what it was."""
    if not isinstance(error, ValidationError):
        return printable(str(error))[:200]
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'][:1]))}={printable(str(first['input']))[:100]} ({first['msg']})"
