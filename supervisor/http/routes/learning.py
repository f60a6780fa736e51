"""/api/learning: what was learned from traces, and how the trials of guidelines stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Body as Given
from pydantic import BaseModel, Field, JsonValue

from supervisor.http.access import SystemController, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import TheApi
from supervisor.learning.learning_status import LearningStatus
from supervisor.learning.report_data import pattern_data, report_data

__all__ = ["router"]

router = APIRouter(prefix="/api/learning", tags=["learning"])

_Type = Annotated[str | None, Query(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class Pattern(BaseModel):
    """A behaviour that goes with success or failure; `interval` is the 95 % interval of `effect`, a difference in
    success rate. See docs/learning.md for the other words.
    """

    kind: str
    agent_type: str
    description: str
    support: int
    effect: float
    interval: tuple[float, float]
    confidence: float
    p: float
    q: float
    held_out: dict[str, float]
    strata: str
    recommendations: list[str]


class Proposal(BaseModel):
    """A version of a guideline that the patterns speak for."""

    agent_type: str
    version: str
    state: str
    new: bool
    rules: list[str]
    patterns: list[str]
    note: str


class Version(BaseModel):
    """A version of a guideline."""

    agent_type: str
    version: str


class Cycle(BaseModel):
    """What a cycle did. `refused` says why there was none, and is empty otherwise."""

    refused: str = ""
    traces: int
    new_traces: int
    patterns: list[Pattern]
    proposed: list[Proposal]
    activated: list[Version]
    notes: list[str] = Field(default_factory=list[str])
    seconds: float = 0.0


class Arm(BaseModel):
    """The requests of one arm of a trial: drawn for it, compared, gone well; not in time, not yet, told otherwise."""

    drawn: int
    outcomes: int
    successes: int
    left_out: int
    waiting: int
    contradicted: int
    rate: float | None


class Trial(BaseModel):
    """A trial of a version against the one in service (`against`; null: none).

    `difference`: of the success rates, with `low` and `high` of its confidence sequence; `path`: how they came to be.
    """

    agent_type: str
    version: str
    against: str | None
    share: float
    state: str
    why: str
    alpha: float
    harm_alpha: float
    most: int | None
    started_at: datetime
    ended_at: datetime | None
    decided_by: str | None
    candidate: Arm
    incumbent: Arm
    difference: float
    low: float
    high: float
    evidence: float
    harm: float
    path: list[list[float]]


class Fresh(Body):
    """How to learn."""

    fresh: bool = Field(default=False, description="judge all traces anew, however few are new")


_PLAIN = Fresh()


@router.get("/status", responses=problems())
async def status(api: TheApi, caller: SystemReader) -> Answer[LearningStatus]:
    """How learning stands."""
    return Answer(data=await api.supervisor.learning.status())


@router.get("/patterns", responses=problems())
async def patterns(
    api: TheApi, caller: SystemReader, agent_type: _Type = None, limit: Limit = 100, cursor: Cursor = None
) -> Paged[Pattern]:
    """The patterns that the last cycle found to hold, the surest first."""
    found = await api.supervisor.learning.patterns(agent_type)
    return paged([Pattern.model_validate(api.clean(pattern_data(pattern))) for pattern in found], limit, cursor)


@router.get("/trials", responses=problems())
async def trials(
    api: TheApi, caller: SystemReader, agent_type: _Type = None, limit: Limit = 100, cursor: Cursor = None
) -> Paged[Trial]:
    """Every trial, by agent type, oldest first."""
    found = await api.supervisor.learning.trials.report(agent_type)
    return paged([Trial.model_validate(report.as_json()) for report in found], limit, cursor)


@router.post("/cycle", responses=problems(409))
async def cycle(api: TheApi, caller: SystemController, body: Annotated[Fresh, Given()] = _PLAIN) -> Answer[Cycle]:
    """Learn now, and tell what came of it: it takes as long as it takes. 409 while another cycle runs."""
    report = await api.supervisor.learning.cycle(by=caller.by, fresh=body.fresh)
    told: dict[str, JsonValue | Any] = {"notes": list(report.notes), "seconds": report.seconds}
    return Answer(data=Cycle.model_validate(api.clean({**report_data(report), **told, "refused": report.refused})))
