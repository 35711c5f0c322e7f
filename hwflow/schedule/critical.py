"""Which actors the latency of a frame comes from."""

from __future__ import annotations

from collections import Counter

from hwflow.schedule.run import Link, Run


def critical_path(done: Run) -> Counter[str]:
    """Actor -> cycles of the first frame's latency that it holds; they sum to the latency.

    We walk back from the last output beat. A firing that waited for beats charges the actor that gave them its
    depth, else one that waited for its actor's own pace charges that actor its initiation interval, else it
    waited for room and charges the actor that made it.
    """
    cycles: Counter[str] = Counter()
    actor, firing = len(done.network.actors) - 1, len(done.starts[-1]) // done.frames - 1
    while (cause := _cause(done, actor, firing)) is not None:
        giver, before = cause
        held = done.starts[actor][firing] - done.starts[giver][before]
        cycles[done.network.actors[giver].name] += int(held)
        actor, firing = giver, before
    return cycles


def _cause(done: Run, actor: int, firing: int) -> tuple[int, int] | None:
    """The earlier firing, by actor and number, that this one had to wait for; None for the very first."""
    start, links = done.starts[actor][firing], [link for link in done.links if link.to == actor]
    fed = _binding(done, [link for link in links if not link.room], firing, start)
    if fed is not None:
        return fed
    if firing and done.starts[actor][firing - 1] + done.gaps[actor][firing] == start:
        return actor, firing - 1
    return _binding(done, [link for link in links if link.room], firing, start)


def _binding(done: Run, links: list[Link], firing: int, start: int) -> tuple[int, int] | None:
    for link in links:
        before = int(link.need[firing]) - 1
        if before >= 0 and done.starts[link.of][before] + link.delay == start:
            return link.of, before
    return None
