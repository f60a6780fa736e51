"""The prompt engineer at work on an improvement: it proposes a version of a guideline, through learning."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import Applied, Measure, Permits, Proposals, component_of, leave_for

__all__ = ["GuidelineProposer"]

_ACTION = "propose_guideline"


class GuidelineProposer:
    """See `Specialist`. A version that is proposed serves nobody: its own trial, or a person, decides on it."""

    name = "prompt_engineer"
    actions = frozenset({_ACTION})

    def __init__(self, proposals: Proposals, permits: Permits) -> None:
        self._proposals = proposals
        self._permits = permits

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        """The agent type whose guideline is to get a new version."""
        kind, _, name = component_of(plan).partition(":")
        if kind != "role" or not name:
            return None
        steps = [
            f"Look for patterns in the traces of {name}, and propose a version of its guideline that follows them.",
            "A trial, or a person, decides on the version; until then nothing changes.",
        ]
        return plan.model_copy(update={"arguments": {**plan.arguments, "agent_type": name}, "steps": steps})

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        """Nothing: the trial of the version measures it."""
        return None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """Nothing: learning appends the proposal."""
        return ()

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """Not known here: learning proposes the same version again where it was killed, not a second one."""
        return None

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        """Have learning propose a version. Raises `ImprovementError` where the traces speak for none."""
        leave = await leave_for(self.name, self._permits, leave)
        agent_type = leave.plan.arguments.get("agent_type")
        if not isinstance(agent_type, str):
            raise ImprovementError("the plan names no agent type", where=leave.improvement_id)
        version, stands = await self._proposals.propose(agent_type, by=f"{self.name} ({leave.improvement_id})")
        undo: dict[str, JsonValue] = {"agent_type": agent_type, "version": version}
        return Applied(f"version {version} of the guideline of {agent_type} is proposed ({stands})", undo)

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """Withdraw the version."""
        told = undo if isinstance(undo, dict) else {}
        agent_type, version = told.get("agent_type"), told.get("version")
        if not isinstance(agent_type, str) or not isinstance(version, str):
            raise ImprovementError("the version that was proposed is not known", where=improvement_id)
        await self._proposals.withdraw(agent_type, version, by=by, reason=reason)
        return ()
