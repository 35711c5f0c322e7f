"""What is said of the entries of tables that the inputs of a build reach: figures, no gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hwflow.record.model import Result

REACHED: Final = "table addresses reached"


def reach_results(tables: Iterable[tuple[str, int, int]]) -> Iterator[Result]:
    """All tables together, then each (tensor, entries reached, entries that can be); nothing of a model without one."""
    rows = list(tables)
    if rows:
        unit = f"of {sum(reachable for *_, reachable in rows):,} in {len(rows)} tables"
        yield Result(stage="reference", metric=REACHED, value=sum(reached for _, reached, _ in rows), unit=unit)
    for tensor, reached, reachable in rows:
        yield Result(stage="reference", metric=f"{REACHED}, {tensor}", value=reached, unit=f"of {reachable:,}")


def is_of_one_table(result: Result) -> bool:
    """Whether a result is about one table, which the one about all sums up."""
    return result.stage == "reference" and result.metric.startswith(f"{REACHED}, ")
