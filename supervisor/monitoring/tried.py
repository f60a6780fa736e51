"""Plans that were tried and taken back: the same one is suggested again only where the evidence changed materially.

A plan is the same where it would do the same: every setting of the earlier one is among its own, with a value that is
within a half of it; or, where no settings are changed, the same action on the same components, agents and texts. The
evidence changed materially where the cause is more urgent than it was, or its figure is at least twice as bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, ImprovementPlan
from events.projection import Row
from events.state.improvement_limits import PRIORITIES

__all__ = ["changed_materially", "for_a_person", "same_plan", "taken_back_before"]

_NEAR = 1.5
_WORSE = 2.0
_CHANGES = "changes"
_FLOOR = "success_rate"


def taken_back_before(plan: ImprovementPlan, urgency: str, impact: EstimatedImpact, tried: Iterable[Row]) -> Row | None:
    """Of the improvements that were taken back (rows of their view), one that speaks against this plan; None: none."""
    if not plan.action:
        return None
    for row in tried:
        earlier = ImprovementPlan.model_validate(row["implementation_plan"])
        before = EstimatedImpact.model_validate(row["estimated_impact"])
        if same_plan(plan, earlier) and not changed_materially(urgency, impact, row["priority"], before):
            return row
    return None


def same_plan(plan: ImprovementPlan, earlier: ImprovementPlan) -> bool:
    """Whether it would do again what the earlier one did."""
    settings, before = _settings(plan.arguments), _settings(earlier.arguments)
    if settings or before:
        return bool(before) and all(key in settings and _is_near(settings[key], was) for key, was in before.items())
    told, was = _said(plan.arguments), _said(earlier.arguments)
    return (plan.specialist, plan.action, told) == (earlier.specialist, earlier.action, was)


def changed_materially(urgency: str, impact: EstimatedImpact, priority: str, earlier: EstimatedImpact) -> bool:
    """Whether a cause is more urgent than it was at `priority`, or its figure twice as bad as in the `earlier` one."""
    if priority in PRIORITIES and PRIORITIES.index(urgency) < PRIORITIES.index(priority):
        return True
    if not impact.metric or impact.metric != earlier.metric or impact.before is None or earlier.before is None:
        return False
    now, was = impact.before, earlier.before
    if impact.metric.endswith(_FLOOR):
        now, was = 1 - now, 1 - was
    return now >= _WORSE * was if was > 0 else now > was


def for_a_person(plan: ImprovementPlan, row: Row) -> ImprovementPlan:
    """The plan without what would be done again: a person looks for something else."""
    arguments: dict[str, JsonValue] = {name: value for name, value in plan.arguments.items() if name != _CHANGES}
    arguments["tried"] = row["id"]
    steps = [
        f"What would be drawn up again was tried as {row['id']} and taken back: {str(row['result'])[:500]}.",
        "Look for something else that helps; say so with improvements done, or improvements failed.",
    ]
    return plan.model_copy(update={"action": "", "arguments": arguments, "steps": steps})


def _settings(arguments: Mapping[str, JsonValue]) -> dict[str, float]:
    given = arguments.get(_CHANGES)
    pairs = given.items() if isinstance(given, dict) else ()
    return {key: float(value) for key, value in pairs if isinstance(value, int | float)}


def _is_near(value: float, other: float) -> bool:
    if value == other:
        return True
    low, high = sorted((value, other))
    return low > 0 and high <= _NEAR * low


def _said(arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments without numbers, which are figures of the moment."""
    return {name: value for name, value in arguments.items() if not isinstance(value, int | float)}
