"""`Supervisor`: what a host application embeds."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import anyio
from pydantic import ValidationError

from common.context import Owner, TaskContext
from common.errors import ConfigurationError, RequestRejected
from common.limits import Limits
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from common.results import Response
from common.settings import Settings
from common.updates import Update
from supervisor.background import Background
from supervisor.monitoring.custom import CustomMetrics, MetricFunction
from supervisor.operations import Operations
from supervisor.scheduler import keep_up
from supervisor.streaming import stream

if TYPE_CHECKING:
    from openfeature.provider import FeatureProvider
    from opentelemetry.trace import TracerProvider
    from prometheus_client import CollectorRegistry
    from strands.models import Model

    from common.clock import Clock
    from common.flags import FlagDeclaration
    from common.intents import IntentHandler
    from common.role import Role
    from common.tool import Tool
    from events.keys import KeyService
    from supervisor.bootstrap import Parts
    from supervisor.cancellation import Cancellation
    from supervisor.notifications import Notifier
    from supervisor.synchronous import SynchronousLoop

__all__ = ["Supervisor"]

_log = get_logger(__name__)
Result = TypeVar("Result")


class Supervisor(Operations):
    """An event-sourced supervisor for LLM agents.

    Use it as an async context manager, or call `start` and `close`. All parts are this instance's own: two supervisors
    in one process share nothing. `model` serves every tier instead of the configured ones; `clock`, `tracer_provider`
    and `notifier` replace the defaults. `flags` declares feature flags of the host's own, and `flag_provider` (any
    OpenFeature provider) is asked instead of the file of flag definitions. `keys` (a `KeyService`) keeps the keys that
    payloads are encrypted under, instead of the folder `store.keys`; with `allow_missing_keys` it starts though the log
    holds events whose keys are missing. With ``background=False`` no loops run (no timers fire, nothing is recovered
    but what a request needs, and MCP servers are connected by the first one, which waits for that); cancellations
    that other processes ask for are seen all the same.
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
        flags: Sequence[FlagDeclaration] = (),
        flag_provider: FeatureProvider | None = None,
        keys: KeyService | None = None,
        allow_missing_keys: bool = False,
        background: bool = True,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self._host: dict[str, Any] = {
            "model": model,
            "clock": clock,
            "tracer_provider": tracer_provider,
            "notifier": notifier,
            "registry": registry,
            "flags": tuple(flags),
            "flag_provider": flag_provider,
            "keys": keys,
            "allow_missing_keys": allow_missing_keys,
            "custom_metrics": CustomMetrics(),
        }
        self._with_loops = background
        self._background = Background()
        self._parts: Parts | None = None
        self._roles: list[Role] = []
        self._tools: list[Tool] = []
        self._handlers: list[IntentHandler] = []
        self._recovered = False
        self._opening = threading.Lock()
        self._synchronous: SynchronousLoop | None = None

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
        self._background = Background()
        await self._background.start()
        parts.monitoring.attach(self._background.start_soon)
        parts.deployed.attach(self._background.start_soon)
        parts.builds.attach(self._background.start_soon)
        parts.evolution.attach(self._background.start_soon)
        if self.settings.store.url != "memory://":
            self._background.start_soon(parts.cancellations.watch)
        if self._with_loops:
            from supervisor.bootstrap import loops, services
            from supervisor.scheduler import Scheduler

            self._recovered = True
            self._background.start_soon(Scheduler(loops(parts), services(parts)).run)
            self._background.start_soon(_warm_up, parts)
            if self.settings.monitoring.enabled:
                await parts.monitoring.start_continuous_monitoring()

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
        _ = self._running_parts
        async with aclosing(stream(self._background, lambda emit: self._process(text, checked, emit))) as updates:
            async for update in updates:
                yield update

    async def resume(
        self, trace_id: str, *, owner: Owner = DEFAULT_OWNER, limits: Limits | Mapping[str, Any] | None = None
    ) -> Response:
        """Go on with a request of the owner's that was interrupted, cancelled or stopped at a limit, and answer.

        Tasks that had ended are not done again, and what had been carried out stays; another attempt at the same
        request id does the rest, in a trace of its own, by the plan of before, and within `limits` where they are
        given. The answer to a request that ended by itself is given again, with what became of its intents since then
        (those that were approved meanwhile, for example). Raises `NotFound`, and what `process_request` raises.
        """
        return await self._resume(trace_id, owner, limits, _ignore)

    async def stream_resume(
        self, trace_id: str, *, owner: Owner = DEFAULT_OWNER, limits: Limits | Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Update]:
        """Like `resume`, as typed updates; what tasks of before had found out is told first. See `stream_request`."""
        _ = self._running_parts
        work = stream(self._background, lambda emit: self._resume(trace_id, owner, limits, emit))
        async with aclosing(work) as updates:
            async for update in updates:
                yield update

    async def _resume(
        self, trace_id: str, owner: Owner, limits: Limits | Mapping[str, Any] | None, emit: Callable[[Update], None]
    ) -> Response:
        from supervisor.resuming import find_request

        parts = await self._recovered_parts()
        found = await find_request(parts.store, parts.views, parts.claims, trace_id, owner)
        bounds = None if limits is None else Limits.model_validate(limits)
        return await parts.handler.resume(found.text, found.taken, emit, bounds)

    def _process(self, text: str, context: TaskContext, emit: Any) -> Coroutine[Any, Any, Response]:
        if self._recovered:
            return self._running_parts.handler.handle(text, context, emit)
        return self._recover_and_process(text, context, emit)

    async def _recover_and_process(self, text: str, context: TaskContext, emit: Any) -> Response:
        parts = await self._recovered_parts()
        return await parts.handler.handle(text, context, emit)

    async def _recovered_parts(self) -> Parts:
        parts = self._running_parts
        if not self._recovered:
            self._recovered = True
            for service in parts.ecosystem.services:
                self._background.start_soon(keep_up, service)
            await parts.recovery.recover(parts.handler.running)
            await parts.ecosystem.first_tries()
        return parts

    @overload
    def run_sync(self, request: str, context: TaskContext | Mapping[str, Any] | None = None) -> Response: ...

    @overload
    def run_sync(
        self, request: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any
    ) -> Result: ...

    def run_sync(self, request: Any, *arguments: Any, **named: Any) -> Any:
        """Handle a request without async: in notebooks and scripts. Or call an async method, and wait for its result.

        The first call starts the supervisor on an event loop in a thread of its own, where it goes on running (timers
        fire meanwhile) until `close_sync`, the end of a ``with supervisor:`` block, or the end of the interpreter.
        Raises like `process_request`, and `ConfigurationError` for a supervisor that was started in a loop of yours.
        """
        function = self.process_request if isinstance(request, str) else request
        arguments = (request, *arguments) if isinstance(request, str) else arguments
        return self._loop().call(function, *arguments, **named)

    def _loop(self) -> SynchronousLoop:
        from supervisor.synchronous import SynchronousLoop

        with self._opening:
            if self._synchronous is None:
                if self._parts is not None:
                    raise ConfigurationError(
                        "this supervisor runs in an event loop of yours",
                        where="run_sync",
                        todo="Await its methods there, or make another supervisor for synchronous use.",
                    )
                self._synchronous = SynchronousLoop(self)
            return self._synchronous

    def close_sync(self) -> None:
        """End what `run_sync` started; does nothing where there is nothing to end."""
        with self._opening:
            synchronous, self._synchronous = self._synchronous, None
        if synchronous is not None:
            synchronous.close()

    def __enter__(self) -> Self:
        self._loop()
        return self

    def __exit__(self, *_: object) -> None:
        self.close_sync()

    async def cancel(
        self, trace_id: str, *, owner: Owner = DEFAULT_OWNER, by: str = "", reason: str = "", timeout: float = 15.0
    ) -> Cancellation:
        """Cancel a request of the owner's, in this process or another one on the same log; tells what became of it.

        Waits at most `timeout` seconds for its end. In another process it is seen within a second; `requested` is told
        where that one has not stopped by then. What was carried out before stays, and is in the response. Raises
        `NotFound`.
        """
        return await self._running_parts.cancellations.cancel(
            trace_id, owner, by=by or owner.user, reason=reason, timeout=timeout
        )

    def add_role(self, role: Role) -> None:
        """Add a role with its tools and intent handlers; the router learns it from its examples at start.

        Raises `ConfigurationError` after the start, for an invalid role, or for a name that is taken.
        """
        self._before_start("add_role")
        self._roles.append(role)

    def add_tool(self, tool: Any, *, category: str = "host", effect: bool = False, cacheable_for: float = 0.0) -> None:
        """Add a `Tool`, a plain sync or async function, or a Strands tool, under ``category.name``.

        With `cacheable_for` its answers may be given again for so many seconds, should an operator want that. Raises
        `ConfigurationError` after the start and `ToolError` for what can't be a tool.
        """
        from llm_provider.function_tools import as_tool

        self._before_start("add_tool")
        made = as_tool(tool, category=category, effect=effect)
        self._tools.append(replace(made, cacheable_for=cacheable_for) if cacheable_for else made)

    def add_intent_handler(self, intent_type: type[Any], handler: Any, *, effect: Any) -> None:
        """Register ``async def handler(intent, execution) -> IntentResult`` for an intent class.

        `effect` (`common.intents.Effect` or its value) declares how it may be tried again; a QUERYABLE handler is an
        object with `carry_out` and `happened`.
        """
        from supervisor.host_handlers import host_handler

        self._before_start("add_intent_handler")
        self._handlers.append(host_handler(intent_type, handler, effect))

    def metric(self, name: str, fn: MetricFunction, *, limit: float | None = None, unit: str = "") -> None:
        """Have a figure of one's own watched, before the start or after it; see `Monitoring.metric`."""
        self._host["custom_metrics"].add(name, fn, limit=limit, unit=unit)

    def _before_start(self, what: str) -> None:
        if self._parts is not None:
            raise ConfigurationError(
                "roles, tools and handlers are added before the start", where=what, todo="Add it, then call start()."
            )


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
