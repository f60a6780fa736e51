"""What of a supervisor others may use over a protocol: the same requests, policies, limits and admission as ever.

Whose data they work with is said by the server's configuration or by the caller's token, never by the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from common.context import Owner
from common.errors import ConfigurationError, SupervisorError
from common.owner_keys import owner_key
from common.results import Response
from common.updates import (
    ApprovalRequested,
    Completed,
    IntentRegistered,
    ModelReplaced,
    Planned,
    Routed,
    TaskStarted,
    ToolFinished,
    ToolStarted,
    Update,
)
from llm_provider.serving import Answer, Caller, ServedApp, ServedTool

if TYPE_CHECKING:
    from common.redaction import Redactor
    from common.settings import Settings
    from supervisor.facade import Supervisor

__all__ = ["NAME", "abilities", "mcp_app", "own_version", "progress_words", "serve_mcp", "served_tools", "tokens_of"]

NAME = "agent-supervisor"
_DEEPEST = 3


async def serve_mcp(supervisor: Supervisor, owner: Owner) -> None:
    """Serve a running supervisor on this process's standard streams, to one owner, until the input ends.

    Raises `ConfigurationError` at the end of a long chain of supervisors that started each other.
    """
    from llm_provider.mcp_serving import serve_stdio
    from llm_provider.mcp_stdio import depth

    if depth() > _DEEPEST:
        raise ConfigurationError(
            f"{depth()} supervisors have started each other as their MCP servers",
            where="mcp_servers",
            todo="Take agent-supervisor out of the servers of the configuration that it is started with.",
        )
    await serve_stdio(NAME, own_version(), lambda: served_tools(supervisor), owner)


def mcp_app(supervisor: Supervisor) -> ServedApp:
    """An ASGI application that serves a supervisor by streamable HTTP to the owners of `serving.token` and `tokens`.

    Where it is mounted in another application, ``async with app.running():`` belongs into that one's lifespan. Raises
    `ConfigurationError` where the settings name no token.
    """
    from llm_provider.mcp_serving import http_app

    return http_app(NAME, own_version(), lambda: served_tools(supervisor), tokens_of(supervisor.settings))


def tokens_of(settings: Settings) -> list[tuple[SecretStr, Owner]]:
    """The tokens that callers can show. Raises `ConfigurationError` where there is none."""
    tokens = settings.serving.owners()
    if not tokens:
        raise ConfigurationError(
            "nobody could call it: there is no token", where="serving.token", todo="Set one, 32 random characters."
        )
    return tokens


def own_version() -> str:
    """The version of this package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("agent-supervisor")
    except PackageNotFoundError:  # run from its source
        return "0"


def abilities(supervisor: Supervisor) -> str:
    """What the supervisor can be asked for: its roles in their own words."""
    roles = "\n".join(f"- {role.name}: {role.description}" for role in supervisor.roles())
    return f"Handles requests in plain words, one or several at once. It covers:\n{roles}"


class _Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, description="What you want done, in plain words")
    session: str | None = Field(default=None, max_length=200, description="Continue this conversation")
    request_id: str | None = Field(
        default=None, max_length=200, description="Asking again with the same id gives the same outcome"
    )
    timezone: str | None = Field(default=None, max_length=100, description="IANA name, such as Europe/Zurich")


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Traces(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=100)
    session: str | None = Field(default=None, max_length=200, description="Only those of this conversation")


class _Approve(BaseModel):
    model_config = ConfigDict(extra="forbid")

    intent_id: str = Field(min_length=1, max_length=200, description="As approvals names it")
    comment: str = Field(default="", max_length=2_000, description="Recorded with the decision")


class _Deny(BaseModel):
    model_config = ConfigDict(extra="forbid")

    intent_id: str = Field(min_length=1, max_length=200, description="As approvals names it")
    reason: str = Field(default="", max_length=2_000, description="Recorded with the decision")


