"""Carrying out plans that tune settings, which several specialists do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import Applied, Tuner

__all__ = ["CHANGES", "TuningWork", "with_changes"]

CHANGES = "changes"
"""The argument of a plan that holds the settings to change, with their values."""
_SETTINGS = "settings"


def with_changes(plan: ImprovementPlan, action: str, changes: Mapping[str, float], tuner: Tuner) -> ImprovementPlan:
    """The plan, which sets exactly this."""
    told = [f"Set {key} to {value:g} (now {tuner.value(key):g})." for key, value in changes.items()]
    arguments: dict[str, JsonValue] = {name: value for name, value in plan.arguments.items() if name != _SETTINGS}
    arguments[CHANGES] = dict(changes)
    steps = [*told, "Measure before and after; take it back where it does harm."]
    return plan.model_copy(update={"action": action, "arguments": arguments, "steps": steps})


class TuningWork:
    """The part of a specialist that tunes: everything it does is events."""

    def __init__(self, tuner: Tuner, name: str) -> None:
        self._tuner = tuner
        self._name = name

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """See `Specialist.prepare`."""
        return await self._tuner.carrying_out(leave, by=self._name)

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """See `Specialist.applied`."""
        changes = leave.plan.arguments.get(CHANGES)
        if not isinstance(changes, dict):
            return None
        before = await self._tuner.carried_out(leave.improvement_id, list(changes))
        if set(before) != set(changes):
            return None
        told = ", ".join(f"{key} = {value:g}" for key, value in changes.items() if isinstance(value, int | float))
        undo: dict[str, JsonValue] = {"settings": dict(before)}
        return Applied(f"set {told}", undo)

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """See `Specialist.undo`."""
        settings = undo.get("settings") if isinstance(undo, dict) else None
        if not isinstance(settings, dict):
            raise ImprovementError("what was tuned is not known", where=improvement_id)
        before = {key: float(value) if isinstance(value, int | float) else None for key, value in settings.items()}
        return await self._tuner.taking_back(improvement_id, before, by=by, reason=reason)
