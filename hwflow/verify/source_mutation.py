"""Whether the checks would find a fault in hwflow's own Python: small changes of its source, one active at a time.

Operators of Offutt, Lee, Rothermel, Untch, Zapf, "An experimental determination of sufficient mutant operators", ACM
TOSEM 5 (1996): relational, logical, arithmetic, absolute value (here: constants by one), and dropped negations. Beside
them: a call for its effect that is removed, and two arguments of the same form that are swapped.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """``place``: of the changed node among all of its file, in the order of ``ast.walk``."""

    file: Path
    place: int
    line: int
    change: str

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}:{self.line} {self.change}"


def list_mutants(files: Sequence[Path], count: int, seed: int = 1) -> list[SourceMutant]:
    """``count`` of all mutants of the files, drawn evenly."""
    found = [mutant for file in files for mutant in _mutants(file)]
    return sorted(random.Random(seed).sample(found, min(count, len(found))), key=str)


def mutated(mutant: SourceMutant) -> ast.Module:
    """The module with the change."""
    tree = ast.parse(mutant.file.read_text())
    for place, node in enumerate(ast.walk(tree)):
        if place == mutant.place:
            _change(node)
            break
    return ast.fix_missing_locations(tree)


def _mutants(file: Path) -> Iterator[SourceMutant]:
    tree = ast.parse(file.read_text())
    idle = {id(n) for outer in ast.walk(tree) for part in _without_effect(outer) for n in ast.walk(part)}
    for place, node in enumerate(ast.walk(tree)):
        if id(node) not in idle and (change := _change(copy.deepcopy(node))):
            yield SourceMutant(file, place, getattr(node, "lineno", 0), change)


def _without_effect(node: ast.AST) -> Iterator[ast.AST]:
    """Annotations, decorators, error texts and imports: no value depends on them."""
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
        yield node.annotation
    if isinstance(node, ast.FunctionDef) and node.returns is not None:
        yield node.returns
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
        yield node


def _change(node: ast.AST) -> str:
    """Change a node in place, and say how; empty where there is nothing to change."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            node.ops = [_COMPARISONS[type(op)]()]
            return f"{type(op).__name__} -> {type(node.ops[0]).__name__}"
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _is_text(node):
            node.op = _ARITHMETIC[type(op)]()
            return f"{type(op).__name__} -> {type(node.op).__name__}"
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            return f"{type(op).__name__} -> {type(node.op).__name__}"
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            kind = type(node.op).__name__
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else _no_not(node)
            return f"without {kind}"
        case ast.Constant(value=bool() as value):
            node.value = not value
            return f"{value} -> {node.value}"
        case ast.Constant(value=int() as value):
            node.value = value + 1
            return f"{value} -> {node.value}"
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
            return "branches swapped"
        case ast.Expr(value=ast.Call()):
            node.value = ast.Constant(None)
            return "call removed"
        case ast.Call(args=[first, second, *rest]) if _may_swap(node):
            node.args = [second, first, *rest]
            return "arguments swapped"
    return ""


def _no_not(node: ast.UnaryOp) -> ast.unaryop:
    """``not x`` as ``not (not x)``: its truth, whatever its type."""
    node.operand = ast.UnaryOp(ast.Not(), node.operand)
    return ast.Not()


def _may_swap(node: ast.Call) -> bool:
    """Arguments of one form, so that the call is likely to work still, of no function that is symmetric."""
    first, second = node.args[:2]
    symmetric = isinstance(node.func, ast.Name) and node.func.id in ("max", "min", "isinstance")
    alike = type(first) is type(second) and isinstance(first, ast.Name | ast.Attribute | ast.Subscript | ast.Constant)
    return alike and not symmetric and ast.dump(first) != ast.dump(second)


def _is_text(node: ast.BinOp) -> bool:
    """A sum of texts, or a union of types."""
    sides = (node.left, node.right)
    return any(
        isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str)) for s in sides
    )
