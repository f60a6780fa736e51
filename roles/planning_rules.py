"""How machine-readable rules of a guideline change a plan: which roles and tools are chosen, and what waits for what.

`prefer` and `avoid` change the likelihoods that the offline model chooses by; other models read the rules in their
prompt and choose by themselves. `order` and `stop after` are seen to in every graph, whoever made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.language.rules import Rules, rule_name
from common.task_graph import Task, TaskGraph

__all__ = ["FITS", "guided", "ordered", "until_stop", "with_order"]

FITS = 0.1
"""The least likelihood of a role or tool that fits: a rule never brings in one that has less."""


def guided(
    priors: Mapping[str, Mapping[str, float]], parts: Sequence[str], rules: Rules, *, close: float = 0.0
) -> dict[str, dict[str, float]]:
    """Name -> part -> likelihood (0 to 1), with that name first for each part which `prefer` and `avoid` leave.

    Only names that fit by themselves take part, and have at least this share (`close`) of the best one's likelihood;
    where one alone does, nothing changes.
    """
    found = {name: dict(prior) for name, prior in priors.items()}
    if not (rules.prefer or rules.avoid):
        return found
    for part in dict.fromkeys(parts):
        least = max(FITS, close * max((prior.get(part, 0.0) for prior in priors.values()), default=0.0))
        scores = {name: prior[part] for name, prior in priors.items() if prior.get(part, 0.0) >= least}
        fitting = sorted(scores, key=lambda name: -scores[name])
        chosen = rules.choose(fitting) if fitting else ""
        if fitting and chosen != fitting[0]:
            best, other = scores[fitting[0]], scores[chosen]
            found[chosen][part] = best
            found[fitting[0]][part] = other if other < best else other / 2
    return found


def until_stop(
    priors: Mapping[str, Mapping[str, float]], parts: Sequence[str], rules: Rules
) -> dict[str, dict[str, float]]:
    """The likelihoods without those of the parts that come after one whose likeliest name ends all."""
    found = {name: dict(prior) for name, prior in priors.items()}
    stopped = False
    for part in parts if rules.stop_after else ():
        scores = {name: prior[part] for name, prior in priors.items() if part in prior}
        best = max(scores, key=lambda name: scores[name], default="")
        if stopped:
            for name in scores:
                found[name][part] = 0.0
        elif scores and scores[best] >= FITS:
            stopped = rules.stops_after(best)
    return found


def ordered(names: Sequence[str], rules: Rules) -> tuple[str, ...]:
    """The names with those first that `order` puts first; a circle of rules is left as it is."""
    waits = {
        name: {other for other in names for first, second in rules.order if _are(other, name, first, second)}
        for name in names
    }
    left, found = list(names), list[str]()
    while left:
        following = next((name for name in left if waits[name].isdisjoint(left)), left[0])
        left.remove(following)
        found.append(following)
    return tuple(found)


def with_order(graph: TaskGraph, rules: Rules) -> TaskGraph:
    """The graph with what `order` and `stop after` have wait: later tasks wait for one after which all stops.

    A wait that would close a circle is left out.
    """
    waits = {task.id: list(task.waits_for) for task in graph.tasks}
    after = {task.id: list(task.after) for task in graph.tasks}
    for first, second in _pairs(graph.tasks, rules):
        if first.id not in waits[second.id] and not _waits(waits, first.id, second.id):
            waits[second.id].append(first.id)
            after[second.id].append(first.id)
    return TaskGraph(tasks=tuple(task.model_copy(update={"after": tuple(after[task.id])}) for task in graph.tasks))


def _pairs(tasks: Sequence[Task], rules: Rules) -> list[tuple[Task, Task]]:
    found = [
        (before, later)
        for first, second in rules.order
        for before in tasks
        for later in tasks
        if before is not later and _are(before.role, later.role, first, second)
    ]
    for place, task in enumerate(tasks):
        if rules.stops_after(task.role):
            found += [(task, later) for later in tasks[place + 1 :]]
    return found


def _are(one: str, other: str, first: str, second: str) -> bool:
    return rule_name(one) == first and rule_name(other) == second and one != other


def _waits(waits: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    """Whether `start` waits, directly or not, for `goal`."""
    seen: set[str] = set()
    stack = [start]
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            stack.extend(waits[name])
    return False
