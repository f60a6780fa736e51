"""/api/evolution: agents that appear, get better and go; what was decided on them, why, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, JsonValue

from events.views.evolution import EvolutionView
from supervisor.evolution.cycle_history import find_cycle, read_cycles
from supervisor.http.access import SystemController, SystemReader
from supervisor.http.answers import Answer, Cursor, Limit, Page, Paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.shares import Share, share_of

__all__ = ["router"]

router = APIRouter(prefix="/api/evolution", tags=["evolution"])

_CycleId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_Kind = Literal["create", "improve", "prune", "keep"]
_MANY = 1_000


class Lifecycle(BaseModel):
    """What was decided in so many `days`; shares are 0 to 1, and null where there was nothing to take one of.

    `improvement` is the mean gain over all attempts; `healthy` the share of versions put into service that were well;
    `automation` the share of decisions carried out without a person, by kind and of all.
    """

    days: float
    created: int
    created_per_day: float
    improvements: int
    improvement: float | None
    deployments: int
    healthy: float | None
    pruned: int
    automation: dict[str, float]
    decisions: dict[str, int]


class Status(BaseModel):
    """How evolution stands: what it may do by itself, its figures, and the fitness of built agents (0 to 1)."""

    enabled: bool = Field(description="whether cycles run by themselves")
    allowed: list[str] = Field(description="what is done without a person; the rest is suggested")
    running: bool
    cycles: int
    failed_cycles: int
    last_cycle: str
    last_at: datetime | None
    lifecycle: Lifecycle
    fitness: dict[str, float]
    median: float | None
    within: float | None = Field(description="share of agents that keep all their constraints")
    shares: list[Share] = Field(description="improved versions that serve a share, or are watched after that")


class Decision(BaseModel):
    """What was decided, why, and what came of it (`ok` is null while it is carried out, or a person decides).

    `causes` are traces and improvements; `improvement` is what a person decides on; `build` what is built or deployed.
    """

    cycle: str
    number: int
    kind: str
    subject: str
    why: str
    figures: dict[str, JsonValue]
    causes: list[str]
    by_itself: bool
    improvement: str | None
    build: str
    ended: bool
    ok: bool | None
    changed: bool | None
    result: str | None
    agent: str | None
    agent_version: str | None
    healthy: bool | None
    within: bool | None
    gain: float | None
    taken_at: datetime
    ended_at: datetime | None
    position: int


class Cycle(BaseModel):
    """One cycle. `error` says why it came to nothing; without `ended_at` it runs, or its process ended."""

    cycle: str
    by: str
    started_at: datetime
    ended_at: datetime | None
    error: str
    needs: int
    decisions: int
    fitness: dict[str, float] | None
    model_calls: int
    seconds: float
    notes: list[str]


class CycleWhole(Cycle):
    """One cycle with its decisions, in their order."""

    taken: list[Decision]


class Need(BaseModel):
    """What several requests ask for and nobody does; `title` is null where no template covers it."""

    fingerprint: str
    title: str | None
    support: int
    users: int
    days: int
    traces: list[str]


class Planned(BaseModel):
    """What a cycle would do now, and why; `by_itself`: without a person."""

    kind: str
    subject: str
    why: str
    figures: dict[str, JsonValue]
    causes: list[str]
    by_itself: bool


class DryRun(BaseModel):
    """What a cycle would find and do; nothing was changed."""

    needs: list[Need]
    decisions: list[Planned]
    fitness: dict[str, float]
    seconds: float
    notes: list[str]


class Begun(BaseModel):
    """The cycle, which goes on by itself: `GET /api/evolution/cycles/{cycle}` and the events `evolution.…` tell how."""

    cycle: str


_Days = Annotated[float, Query(ge=1 / 24, le=366, allow_inf_nan=False, description="that the figures are over")]


@router.get("/status", responses=problems())
async def status(api: TheApi, caller: SystemReader, days: _Days = 7.0) -> Answer[Status]:
    """What evolution may do, what it did, how fit the agents are, and how much went without a person."""
    report = await api.supervisor.evolution.report(days)
    found = {**asdict(report), "shares": [share_of(one) for one in report.shares]}
    del found["latest"]
    return Answer(data=Status.model_validate(found))


@router.get("/decisions", responses=problems())
async def decisions(
    api: TheApi, caller: SystemReader, kind: _Kind | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Paged[Decision]:
    """What was decided, newest first; of one kind, if any."""
    where: dict[str, Any] = {} if kind is None else {"kind": kind}
    if cursor is not None:
        where["position <"] = int(cursor)
    rows = await api.supervisor.views.query(EvolutionView.name, where, order_by="-position", limit=limit + 1)
    more = str(rows[limit - 1]["position"]) if len(rows) > limit else None
    return Paged(data=[_decision(api, row) for row in rows[:limit]], page=Page(limit=limit, next=more))


@router.get("/cycles", responses=problems())
async def cycles(api: TheApi, caller: SystemReader, limit: Limit = 50, cursor: Cursor = None) -> Paged[Cycle]:
    """The cycles, newest first."""
    found, more = await read_cycles(api.supervisor.store, limit, None if cursor is None else int(cursor))
    page = Page(limit=limit, next=None if more is None else str(more))
    return Paged(data=[Cycle.model_validate(_cycle(api, asdict(one))) for one in found], page=page)


@router.get("/cycles/{cycle}", responses=problems(404))
async def show_cycle(cycle: _CycleId, api: TheApi, caller: SystemReader) -> Answer[CycleWhole]:
    """One cycle with what it decided."""
    supervisor = api.supervisor
    found = await find_cycle(supervisor.store, cycle)
    rows = await supervisor.views.query(EvolutionView.name, {"cycle": cycle}, order_by="number", limit=_MANY)
    taken = [_decision(api, row) for row in rows]
    return Answer(data=CycleWhole.model_validate({**_cycle(api, asdict(found)), "taken": taken}))


@router.post("/cycles", status_code=202, responses=problems(409))
async def begin(api: TheApi, caller: SystemController) -> Answer[Begun]:
    """Begin a cycle within the budgets of the settings, and answer at once. 409 while one runs, in any process."""
    return Answer(data=Begun(cycle=await api.supervisor.evolution.begin_cycle(by=caller.by)))


@router.post("/dry-run", responses=problems())
async def dry_run(api: TheApi, caller: SystemController) -> Answer[DryRun]:
    """Look at everything that a cycle looks at, and tell what it would do; nothing is changed, and nothing logged."""
    report = await api.supervisor.evolution.evolution_cycle(by=caller.by, dry_run=True)
    needs = [
        Need(
            fingerprint=need.fingerprint, title=need.understood.title if need.understood else None,
            support=need.support, users=need.users, days=need.days, traces=list(need.traces),
        )
        for need in report.needs
    ]  # fmt: skip
    planned = [
        Planned.model_validate(
            api.clean({name: getattr(told.decision, name) for name in Planned.model_fields}
            | {"figures": dict(told.decision.figures), "causes": list(told.decision.causes)})
        )
        for told in report.decisions
    ]  # fmt: skip
    return Answer(
        data=DryRun(
            needs=needs, decisions=planned, seconds=round(report.seconds, 3), notes=api.clean(list(report.notes)),
            fitness={agent.name: round(agent.fitness.score, 4) for agent in report.population.agents},
        )
    )  # fmt: skip


def _cycle(api: Api, found: dict[str, Any]) -> dict[str, Any]:
    told = api.clean({name: found[name] for name in ("by", "error", "notes")} | {"notes": list(found["notes"])})
    return {**found, **told}


def _decision(api: Api, row: dict[str, Any]) -> Decision:
    texts = api.clean({name: row[name] for name in ("why", "figures", "result")})
    return Decision.model_validate({**row, **texts})
