"""/api/flags: feature flags, what a request would get, who changed what; and changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, JsonValue

from common.errors import ConfigurationError, NotFound
from events.catalogue.flag import FlagChanged
from supervisor.http.access import Reader, SystemController, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import TheApi
from supervisor.http.problems import Refused
from supervisor.http.routes.requests import checked_context
from supervisor.http.routes.traces import Tenant, User

__all__ = ["router"]

router = APIRouter(prefix="/api/flags", tags=["flags"])

_Key = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class Flag(BaseModel):
    """A flag, as a request of the context asked for would get it."""

    key: str
    variant: str
    reason: str
    value: bool | int | float | str
    provider: str
    type: str
    default: bool | int | float | str
    description: str
    error: str | None = None


class Flags(BaseModel):
    """All flags; `fault` is what is wrong with their definitions, while the last good ones hold."""

    flags: list[Flag]
    provider: str
    fault: dict[str, JsonValue] | None
    definitions: dict[str, JsonValue]


class Change(Body):
    """A change; what is not named stays."""

    variant: str | None = Field(default=None, min_length=1, max_length=100, description="for everybody else")
    percent: float | None = Field(default=None, ge=0, le=100, description="the share that gets on")
    tenants: dict[_Name, _Name | None] = Field(default_factory=dict, description="tenant -> variant; null ends it")
    users: dict[_Name, _Name | None] = Field(default_factory=dict)
    enabled: bool | None = None
    reason: str = Field(default="", max_length=2_000)


class Changed(BaseModel):
    """Whether something changed, and the definition that holds now."""

    key: str
    changed: bool
    definition: JsonValue


class Step(BaseModel):
    """A change that was recorded."""

    id: str
    key: str
    at: datetime
    by: str
    reason: str
    before: JsonValue
    after: JsonValue


@router.get("", responses=problems())
async def list_flags(api: TheApi, caller: Reader, tenant: Tenant = None, user: User = None) -> Answer[Flags]:
    """Every flag as a request of this tenant and user would get it, and why.

    A token that is bound to a tenant is not shown the definitions, which name others.
    """
    owner = caller.owner(tenant, user)
    report = await api.supervisor.flags.report(checked_context(owner._asdict(), None))
    shown: dict[str, Any] = {name: report[name] for name in Flags.model_fields}
    if caller.is_bound:
        shown |= {"definitions": {}, "fault": None}
    return Answer(data=Flags.model_validate(shown))


@router.get("/history", responses=problems())
async def history(
    api: TheApi,
    caller: SystemReader,
    key: Annotated[str | None, Query(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Paged[Step]:
    """Who changed what and why, the latest first. Edits of the file by hand are in no log."""
    steps = await api.supervisor.flags.history(key)
    return paged([Step.model_validate(step, from_attributes=True) for step in reversed(steps)], limit, cursor)


@router.post("/{key}", responses=problems(404, 409))
async def change(key: _Key, body: Change, api: TheApi, caller: SystemController) -> Answer[Changed]:
    """Change who gets which variant; the file is checked first and replaced as a whole."""
    if key not in api.supervisor.flags.keys:
        raise NotFound(f"there is no flag {key!r}", where="flags")
    event: FlagChanged | None = None
    if body.model_dump(exclude={"reason"}, exclude_defaults=True):
        try:
            event = await api.supervisor.flags.set(
                key,
                by=caller.by,
                reason=body.reason,
                variant=body.variant,
                percent=body.percent,
                tenants=body.tenants,
                users=body.users,
                enabled=body.enabled,
            )
        except ConfigurationError as error:  # it does not fit what is defined: a variant that there is not, say
            raise Refused(409, error.what, where=error.where, todo=error.todo) from None
    report = await api.supervisor.flags.report()
    return Answer(data=Changed(key=key, changed=event is not None, definition=report["definitions"].get(key)))
