"""Registers, retires, restores and merges agents; new ones it has built, where a builder is there."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import AgentBuilder, Agents, Applied, Measure, Permits, leave_for, text_of

__all__ = ["SystemArchitect"]

_DISABLE, _RESTORE, _MERGE, _REGISTER, _BUILD = (
    "disable_agent", "restore_agent", "merge_agents", "register_agent", "build_agent",
)  # fmt: skip


class SystemArchitect:
    """See `Specialist`. Plans name the agent in `agent`; a merge retires `agent` in favour of `into`."""

    name = "system_architect"
    actions = frozenset({_DISABLE, _RESTORE, _MERGE, _REGISTER, _BUILD})

    def __init__(self, agents: Agents, permits: Permits, builder: AgentBuilder | None = None) -> None:
        self._agents = agents
        self._permits = permits
        self._builder = builder

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        """As it is, where it can be done here."""
        if plan.action == _BUILD:
            return None if self._builder is None else plan
        return plan if text_of(plan.arguments, "agent") else None

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        """How many requests fail, where an agent is taken from them or given to them."""
        return Measure("requests", "error_rate") if plan.action in (_DISABLE, _RESTORE, _MERGE) else None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        """The agents' events; nothing where a builder does it. Raises `NotFound`, `ImprovementError`."""
        leave = await self._permits(leave)
        plan, agent = leave.plan, text_of(leave.plan.arguments, "agent")
        if plan.action == _BUILD:
            return ()
        if plan.action == _REGISTER:
            given = plan.arguments.get("tools")
            tools = [str(tool) for tool in given] if isinstance(given, list) else []
            described = text_of(plan.arguments, "description")
            return await self._agents.registering(agent, described, tools, improvement=leave.improvement_id)
        reason = f"improvement {leave.improvement_id}, approved by {leave.approved_by}"
        if plan.action == _MERGE:
            into = text_of(plan.arguments, "into")
            if into == agent or not self._agents.is_enabled(into):
                raise ImprovementError(f"{into or 'nobody'} can't take over from {agent}", where=leave.improvement_id)
        appends = await self._agents.switching(
            agent, enabled=plan.action == _RESTORE, by=self.name, reason=reason, improvement=leave.improvement_id
        )
        if not appends:
            raise ImprovementError(f"{agent} is {self._state(agent)} already", where=leave.improvement_id)
        return appends

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        """What the log, or the builder, knows to be done."""
        plan = leave.plan
        if plan.action == _BUILD:
            return None if self._builder is None else await self._builder.built(leave.improvement_id)
        agent = text_of(plan.arguments, "agent")
        if not await self._agents.changed_by(leave.improvement_id, [agent]):
            return None
        done = {
            _DISABLE: f"{agent} is retired",
            _RESTORE: f"{agent} is back",
            _MERGE: f"{agent} is retired in favour of {text_of(plan.arguments, 'into')}",
            _REGISTER: f"{agent} is registered",
        }
        return Applied(done[plan.action], {"agent": agent, "enabled": plan.action in (_DISABLE, _MERGE)})

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        """Have an agent built. Raises `ImprovementError` for what was to be done by events, and was not."""
        if leave.plan.action != _BUILD:
            raise ImprovementError("the agent was not changed", where=leave.improvement_id)
        if self._builder is None:
            raise ImprovementError("nobody here can build agents", where=leave.improvement_id)
        return await self._builder.build(await leave_for(self.name, self._permits, leave))

    async def undo(self, improvement_id: str, undo: JsonValue, *, by: str, reason: str) -> Sequence[StreamAppend]:
        """Switch the agent back; one that was registered is retired. One that was switched since then stays so."""
        agent = text_of(undo, "agent") if isinstance(undo, dict) else ""
        if isinstance(undo, dict) and agent and isinstance(undo.get("enabled"), bool):
            if await self._agents.last_changed_by(agent) != improvement_id:
                return ()
            enabled = bool(undo["enabled"])
            return await self._agents.switching(agent, enabled=enabled, by=by, reason=reason, improvement=None)
        if self._builder is None:
            raise ImprovementError("nobody here can take that back", where=improvement_id)
        await self._builder.take_back(improvement_id, undo)
        return ()

    def _state(self, agent: str) -> str:
        return "in service" if self._agents.is_enabled(agent) else "retired"
