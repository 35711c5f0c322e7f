"""The moves of the search: balanced start, refinement, exchange. Each returns a choice that meets the budgets."""

from __future__ import annotations

from hwflow.schedule.options import Weights
from hwflow.schedule.problem import Choice, Problem

_STARTS = 6  # targets tried, the largest that meets the budgets and some faster ones
_EXCHANGES = 8  # accepted at most
_PARTNERS = 3  # kernels tried with each one that is unfolded


def least_area(problem: Problem, weights: Weights) -> Choice:
    """The smallest choice that the moves reach from balanced starts. The fastest choice must meet the budgets."""
    starts = _balanced(problem, weights)
    problem.progress(f"balanced start: area {problem.area(starts[0], weights):.4f}")
    refined = [_refined(problem, weights, start) for start in starts]
    choice = min(refined, key=lambda choice: problem.area(choice, weights))
    problem.progress(f"refined: area {problem.area(choice, weights):.4f}")
    for _ in range(_EXCHANGES):
        better = _exchanged(problem, weights, choice)
        if better is None:
            break
        choice = better
        problem.progress(f"exchanged: area {problem.area(choice, weights):.4f}")
    return choice


def at_target(problem: Problem, weights: Weights, target: int) -> Choice:
    """The least area of each kernel within ``target`` cycles a frame, or its fastest fold."""
    choice = []
    for options, fastest in zip(problem.options, problem.fastest(), strict=True):
        within = [index for index, option in enumerate(options) if option.load <= target]
        choice.append(min(within, key=lambda index: options[index].area(weights), default=fastest))
    return tuple(choice)


def targets(problem: Problem) -> list[int]:
    """Distinct loads of all options, ascending."""
    return sorted({option.load for options in problem.options for option in options})


def _balanced(problem: Problem, weights: Weights) -> list[Choice]:
    """The largest common target that meets the budgets, by bisection, then faster ones that meet them too."""
    choices = [at_target(problem, weights, target) for target in targets(problem)]
    best, low, high = -1, 0, len(choices) - 1
    while low <= high:
        middle = (low + high + 1) // 2
        if problem.meets(choices[middle]):
            best, low = middle, middle + 1
        else:
            high = middle - 1
    faster = choices[max(0, best + 1 - _STARTS) : best + 1]
    return [choice for choice in reversed(faster) if problem.meets(choice)] or [problem.fastest()]


def _refined(problem: Problem, weights: Weights, choice: Choice) -> Choice:
    """Fold on, the largest saving first. A kernel that breaks a budget once is left alone: folding only adds cycles."""
    movable = dict.fromkeys(range(len(choice)))
    while True:
        moves = [(saving, -k, index) for k in movable for saving, index in _folds_on(problem, weights, choice, k)]
        if not moves:
            return choice
        _, minus_k, index = max(moves)
        trial = _with(choice, -minus_k, index)
        if problem.meets(trial):
            choice = trial
        else:
            del movable[-minus_k]


def _exchanged(problem: Problem, weights: Weights, choice: Choice) -> Choice | None:
    """Unfold one kernel and fold another by a step each, to a smaller sum; the cheapest unfolding first."""
    kernels = range(len(choice))
    unfoldings = sorted((cost, k, index) for k in kernels for cost, index in _unfolds(problem, weights, choice, k))
    savings = sorted(
        ((saving, -k, index) for k in kernels for saving, index in _folds_on(problem, weights, choice, k)), reverse=True
    )
    for cost, k, index in unfoldings:
        partners = [(j, other) for saving, j, other in savings if saving > cost and -j != k]
        for j, other in partners[:_PARTNERS]:
            trial = _with(_with(choice, k, index), -j, other)
            if problem.meets(trial):
                return _refined(problem, weights, trial)
    return None


def _folds_on(problem: Problem, weights: Weights, choice: Choice, k: int) -> list[tuple[float, int]]:
    """The next slower option of kernel k that saves area, with the saving; empty if there is none."""
    options = problem.options[k]
    area = options[choice[k]].area(weights)
    smaller = [(option.load, option.area(weights), index) for index, option in enumerate(options)]
    smaller = [step for step in smaller if step[1] < area]
    return [(area - found, index) for _, found, index in sorted(smaller)[:1]]


def _unfolds(problem: Problem, weights: Weights, choice: Choice, k: int) -> list[tuple[float, int]]:
    """The next faster option of kernel k, with the area it costs; empty if there is none."""
    options = problem.options[k]
    now = options[choice[k]]
    faster = [(-option.load, option.area(weights), index) for index, option in enumerate(options)]
    faster = [step for step in faster if -step[0] < now.load]
    return [(found - now.area(weights), index) for _, found, index in sorted(faster)[:1]]


def _with(choice: Choice, k: int, index: int) -> Choice:
    return (*choice[:k], index, *choice[k + 1 :])
