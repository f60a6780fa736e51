"""/api/requests: have a request handled, at once or as a stream; stop it, go on with it, say how good it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Header, Path, Request
from pydantic import ConfigDict, Field, JsonValue, ValidationError, field_validator
from starlette.responses import Response as HttpResponse

from common.context import TaskContext
from common.errors import RequestRejected
from common.limits import Limits
from common.results import Response
from common.updates import Completed, Update
from supervisor.http.access import Caller, Requester
from supervisor.http.answers import Answer, Body, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.owners import owner_of_trace
from supervisor.http.problems import Refused
from supervisor.http.streams import EVENT_SCHEMA, EVENT_STREAM, ServerEvent
from supervisor.http.visible import VISIBLE

__all__ = ["TraceId", "router"]

router = APIRouter(prefix="/api/requests", tags=["requests"])

TraceId = Annotated[str, Path(pattern=r"^[0-9a-f]{4,64}$", description="of a trace, or an unambiguous beginning")]
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$",
        description="the same key gives the same outcome, however often it is sent",
    ),
]  # fmt: skip


_ZONES = sorted(available_timezones())


class Whose(Body):
    """Whose data it is about, where the token is not bound to one."""

    tenant: str | None = Field(default=None, min_length=1, max_length=200)
    user: str | None = Field(default=None, min_length=1, max_length=200)


class Bounds(Limits):
    """The bounds of a request: numbers, and neither true nor text that reads like one."""

    model_config = ConfigDict(allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        if isinstance(value, bool | str):
            raise ValueError("a number is wanted")
        return value


class NewRequest(Whose):
    """A request."""

    text: str = Field(
        max_length=100_000,
        pattern=VISIBLE,
        description="what is wanted, in plain words",
        examples=["set a timer for 10 minutes"],
    )
    session: str | None = Field(default=None, min_length=1, max_length=200, description="continue this conversation")
    timezone: str | None = Field(
        default=None, description="IANA name, such as Europe/Zurich", json_schema_extra={"enum": [*_ZONES, None]}
    )
    location: str | None = Field(default=None, max_length=200)
    attributes: dict[str, JsonValue] = Field(default_factory=dict, description="what flags may go by")
    limits: Bounds | None = None
    stream: bool = Field(default=False, description="answer as server-sent events; so does Accept: text/event-stream")


class Resume(Whose):
    """Going on with a request."""

    limits: Bounds | None = None


class Cancel(Whose):
    """Stopping a request."""

    reason: str = Field(default="", max_length=2_000)


class Outcome(Whose):
    """How good a run was."""

    score: float = Field(ge=0, le=1, description="0 useless, 1 perfect")
    comment: str = Field(default="", max_length=2_000)


class Cancelled(Body):
    """What became of the wish to stop."""

    trace_id: str
    state: str
    text: str


class Reported(Body):
    """The trace that the outcome is of."""

    trace_id: str


@router.post(
    "",
    response_model=Answer[Response],
    responses={
        **problems(409),
        200: {
            "model": Answer[Response],
            "description": "The answer; or, where asked for, a stream whose events are the updates, Completed the last",
            "content": {EVENT_STREAM: {"schema": EVENT_SCHEMA}},
        },
    },
)
async def ask(body: NewRequest, api: TheApi, caller: Requester, request: Request, idempotency_key: _Key = None) -> Any:
    """Handle a request and answer. A stream whose reader goes away is cancelled; send the same key to get its end."""
    context = _context(body, caller, idempotency_key)
    try:
        if body.stream or EVENT_STREAM in request.headers.get("accept", ""):
            return await _streamed(api, body, context, caller)
        response = await api.supervisor.process_request(body.text, context)
    except RequestRejected as error:
        if idempotency_key is not None and error.where.startswith("request_id"):
            raise Refused(409, error.what, where="Idempotency-Key", todo=error.todo) from None
        raise
    return Answer(data=_shown(api, response, body.text))


async def _streamed(api: Api, body: NewRequest, context: TaskContext, caller: Caller) -> HttpResponse:
    updates = api.supervisor.stream_request(body.text, context)
    first = await anext(updates)  # so that a request that is refused has a status of its own
    try:
        return api.streams.response(_events(api, body.text, first, updates), caller.grant.token_id)
    except BaseException:
        await updates.aclose()
        raise


async def _events(api: Api, text: str, first: Update, updates: AsyncGenerator[Update]) -> AsyncGenerator[ServerEvent]:
    async with aclosing(updates):
        yield _event(api, text, first)
        async for update in updates:
            yield _event(api, text, update)


def _event(api: Api, text: str, update: Update) -> ServerEvent:
    if isinstance(update, Completed):
        return ServerEvent("Completed", _shown(api, update.response, text).model_dump(mode="json"))
    return ServerEvent(type(update).__name__, api.clean(asdict(update), text))


def _shown(api: Api, response: Response, text: str) -> Response:
    return Response.model_validate(api.clean(response.model_dump(mode="json"), text))


def _context(body: NewRequest, caller: Caller, key: str | None) -> TaskContext:
    owner = caller.owner(body.tenant, body.user)
    values = body.model_dump(include={"timezone", "attributes"}, exclude_none=True)
    values |= {"session": _one_line(body.session), "location": _one_line(body.location)}
    return checked_context({**values, "tenant": owner.tenant, "user": owner.user, "request_id": key}, body.limits)


def _one_line(text: str | None) -> str | None:
    """A name without control characters and the like."""
    return text and "".join(character if character.isprintable() else "\ufffd" for character in text)


def checked_context(values: dict[str, Any], limits: Limits | None) -> TaskContext:
    """The context of these values. Raises `RequestRejected`."""
    try:
        return TaskContext.model_validate({**values, "limits": limits})
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise RequestRejected(f"the request can't be taken: {problem['msg']}", where=where) from None


@router.post("/{trace_id}/cancel", responses=problems(404))
async def cancel(trace_id: TraceId, body: Cancel, api: TheApi, caller: Requester) -> Answer[Cancelled]:
    """Stop a request that runs, here or in another process; what was carried out stays."""
    owner = await owner_of_trace(api, caller, trace_id, body.tenant, body.user)
    found = await api.supervisor.cancel(trace_id, owner=owner, by=caller.by, reason=body.reason)
    return Answer(data=Cancelled(trace_id=found.trace_id, state=found.state, text=found.text))


@router.post("/{trace_id}/resume", responses=problems(404, 409))
async def resume(trace_id: TraceId, body: Resume, api: TheApi, caller: Requester) -> Answer[Response]:
    """Go on with a request that was interrupted, cancelled, stopped at a limit or waited for an approval."""
    owner = await owner_of_trace(api, caller, trace_id, body.tenant, body.user)
    response = await api.supervisor.resume(trace_id, owner=owner, limits=body.limits)
    return Answer(data=_shown(api, response, ""))


@router.post("/{trace_id}/outcome", responses=problems(404))
async def outcome(trace_id: TraceId, body: Outcome, api: TheApi, caller: Requester) -> Answer[Reported]:
    """Say how good a run was; learning goes by it. The last word counts."""
    owner = await owner_of_trace(api, caller, trace_id, body.tenant, body.user)
    found = await api.supervisor.report_outcome(trace_id, body.score, body.comment, by=caller.by, owner=owner)
    return Answer(data=Reported(trace_id=found))
