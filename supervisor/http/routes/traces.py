"""/api/traces: requests that were handled, and how."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, JsonValue

from supervisor.http.access import Reader
from supervisor.http.answers import Answer, Cursor, Limit, Page, Paged, problems
from supervisor.http.api import TheApi
from supervisor.http.owners import owner_of_trace
from supervisor.http.routes.requests import TraceId
from supervisor.queries.shown_events import event_data

if TYPE_CHECKING:
    from common.redaction import Redactor

__all__ = ["At", "Tenant", "User", "router"]

router = APIRouter(prefix="/api/traces", tags=["traces"])

Tenant = Annotated[str | None, Query(min_length=1, max_length=200, description="where the token is bound to none")]
User = Annotated[str | None, Query(min_length=1, max_length=200, description="where the token is bound to none")]
At = Annotated[int | None, Query(ge=1, le=2**53, description="as it stood at this position of the log")]
_Short = Annotated[str | None, Query(min_length=1, max_length=200)]


class Trace(BaseModel):
    """A request that was handled, or is being handled (no outcome yet)."""

    trace_id: str
    tenant: str
    user: str
    session: str | None = None
    request_id: str | None = None
    request: str
    answer: str | None = None
    approach: str | None = None
    route: str | None = None
    confidence: float | None = None
    outcome: str | None = None
    error: str | None = None
    started_at: datetime
    ended_at: datetime | None = None
    tool_calls: int = 0
    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    position: int


class TraceIntent(BaseModel):
    """What the request wants changed, and where that stands."""

    intent_id: str
    task: str
    type: str
    status: str
    summary: str
    detail: str | None
    decided_by: str | None
    registered_at: datetime | None
    updated_at: datetime | None


class TraceWhole(Trace):
    """With every event of its stream, and its intents."""

    events: list[dict[str, JsonValue]]
    intents: list[TraceIntent]


@router.get("", responses=problems())
async def list_traces(
    api: TheApi,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    tenant: Tenant = None,
    user: User = None,
    session: _Short = None,
    outcome: _Short = None,
) -> Paged[Trace]:
    """The latest requests of a tenant, newest first; of one user's only, where one is named or the token is bound."""
    where: dict[str, Any] = {"tenant": caller.tenant(tenant)}
    if user is not None or caller.grant.user is not None:
        where["user"] = caller.owner(tenant, user).user
    where |= {name: value for name, value in (("session", session), ("outcome", outcome)) if value is not None}
    if cursor is not None:
        where["position <"] = int(cursor)
    rows = await api.supervisor.views.query("trace_index", where, order_by="-position", limit=limit + 1)
    more = str(rows[limit - 1]["position"]) if len(rows) > limit else None
    return Paged(data=[_trace(api, row) for row in rows[:limit]], page=Page(limit=limit, next=more))


@router.get("/{trace_id}", responses=problems(404))
async def show_trace(
    trace_id: TraceId, api: TheApi, caller: Reader, tenant: Tenant = None, user: User = None, at: At = None
) -> Answer[TraceWhole]:
    """One request, step by step."""
    supervisor = api.supervisor
    owner = await owner_of_trace(api, caller, trace_id, tenant, user)
    detail = await supervisor.trace(trace_id, owner=owner, at=at)
    redactor = api.redactor.knowing(str(detail.row.get("request", "")))
    events = [event_data(recorded, redactor) for recorded in detail.events]
    wanted = {"trace_id": detail.row["trace_id"]}
    rows = await supervisor.views.query("intents", wanted, order_by="ordinal", limit=1_000) if at is None else []
    intents = [_intent(row, redactor) for row in rows]
    return Answer(data=TraceWhole.model_validate({**_shown(api, detail.row), "events": events, "intents": intents}))


def _intent(row: dict[str, Any], redactor: Redactor) -> TraceIntent:
    texts = {name: row.get(name) for name in ("summary", "detail")}
    shown = cast("dict[str, Any]", redactor.value(texts))
    known = {name: row.get(name) for name in TraceIntent.model_fields if name not in shown}
    return TraceIntent.model_validate({**known, **shown})


def _trace(api: TheApi, row: dict[str, Any]) -> Trace:
    return Trace.model_validate(_shown(api, row))


def _shown(api: TheApi, row: dict[str, Any]) -> dict[str, Any]:
    told = str(row.get("request", ""))
    texts = {name: api.texts.clean(value, told) for name, value in row.items() if isinstance(value, str)}
    return {**row, **texts}
