"""The analyzer `architecture`: roles that nobody needs any more, and roles that are the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from events.projection import Row, Views
from events.views.agent_registry import AgentRecord, AgentRegistry
from events.views.performance import PerformanceView
from roles.specialists.system_architect import SystemArchitect
from supervisor.monitoring.findings import AnalysisContext, Finding

__all__ = ["ArchitectureFinder"]

_UNUSED = timedelta(days=30)
_LEAST_CALLS = 1_000
"""Tasks of all roles from which on it says something that one of them had none."""
_MANY = 10_000


class ArchitectureFinder:
    """Looks at the agents that the log knows, and at the counters of what they did."""

    def __init__(self, views: Views, agents: AgentRegistry) -> None:
        self._views = views
        self._agents = agents

    async def find(self, context: AnalysisContext) -> Sequence[Finding]:
        """Retirements and merges that are worth a thought. Raises `StoreError`."""
        agents = [agent for agent in await self._agents.get_all_agents() if agent.enabled and agent.kind == "role"]
        rows = await self._views.query(PerformanceView.name, {"kind": "role"}, limit=_MANY)
        counters = {str(row["name"]): row for row in rows}
        merges = _merges(agents, counters)
        named = {finding.components[0] for finding in merges}
        return [*merges, *(each for each in _unused(agents, counters, context) if each.components[0] not in named)]


def _unused(agents: Sequence[AgentRecord], counters: Mapping[str, Row], context: AnalysisContext) -> list[Finding]:
    total = sum(row["calls"] for row in counters.values())
    if total < _LEAST_CALLS:
        return []
    found: list[Finding] = []
    for agent in agents:
        row = counters.get(agent.name)
        since = agent.registered_at if row is None or row["last_at"] is None else row["last_at"]
        idle = context.now - max(since, agent.registered_at)
        if idle < _UNUSED:
            continue
        told = f"{agent.name} had no task for {idle.days} days; all roles together had {total}"
        figures: dict[str, JsonValue] = {"idle_days": idle.days, "calls": 0 if row is None else row["calls"]}
        found.append(
            _finding(
                agent.name, "unused", f"role:{agent.name} is not used", told, figures,
                _plan("disable_agent", [f"Retire {agent.name}; it can be restored at any time."], agent=agent.name),
            )
        )  # fmt: skip
    return found


def _merges(agents: Sequence[AgentRecord], counters: Mapping[str, Row]) -> list[Finding]:
    by_tools: dict[tuple[str, ...], list[AgentRecord]] = {}
    for agent in agents:
        if agent.tools:
            by_tools.setdefault(tuple(sorted(agent.tools)), []).append(agent)
    found: list[Finding] = []
    for tools, same in by_tools.items():
        calls = {agent.name: counters[agent.name]["calls"] if agent.name in counters else 0 for agent in same}
        kept, *others = sorted(calls, key=lambda name: (-calls[name], name))
        for name in others:
            told = f"{name} and {kept} have the same {len(tools)} tools; {calls[name]} and {calls[kept]} tasks"
            steps = [f"Retire {name}, so that its requests go to {kept}; it can be restored at any time."]
            figures: dict[str, JsonValue] = {"calls": calls[name], "calls_of_other": calls[kept]}
            found.append(
                _finding(
                    name, f"same as {kept}", f"role:{name} does what role:{kept} does", told, figures,
                    _plan("merge_agents", steps, agent=name, into=kept),
                )
            )  # fmt: skip
    return found


def _plan(action: str, steps: Sequence[str], **arguments: JsonValue) -> ImprovementPlan:
    return ImprovementPlan(
        action=action,
        specialist=SystemArchitect.name,
        arguments=dict(arguments),
        steps=[*steps, "Measure how many requests fail before and after; take it back where it does harm."],
    )


def _finding(
    name: str, why: str, title: str, told: str, figures: dict[str, JsonValue], plan: ImprovementPlan
) -> Finding:
    return Finding(
        subject=f"role:{name}/{why}",
        type="architecture",
        title=title,
        description=f"{told}.",
        components=(f"role:{name}",),
        impact=EstimatedImpact(text="Fewer roles to choose from: routing errs less often."),
        plan=plan,
        evidence=Evidence(text=told, figures=figures),
        confidence=0.6,
        priority="low",
    )
