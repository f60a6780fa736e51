"""Whose a trace or an intent is, for callers that may speak for more than one user."""

from __future__ import annotations

from typing import Any

from common.context import Owner
from common.errors import NotFound
from supervisor.http.access import Caller
from supervisor.http.api import Api

__all__ = ["owner_of_intent", "owner_of_trace"]


async def owner_of_trace(api: Api, caller: Caller, trace_id: str, tenant: str | None, user: str | None) -> Owner:
    """The owner that is named or bound; where that is a tenant alone, the user whose trace it is.

    Raises `NotFound`, and `Refused` like `Caller.owner`.
    """
    owner = caller.owner(tenant, user)
    if user is not None or caller.grant.user is not None:
        return owner
    where = {"tenant": owner.tenant, "trace_id >=": trace_id, "trace_id <": trace_id + "~"}
    return await _found(api, "trace_index", where, owner.tenant, f"there is no trace {trace_id!r}")


async def owner_of_intent(api: Api, caller: Caller, intent_id: str, tenant: str | None, user: str | None) -> Owner:
    """Like `owner_of_trace`, of an intent."""
    owner = caller.owner(tenant, user)
    if user is not None or caller.grant.user is not None:
        return owner
    where = {"tenant": owner.tenant, "intent_id >=": intent_id, "intent_id <": intent_id + "~"}
    return await _found(api, "intents", where, owner.tenant, f"there is no intent {intent_id!r}")


async def _found(api: Api, view: str, where: dict[str, Any], tenant: str, missing: str) -> Owner:
    rows = await api.supervisor.views.query(view, where, limit=1)
    if not rows:
        raise NotFound(missing, where=view)
    return Owner(tenant, str(rows[0]["user"]))