def served_tools(supervisor: Supervisor) -> list[ServedTool]:
    """What others may call; deciding on approvals only where `serving.approvals` is on."""
    served = _Served(supervisor)
    tools = [
        ServedTool("ask", f"Have a request handled. {abilities(supervisor)}", _Ask, served.ask),
        ServedTool("approvals", "What waits for a person's decision.", _Nothing, served.approvals, reads=True),
        ServedTool("traces", "The latest requests and their outcomes.", _Traces, served.traces, reads=True),
    ]
    if supervisor.settings.serving.approvals:
        tools += [
            ServedTool("approve", "Approve what waits, and have it carried out.", _Approve, served.approve),
            ServedTool("deny", "Deny what waits.", _Deny, served.deny),
        ]
    return tools


class _Served:
    """The calls; texts are redacted as everywhere."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._redactor: Redactor = supervisor.settings.redaction.redactor()

    async def ask(self, arguments: _Ask, caller: Caller) -> Answer:
        context = {
            "tenant": caller.owner.tenant,
            "user": caller.owner.user,
            **arguments.model_dump(exclude={"text"}, exclude_none=True),
        }
        response: Response | None = None
        async with aclosing(self._supervisor.stream_request(arguments.text, context)) as updates:
            async for update in updates:
                if isinstance(update, Completed):
                    response = update.response
                elif words := progress_words(update):
                    await caller.progress(self._redactor.text(words))
        if response is None:
            raise SupervisorError("the request ended without an answer", where="ask")
        data = response.model_dump(mode="json", include={"trace_id", "outcome", "intents", "usage", "duration_ms"})
        ok = response.outcome != "failure" and not response.outcome.startswith("limit:")
        return Answer(self._redactor.text(response.text), self._clean(data), ok=ok)

    async def approvals(self, _: _Nothing, caller: Caller) -> Answer:
        rows = await self._supervisor.approvals(caller.owner)
        shown = [{name: row[name] for name in ("intent_id", "type", "summary", "arguments")} for row in rows]
        lines = [f"{row['intent_id']}: {row['summary']}" for row in shown]
        return self._listed(lines, "approvals", shown, "Nothing waits for a decision.")

    async def traces(self, arguments: _Traces, caller: Caller) -> Answer:
        rows = await self._supervisor.traces(limit=arguments.limit, session=arguments.session, owner=caller.owner)
        shown = [{name: row.get(name) for name in ("trace_id", "request", "outcome", "session")} for row in rows]
        lines = [f"{row['trace_id']}: {row['outcome'] or 'running'}: {row['request']}" for row in shown]
        return self._listed(lines, "traces", shown, "There are none yet.")

    async def approve(self, arguments: _Approve, caller: Caller) -> Answer:
        report = await self._supervisor.approve(
            arguments.intent_id, by=_by(caller), owner=caller.owner, comment=arguments.comment
        )
        return self._decided(report.model_dump(mode="json"))

    async def deny(self, arguments: _Deny, caller: Caller) -> Answer:
        report = await self._supervisor.deny(
            arguments.intent_id, by=_by(caller), owner=caller.owner, reason=arguments.reason
        )
        return self._decided(report.model_dump(mode="json"))

    def _decided(self, report: Mapping[str, Any]) -> Answer:
        ok = report["status"] in ("processed", "denied")
        return Answer(self._redactor.text(f"{report['status']}: {report['detail']}"), self._clean(report), ok=ok)

    def _listed(self, lines: Sequence[str], name: str, rows: Sequence[Any], none: str) -> Answer:
        return Answer(self._redactor.text("\n".join(lines)) or none, self._clean({name: list(rows)}))

    def _clean(self, data: Mapping[str, Any]) -> Mapping[str, JsonValue]:
        return cast("Mapping[str, JsonValue]", self._redactor.value(dict(data)))


def _by(caller: Caller) -> str:
    return f"mcp {owner_key(caller.owner)}"


def progress_words(update: Update) -> str:
    """An update in one line for whoever waits; empty for what is no step."""
    match update:
        case Routed():
            return f"routed to {update.route}"
        case Planned():
            return f"planned {len(update.steps)} steps"
        case TaskStarted():
            return f"{update.role}: {update.request}"
        case ToolStarted():
            return f"calling {update.tool}"
        case ToolFinished():
            return f"{update.tool} {'answered' if update.ok else 'failed'}"
        case ModelReplaced():
            return f"going on with the model {update.by}"
        case IntentRegistered():
            return f"to be done: {update.summary}"
        case ApprovalRequested():
            return f"waits for approval: {update.summary}"
        case _:
            return ""
