"""/api/events: the log as it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from events.catalogue import BY_TOPIC
from supervisor.http.access import Caller, Reader
from supervisor.http.answers import problems
from supervisor.http.api import Api, TheApi
from supervisor.http.feed import Shown
from supervisor.http.problems import Refused
from supervisor.http.streams import EVENT_SCHEMA, EVENT_STREAM

__all__ = ["router"]

router = APIRouter(prefix="/api/events", tags=["events"])

_OF_TENANTS = frozenset({"trace", "request", "outcome", "intent", "timer", "memory", "home"})
"""Families of streams that belong to tenants; the others are about the system, whatever tenant their header names."""

_After = Annotated[int | None, Query(ge=0, le=2**53, description="behind this position; default: from now on")]
_Topics = Annotated[list[str] | None, Query(max_length=100, description="only of these kinds (repeatable)")]
_LastEventId = Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$", description="sent by browsers that reconnect")]


@router.get(
    "",
    response_class=Response,
    responses={
        **problems(),
        200: {
            "description": "Server-sent events: the topic, the event as an export has it, its position as the id",
            "content": {EVENT_STREAM: {"schema": EVENT_SCHEMA}},
        },
    },
)
async def follow(
    api: TheApi,
    caller: Reader,
    after: _After = None,
    topic: _Topics = None,
    last_event_id: _LastEventId = None,
) -> Response:
    """Every event as it becomes durable, without gap or duplicate; a reader that comes back goes on where it was.

    A token that is bound to a tenant sees the events of its requests, and none of the system; one that is bound to a
    user, those of the user's requests.
    """
    unknown = [name for name in topic or () if name not in BY_TOPIC]
    if unknown:
        raise Refused(422, f"there is no kind of event {unknown[0][:80]!r}", where="topic")
    start = int(last_event_id) if last_event_id is not None else after
    if start is None:
        start = await api.supervisor.store.head()
    return api.streams.response(_events(api, caller, start, topic), caller.grant.token_id, beside=api.feed.lead)


async def _events(api: Api, caller: Caller, after: int, topics: list[str] | None) -> AsyncGenerator[bytes]:
    wanted = frozenset(topics) if topics else None
    users = _Users(api, caller.grant.user) if caller.grant.user is not None else None

    def passes(shown: Shown) -> bool:
        return (wanted is None or shown.topic in wanted) and _may_see(caller, shown)

    async with aclosing(api.feed.follow(after, passes)) as pages:
        async for page in pages:
            own = page if users is None else [shown for shown in page if await users.owns(shown.correlation)]
            if own:
                yield b"".join(shown.encoded for shown in own)


def _may_see(caller: Caller, shown: Shown) -> bool:
    bound = caller.grant.tenant
    return bound is None or (shown.tenant == bound and shown.stream.partition("/")[0] in _OF_TENANTS)


class _Users:
    """Whose traces are a user's."""

    def __init__(self, api: Api, user: str) -> None:
        self._api = api
        self._user = user
        self._known: dict[str, bool] = {}

    async def owns(self, trace: str | None) -> bool:
        """Whether a trace is the user's; what belongs to no trace is nobody's."""
        if trace is None:
            return False
        if trace not in self._known:
            rows = await self._api.supervisor.views.query("trace_index", {"trace_id": trace}, limit=1)
            if not rows:
                return False
            if len(self._known) >= 10_000:
                self._known.clear()
            self._known[trace] = rows[0]["user"] == self._user
        return self._known[trace]
