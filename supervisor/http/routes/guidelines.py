"""/api/guidelines: the rules that agents work by, and decisions on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field, JsonValue

from events.catalogue.guideline import RuleChange
from events.state.guideline import GuidelineStatus
from supervisor.http.access import SystemApprover, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.routes.agents import Reason
from supervisor.http.routes.traces import At
from supervisor.queries.guidelines import GuidelineRecord

__all__ = ["router"]

router = APIRouter(prefix="/api/guidelines", tags=["guidelines"])

_Type = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[\x21-\x2e\x30-\x7e]+$")]
_Version = Annotated[str, Path(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$")]
_Either = r"^([0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}|active|none)$"


class Step(BaseModel):
    """One event of a guideline's history."""

    position: int
    at: datetime
    what: str
    version: str
    other: str | None
    by: str
    reason: str
    evidence: JsonValue = None
    share: float | None = None


class Rollback(Body):
    """Taking the version in service back."""

    to: str | None = Field(default=None, pattern=_Either, description="a version, or none; default: the last good one")
    reason: str = Field(default="", max_length=2_000)


class Decided(BaseModel):
    """What holds now."""

    agent_type: str
    active: str | None


@router.get("", responses=problems(404))
async def list_guidelines(
    api: TheApi,
    caller: SystemReader,
    agent_type: Annotated[str | None, Query(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")] = None,
    status: GuidelineStatus | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    at: At = None,
) -> Paged[GuidelineRecord]:
    """Every version of every guideline, with its rules and what differs from its base."""
    records = await api.supervisor.guidelines.versions(agent_type, at=at)
    return paged([record for record in records if status in (None, record.status)], limit, cursor)


@router.get("/{agent_type}/diff", responses=problems(404))
async def diff(
    agent_type: _Type,
    api: TheApi,
    caller: SystemReader,
    before: Annotated[str, Query(pattern=_Either)],
    after: Annotated[str, Query(pattern=_Either)],
    limit: Limit = 500,
    cursor: Cursor = None,
) -> Paged[RuleChange]:
    """What leads from one version to another."""
    return paged(await api.supervisor.guidelines.diff(agent_type, before, after), limit, cursor)


@router.get("/{agent_type}/history", responses=problems(404))
async def history(
    agent_type: _Type, api: TheApi, caller: SystemReader, limit: Limit = 100, cursor: Cursor = None, at: At = None
) -> Paged[Step]:
    """How a guideline came to be what it is, oldest first."""
    steps = await api.supervisor.guidelines.history(agent_type, at=at)
    shown = [Step.model_validate(step, from_attributes=True) for step in steps]
    return paged(shown, limit, cursor)


@router.get("/{agent_type}/rollback", include_in_schema=False)
async def no_rollback() -> None:
    """Not a version: it can only be asked for by POST."""
    raise HTTPException(405)


@router.get("/{agent_type}/{version}", responses=problems(404))
async def show(agent_type: _Type, version: _Version, api: TheApi, caller: SystemReader) -> Answer[GuidelineRecord]:
    """One version."""
    return Answer(data=await api.supervisor.guidelines.get(agent_type, version))


@router.post("/{agent_type}/{version}/activate", responses=problems(404, 409))
async def activate(
    agent_type: _Type, version: _Version, body: Reason, api: TheApi, caller: SystemApprover
) -> Answer[Decided]:
    """Put a version into service."""
    await api.supervisor.guidelines.activate(agent_type, version, by=caller.by, reason=body.reason)
    return Answer(data=await _decided(api, agent_type))


@router.post("/{agent_type}/{version}/reject", responses=problems(404, 409))
async def reject(
    agent_type: _Type, version: _Version, body: Reason, api: TheApi, caller: SystemApprover
) -> Answer[Decided]:
    """Decide against a version that is not in service."""
    await api.supervisor.guidelines.reject(agent_type, version, by=caller.by, reason=body.reason)
    return Answer(data=await _decided(api, agent_type))


@router.post("/{agent_type}/rollback", responses=problems(404, 409))
async def roll_back(agent_type: _Type, body: Rollback, api: TheApi, caller: SystemApprover) -> Answer[Decided]:
    """Take the version in service out of it; what was before comes back."""
    await api.supervisor.guidelines.roll_back(agent_type, body.to, by=caller.by, reason=body.reason)
    return Answer(data=await _decided(api, agent_type))


async def _decided(api: Api, agent_type: str) -> Decided:
    records = await api.supervisor.guidelines.versions(agent_type)
    active = next((record.version for record in records if record.status is GuidelineStatus.ACTIVE), None)
    return Decided(agent_type=agent_type, active=active)
