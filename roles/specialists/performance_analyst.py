"""Tunes the configuration within its declared bounds: concurrency, time-outs, retries, caches, breakers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import Applied, Measure, Permits, Tuner, WorkSeen, component_of, leave_for, text_of
from roles.specialists.tuning_rules import settings_for
from roles.specialists.tuning_work import CHANGES, TuningWork, with_changes

__all__ = ["Housekeep", "PerformanceAnalyst"]

Housekeep = Callable[[], Awaitable[str]]
"""Does the housekeeping that is configured; what came of it, in a sentence. May be repeated."""
_TUNE = frozenset({"tune", "reduce_errors"})
_MAINTAIN = "maintain"


class PerformanceAnalyst:
    """See `Specialist`. Housekeeping (`maintain`) can't be taken back."""

    name = "performance_analyst"
    actions = _TUNE | {_MAINTAIN}

    def __init__(self, tuner: Tuner, work: WorkSeen, housekeep: Housekeep, permits: Permits) -> None:
        self._tuner = tuner
        self._permits = permits
        self._work = work
        self._housekeep = housekeep
        self._tuning = TuningWork(tuner, self.name)

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        """The settings to change, by the rules of `roles.specialists.tuning_rules`."""
        if plan.action == _MAINTAIN or CHANGES in plan.arguments:
            return plan
        component, metric = component_of(plan), text_of(plan.arguments, "metric")
        kind = component.partition(":")[0]
        seen = await self._work.seen(component if kind in ("tool", "role", "model") else "requests")
        changes = settings_for(component, metric, seen, self._tuner)
        return with_changes(plan, "tune", changes, self._tuner) if changes else None

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        """The figure that the plan is about."""
        component, metric = component_of(plan), text_of(plan.arguments, "metric")
        return Measure(component, metric) if component and metric and plan.action in _TUNE else None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """The settings' events; nothing for housekeeping."""
        return () if leave.plan.action == _MAINTAIN else await self._tuning.prepare(leave)

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """The settings that were changed; housekeeping is never known to have been done."""
        return None if leave.plan.action == _MAINTAIN else await self._tuning.applied(leave)

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        """Housekeeping. Raises `ImprovementError` for what was to be done by events, and was not."""
        if leave.plan.action != _MAINTAIN:
            raise ImprovementError("the settings were not changed", where=leave.improvement_id)
        await leave_for(self.name, self._permits, leave)
        return Applied(await self._housekeep())

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """The values of before."""
        return await self._tuning.undo(improvement_id, undo, by=by, reason=reason)
