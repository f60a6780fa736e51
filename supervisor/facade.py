"""`Supervisor`: what a host application embeds."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
from pydantic import ValidationError

from common.context import Owner, TaskContext
from common.errors import ConfigurationError, RequestRejected
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from common.results import IntentReport, Response
from common.settings import Settings
from common.updates import Completed, Update
from supervisor.background import Background

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider
    from prometheus_client import CollectorRegistry
    from strands.models import Model

    from common.clock import Clock
    from common.intents import IntentHandler
    from common.role import Role
    from common.tool import Tool
    from events.projection import Views
    from events.store import EventStore
    from events.views.agent_registry import AgentRecord
    from supervisor.bootstrap import Parts
    from supervisor.doctor import Diagnosis
    from supervisor.notifications import Notification, Notifier
    from supervisor.queries.traces import TraceDetail

__all__ = ["Supervisor"]

_log = get_logger(__name__)


class Supervisor:
    """An event-sourced supervisor for LLM agents.

    Use it as an async context manager, or call `start` and `close`. All parts are this instance's own: two supervisors
    in one process share nothing. `model` serves every tier instead of the configured ones; `clock`, `tracer_provider`
    and `notifier` replace the defaults. With ``background=False`` no loops run (no timers fire, nothing is recovered
    but what a request needs).
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        model: Model | None = None,
        clock: Clock | None = None,
        tracer_provider: TracerProvider | None = None,
        notifier: Notifier | None = None,
        registry: CollectorRegistry | None = None,
        background: bool = True,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self._host: dict[str, Any] = {
            "model": model,
            "clock": clock,
            "tracer_provider": tracer_provider,
            "notifier": notifier,
            "registry": registry,
        }
        self._with_loops = background
        self._background = Background()
        self._parts: Parts | None = None
        self._roles: list[Role] = []
        self._tools: list[Tool] = []
        self._handlers: list[IntentHandler] = []
        self._recovered = False

    @classmethod
    def from_config(
        cls, path: str | Path | None = None, *, environ: Mapping[str, str] | None = None, **parts: Any
    ) -> Self:
        """A supervisor with the settings of a YAML file and of the environment (`SUPERVISOR_…`).

        `parts` are the constructor's keyword arguments. Raises `ConfigurationError` that names file, line and key.
        """
        from common.settings_loader import load_settings

        settings = load_settings(Path(path) if path is not None else None, os.environ if environ is None else environ)
        return cls(settings, **parts)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Open the store, wire every part, start the loops. Raises `ConfigurationError` or `StoreUnavailable`."""
        if self._parts is not None:
            raise ConfigurationError("the supervisor was started already", where="Supervisor.start")
        from supervisor.bootstrap import HostParts, build

        parts = await build(
            self.settings, HostParts(**self._host, roles=self._roles, tools=self._tools, handlers=self._handlers)
        )
        self._parts = parts
        await self._background.start()
        if self._with_loops:
            from supervisor.bootstrap import loops, services
            from supervisor.scheduler import Scheduler

            self._recovered = True
            self._background.start_soon(Scheduler(loops(parts), services(parts)).run)
            self._background.start_soon(_warm_up, parts)

    async def close(self, timeout: float = 10.0) -> None:
        """Stop the loops, cancel what still runs, write out what is in memory; `timeout` in seconds."""
        parts, self._parts = self._parts, None
        if parts is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                await self._background.close(timeout)
            finally:
                await parts.close()

    async def process_request(self, text: str, context: TaskContext | Mapping[str, Any] | None = None) -> Response:
        """Handle a request and answer.

        Raises `RequestRejected` (empty, too large, not encodable, an invalid context), `Overloaded` when admission
        is full, and `StoreError` when the log can't take it; every other fault is the response's outcome.
        """
        return await self._process(text, _checked_context(context), _ignore)

    async def stream_request(
        self, text: str, context: TaskContext | Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Update]:
        """Handle a request and yield typed updates; the last is `Completed`. Closing the iterator cancels the work.

        A slow reader loses intermediate updates beyond a bound, never the last. Raises like `process_request`.
        """
        checked = _checked_context(context)
        send, receive = anyio.create_memory_object_stream[Update](1_000)
        scope = anyio.CancelScope()
        failure: list[Exception] = []
        final: list[Update] = []

        def emit(update: Update) -> None:
            if isinstance(update, Completed):
                final.append(update)
                return
            try:
                send.send_nowait(update)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                return

        async def work() -> None:
            with scope, send:
                try:
                    await self._process(text, checked, emit)
                except Exception as error:
                    failure.append(error)

        self._background.start_soon(work)
        try:
            async with receive:
                async for update in receive:
                    yield update
            if failure:
                raise failure[0]
            for update in final:
                yield update
        finally:
            scope.cancel()

    async def _process(self, text: str, context: TaskContext, emit: Any) -> Response:
        parts = self._running_parts
        if not self._recovered:
            self._recovered = True
            await parts.recovery.recover(parts.handler.running)
        return await parts.handler.handle(text, context, emit)

    def cancel(self, trace_id: str) -> None:
        """Cancel a request that runs in this process; its outcome is `cancelled`. Raises `NotFound`."""
        self._running_parts.handler.cancel(trace_id)

    def add_role(self, role: Role) -> None:
        """Add a role with its tools and intent handlers; the router learns it from its examples at start.

        Raises `ConfigurationError` after the start, for an invalid role, or for a name that is taken.
        """
        self._before_start("add_role")
        self._roles.append(role)

    def add_tool(self, tool: Any, *, category: str = "host", effect: bool = False) -> None:
        """Add a `Tool`, a plain sync or async function, or a Strands tool, under ``category.name``.

        Raises `ConfigurationError` after the start and `ToolError` for what can't be a tool.
        """
        from llm_provider.function_tools import as_tool

        self._before_start("add_tool")
        self._tools.append(as_tool(tool, category=category, effect=effect))

    def add_intent_handler(self, intent_type: type[Any], handler: Any, *, effect: Any) -> None:
        """Register ``async def handler(intent, execution) -> IntentResult`` for an intent class.

        `effect` (`common.intents.Effect` or its value) declares how it may be tried again; a QUERYABLE handler is an
        object with `carry_out` and `happened`.
        """
        from supervisor.host_handlers import host_handler

        self._before_start("add_intent_handler")
        self._handlers.append(host_handler(intent_type, handler, effect))

    def _before_start(self, what: str) -> None:
        if self._parts is not None:
            raise ConfigurationError(
                "roles, tools and handlers are added before the start", where=what, todo="Add it, then call start()."
            )

    @property
    def _running_parts(self) -> Parts:
        if self._parts is None:
            raise ConfigurationError(
                "the supervisor is not started",
                where="Supervisor",
                todo="Use 'async with Supervisor…' or await start().",
            )
        return self._parts

    @property
    def store(self) -> EventStore:
        """The event store."""
        return self._running_parts.store

    @property
    def views(self) -> Views:
        """The views over the log."""
        return self._running_parts.views

    @property
    def metrics_registry(self) -> CollectorRegistry:
        """The Prometheus registry of this supervisor: expose it, or register it as a collector in the host's own."""
        return self._running_parts.telemetry.metrics.registry

    async def traces(
        self, *, limit: int = 20, session: str | None = None, owner: Owner = DEFAULT_OWNER
    ) -> list[dict[str, Any]]:
        """The owner's latest traces, newest first."""
        where: dict[str, Any] = {"tenant": owner.tenant, "user": owner.user}
        if session is not None:
            where["session"] = session
        return await self.views.query("trace_index", where, order_by="-position", limit=limit)

    async def trace(
        self, trace_id: str, *, owner: Owner = DEFAULT_OWNER, at: int | datetime | None = None
    ) -> TraceDetail:
        """One trace of the owner's, by its id or an unambiguous beginning of it. Raises `NotFound`.

        With `at` (a position of the log or a time), as it stood then.
        """
        from supervisor.queries.traces import find_trace

        position = None if at is None else await self.position_at(at)
        return await find_trace(self.store, self.views, trace_id, owner, position)

    async def agents(self, *, at: int | datetime | None = None) -> list[AgentRecord]:
        """Every role and agent that the log knows, disabled ones too; with `at`, as they stood then."""
        registry = self._running_parts.agents
        return await (registry.get_all_agents() if at is None else registry.at(await self.position_at(at)))

    async def position_at(self, at: int | datetime) -> int:
        """The position of the log at a moment, for `views.as_of`, which gives any view as it stood then.

        Raises `NotFound` for a position that the log does not have, and for a time that is still to come.
        """
        from supervisor.queries.moments import position_of

        return await position_of(self.store, at, self._running_parts.clock)

    async def approvals(self, owner: Owner = DEFAULT_OWNER) -> list[dict[str, Any]]:
        """The owner's intents that wait for a person, oldest first."""
        where = {"tenant": owner.tenant, "user": owner.user, "status": "awaiting_approval"}
        return await self.views.query("intents", where, order_by="registered_at", limit=1_000)

    async def approve(
        self, intent_id: str, *, by: str, owner: Owner = DEFAULT_OWNER, comment: str = ""
    ) -> IntentReport:
        """Approve exactly what is in the log and carry it out. Raises `NotFound` or `IntentError`."""
        return await self._running_parts.intents.approve(intent_id, owner, by=by, comment=comment)

    async def deny(self, intent_id: str, *, by: str, reason: str = "", owner: Owner = DEFAULT_OWNER) -> IntentReport:
        """Deny a waiting intent. Raises `NotFound` or `IntentError`."""
        return await self._running_parts.intents.deny(intent_id, owner, by=by, reason=reason)

    async def flags_overview(self, context: TaskContext | None = None) -> list[dict[str, Any]]:
        """Every flag with the value a request of this context would get, and why."""
        flags = self._running_parts.flags
        rows: list[dict[str, Any]] = []
        for key in flags.keys:
            read = await flags.read(key, context or TaskContext())
            rows.append({**read.reading.model_dump(), "value": read.value, "provider": read.provider})
        return rows

    async def doctor(self, *, timeout: float = 10.0) -> list[Diagnosis]:
        """Ask every part whether it is there, each for at most `timeout` seconds."""
        from supervisor.doctor import examine, health_checks

        return await examine(health_checks(self._running_parts), timeout=timeout)

    def notifications(self) -> AsyncGenerator[Notification]:
        """Timers, alarms and reminders of every owner as they fire, from the first `anext` on."""
        return self._running_parts.notifications.listen()


async def _warm_up(parts: Parts) -> None:
    """Import what the first planned request needs, beside the first requests."""
    try:
        await parts.models.preload()
    except Exception:
        _log.exception("the models could not be made beforehand; the first request that needs them will tell why")


def _ignore(_: Update) -> None:
    return None


def _checked_context(context: TaskContext | Mapping[str, Any] | None) -> TaskContext:
    if isinstance(context, TaskContext):
        return context
    try:
        return TaskContext.model_validate(dict(context) if context is not None else {})
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise RequestRejected(
            f"the request's context is not valid: {problem['msg']}", where=f"context.{name}"
        ) from None
