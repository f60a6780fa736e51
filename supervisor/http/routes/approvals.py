"""/api/approvals: what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, JsonValue

from common.results import IntentReport
from supervisor.http.access import Approver, Reader
from supervisor.http.answers import Answer, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import TheApi
from supervisor.http.owners import owner_of_intent
from supervisor.http.routes.requests import Whose
from supervisor.http.routes.traces import Tenant, User

__all__ = ["router"]

router = APIRouter(prefix="/api/approvals", tags=["approvals"])

_IntentId = Annotated[str, Path(pattern=r"^[0-9a-f]{8,64}$")]


class Waiting(BaseModel):
    """An intent that waits; `arguments` are exactly what would be carried out, redacted."""

    intent_id: str
    type: str
    summary: str
    arguments: JsonValue
    trace_id: str | None
    tenant: str
    user: str
    registered_at: datetime | None
    expires_at: datetime | None


class Decision(Whose):
    """Why."""

    comment: str = Field(default="", max_length=2_000)


@router.get("", responses=problems())
async def waiting(
    api: TheApi, caller: Reader, limit: Limit = 100, cursor: Cursor = None, tenant: Tenant = None, user: User = None
) -> Paged[Waiting]:
    """What waits for a person's decision, the oldest first; a whole tenant's where no user is named or bound."""
    where: dict[str, Any] = {"tenant": caller.tenant(tenant), "status": "awaiting_approval"}
    if user is not None or caller.grant.user is not None:
        where["user"] = caller.owner(tenant, user).user
    rows = await api.supervisor.views.query("intents", where, order_by="registered_at", limit=10_000)
    return paged([_waiting(api, row) for row in rows], limit, cursor)


@router.post("/{intent_id}/approve", responses=problems(404, 409))
async def approve(intent_id: _IntentId, body: Decision, api: TheApi, caller: Approver) -> Answer[IntentReport]:
    """Approve exactly what is shown, and have it carried out."""
    owner = await owner_of_intent(api, caller, intent_id, body.tenant, body.user)
    report = await api.supervisor.approve(intent_id, by=caller.by, owner=owner, comment=body.comment)
    return Answer(data=IntentReport.model_validate(api.clean(report.model_dump(mode="json"))))


@router.post("/{intent_id}/deny", responses=problems(404, 409))
async def deny(intent_id: _IntentId, body: Decision, api: TheApi, caller: Approver) -> Answer[IntentReport]:
    """Decide against it."""
    owner = await owner_of_intent(api, caller, intent_id, body.tenant, body.user)
    report = await api.supervisor.deny(intent_id, by=caller.by, owner=owner, reason=body.comment)
    return Answer(data=IntentReport.model_validate(api.clean(report.model_dump(mode="json"))))


def _waiting(api: TheApi, row: dict[str, Any]) -> Waiting:
    shown: dict[str, Any] = api.clean({name: row.get(name) for name in ("summary", "arguments")})
    known = {name: row.get(name) for name in Waiting.model_fields if name not in shown}
    return Waiting.model_validate({**known, **shown})
