"""Changes the code of a tool or agent, where an improver is there; else it configures what its code can't mend."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import (
    Applied,
    CodeImprover,
    Measure,
    Permits,
    Tuner,
    WorkSeen,
    component_of,
    leave_for,
    text_of,
)
from roles.specialists.tuning_rules import settings_for
from roles.specialists.tuning_work import CHANGES, TuningWork, with_changes

__all__ = ["CodeEditor"]

_MEND = "mend_tool"
_CHANGE = "change_code"
_TUNE = "tune"


class CodeEditor:
    """See `Specialist`. Without an improver a tool that keeps failing is left alone for a while after each row."""

    name = "code_editor"
    actions = frozenset({_MEND, _CHANGE, _TUNE})

    def __init__(self, tuner: Tuner, work: WorkSeen, permits: Permits, improver: CodeImprover | None = None) -> None:
        self._tuner = tuner
        self._permits = permits
        self._work = work
        self._improver = improver
        self._tuning = TuningWork(tuner, self.name)

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        """A change of code where that can be done, else a breaker where the tool fails in rows."""
        component = component_of(plan)
        if plan.action == _CHANGE or CHANGES in plan.arguments:
            return plan
        if self._improver is not None and self._improver.can_change(component):
            steps = [f"Change the code of {component}, check and test it.", "Put it into service, and measure."]
            return plan.model_copy(update={"action": _CHANGE, "steps": steps})
        seen = await self._work.seen(component)
        changes = settings_for(component, text_of(plan.arguments, "metric"), seen, self._tuner)
        return with_changes(plan, _TUNE, changes, self._tuner) if changes else None

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        """How long calls take where failing ones end at once; how many fail where code was changed."""
        component = component_of(plan)
        if not component:
            return None
        return Measure(component, "error_rate" if plan.action == _CHANGE else "response_time")

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """The settings' events; nothing for a change of code."""
        return () if leave.plan.action == _CHANGE else await self._tuning.prepare(leave)

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """What the improver, or the log, knows to be done."""
        if leave.plan.action != _CHANGE:
            return await self._tuning.applied(leave)
        return None if self._improver is None else await self._improver.changed(leave.improvement_id)

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        """Have the improver change the code. Raises `ImprovementError` without one."""
        if leave.plan.action != _CHANGE:
            raise ImprovementError("the settings were not changed", where=leave.improvement_id)
        improver = self._needed(leave.improvement_id)
        return await improver.change(await leave_for(self.name, self._permits, leave))

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """The values of before, or the code of before."""
        if isinstance(undo, dict) and "settings" in undo:
            return await self._tuning.undo(improvement_id, undo, by=by, reason=reason)
        await self._needed(improvement_id).take_back(improvement_id, undo)
        return ()

    def _needed(self, improvement_id: str) -> CodeImprover:
        if self._improver is None:
            raise ImprovementError("nobody here can change code", where=improvement_id, todo="Change it by hand.")
        return self._improver
