"""/api/agents: the roles and agents that requests can be routed to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, JsonValue

from events.store import stream_name
from events.views.agent_registry import AgentRecord, AgentRegistry
from supervisor.http.access import Reader, SystemController, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.routes.meta_agent import Hours
from supervisor.http.routes.traces import At
from supervisor.monitoring.models import AgentPerformance
from supervisor.queries.shown_events import event_data

__all__ = ["AgentName", "router"]

router = APIRouter(prefix="/api/agents", tags=["agents"])

AgentName = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[\x21-\x2e\x30-\x7e]+$")]


class Agent(BaseModel):
    """A role or agent."""

    name: str
    kind: str
    description: str
    tools: list[str]
    examples: int
    enabled: bool
    reason: str | None
    registered_at: datetime
    state: str = Field(description="registered, deployed or retired")
    version: str | None = Field(description="of a built agent: the version that serves, or served last")


class AgentStep(BaseModel):
    """One event of an agent's own: registered, disabled, restored."""

    position: int
    at: datetime
    what: str
    by: str
    payload: dict[str, JsonValue]


class AgentWhole(Agent):
    """An agent with how it came to be what it is (oldest first), and how it did."""

    history: list[AgentStep]
    performance: AgentPerformance


class AgentStatus(BaseModel):
    """How an agent does, over the whole log; rates and times are null where nothing was done yet."""

    name: str
    kind: str
    enabled: bool
    calls: int
    errors: int
    success_rate: float | None
    avg_response_time: float | None = Field(description="seconds")
    last_active: datetime | None


class AgentsStatus(BaseModel):
    """All agents at a glance."""

    total_agents: int
    active_agents: int
    agents: list[AgentStatus]


class Reason(Body):
    """Why."""

    reason: str = Field(default="", max_length=2_000)


@router.get("", responses=problems(404))
async def list_agents(
    api: TheApi, caller: Reader, limit: Limit = 100, cursor: Cursor = None, at: At = None
) -> Paged[Agent]:
    """Every role and agent that the log knows, disabled ones too."""
    return paged([_agent(record) for record in await api.supervisor.agents(at=at)], limit, cursor)


@router.get("/status", responses=problems())
async def agents_status(api: TheApi, caller: SystemReader) -> Answer[AgentsStatus]:
    """How every agent does."""
    rows = await api.supervisor.views.query("performance", {"kind": "role"}, limit=10_000)
    counters = {str(row["name"]): row for row in rows}
    found: list[AgentStatus] = []
    for record in await api.supervisor.agents():
        row = counters.get(record.name, {})
        calls, errors = int(row.get("calls", 0)), int(row.get("errors", 0))
        found.append(
            AgentStatus(
                name=record.name,
                kind=record.kind,
                enabled=record.enabled,
                calls=calls,
                errors=errors,
                success_rate=1 - errors / calls if calls else None,
                avg_response_time=float(row["seconds"]) / calls if calls else None,
                last_active=row.get("last_at"),
            )
        )
    active = sum(status.enabled for status in found)
    return Answer(data=AgentsStatus(total_agents=len(found), active_agents=active, agents=found))


@router.get("/{name}", responses=problems(404))
async def show_agent(name: AgentName, api: TheApi, caller: SystemReader, hours: Hours = 24.0) -> Answer[AgentWhole]:
    """One role or agent, with its history and how it did in the last `hours`."""
    supervisor = api.supervisor
    record = await AgentRegistry(supervisor.store, supervisor.views).get(name)
    (performance,) = await supervisor.monitoring.get_agent_performance(name, hours=hours)
    history = await _history(api, name)
    return Answer(data=AgentWhole(**_agent(record).model_dump(), history=history, performance=performance))


@router.post("/{name}/disable", responses=problems(404))
async def disable(name: AgentName, body: Reason, api: TheApi, caller: SystemController) -> Answer[Agent]:
    """Have no request routed to it, in any supervisor on this log."""
    return Answer(data=_agent(await api.supervisor.disable_agent(name, reason=body.reason, by=caller.by)))


@router.post("/{name}/restore", responses=problems(404))
async def restore(name: AgentName, body: Reason, api: TheApi, caller: SystemController) -> Answer[Agent]:
    """Undo a disable."""
    return Answer(data=_agent(await api.supervisor.restore_agent(name, by=caller.by)))


async def _history(api: Api, name: str) -> list[AgentStep]:
    steps: list[AgentStep] = []
    for recorded in await api.supervisor.store.read(stream_name("agent", name)):
        payload = event_data(recorded, api.redactor)["payload"]
        what = recorded.topic.rpartition(".")[2].replace("_", " ")
        by = str(payload.get("by", ""))
        steps.append(AgentStep(position=recorded.position, at=recorded.recorded_at, what=what, by=by, payload=payload))
    return steps


def _agent(record: AgentRecord) -> Agent:
    return Agent(
        name=record.name,
        kind=record.kind,
        description=record.description,
        tools=list(record.tools),
        examples=record.examples,
        enabled=record.enabled,
        reason=record.reason,
        registered_at=record.registered_at,
        state=record.state,
        version=record.version,
    )
