"""The MCP servers of one supervisor: connected beside its requests, their tools registered while they are there."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from common.clock import Clock
from common.ecosystem_settings import McpServerSettings
from common.health import HealthCheck, Reached
from common.intents import Effect, IntentHandler, Policy
from common.logs import get_logger
from common.redaction import REDACTED
from common.telemetry import Telemetry
from common.tool import ToolResult
from llm_provider.foreign_schemas import plain_text
from llm_provider.mcp_calls import CallTool, call_handlers, call_type
from llm_provider.mcp_faults import McpFault
from llm_provider.mcp_offered import Offered, offered_tools
from llm_provider.tool_registry import ToolRegistry

if TYPE_CHECKING:
    from llm_provider.mcp_connection import McpConnection

__all__ = ["McpServer", "McpServers"]

_log = get_logger(__name__)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_SETTLE = 0.2
_WAITING_SHARE = 0.8
_SHORTEST_SECRET = 6
_SAID = 500


class McpServers:
    """All configured servers."""

    setting = "mcp_servers"

    def __init__(
        self,
        settings: Mapping[str, McpServerSettings],
        registry: ToolRegistry,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self.names = tuple(settings)
        self.all = tuple(McpServer(name, one, registry, clock, telemetry) for name, one in settings.items())

    def handlers(self) -> list[IntentHandler]:
        """The handlers of the calls that may change something."""
        return [handler for server in self.all for handler in server.handlers]

    def policies(self) -> dict[str, Policy]:
        """The policy of each server's intents, by their types."""
        return {kind.TYPE: server.settings.policy for server in self.all for kind in server.types.values()}

    def health_checks(self) -> list[HealthCheck]:
        """One check for each server."""
        return [HealthCheck(f"mcp {server.name}", server.probe) for server in self.all]

    def services(self) -> list[Callable[[], Awaitable[None]]]:
        """What keeps the connections, until it is cancelled."""
        return [server.run for server in self.all]

    async def first_tries(self) -> None:
        """Wait until each server was reached or could not be; `run` must be running."""
        for server in self.all:
            await server.tried.wait()


class McpServer:
    """One server: keeps a connection to it, and its tools in the registry for as long as there is one."""

    def __init__(
        self, name: str, settings: McpServerSettings, registry: ToolRegistry, clock: Clock, telemetry: Telemetry
    ) -> None:
        self.name = name
        self.settings = settings
        self.types: dict[Effect, type[CallTool]] = {
            effect: call_type(name, effect) for effect in (Effect.AT_MOST_ONCE, Effect.IDEMPOTENT)
        }
        self.handlers = call_handlers(self, self.types, clock)
        self.offered = Offered()
        self.error = ""
        self.tried = anyio.Event()
        self._registry = registry
        self._metrics = telemetry.metrics
        self._connection: McpConnection | None = None
        self._connected = anyio.Event()
        self._kept = False
        self._known: object = None
        self._secrets = [
            text
            for secret in (*settings.env.values(), *settings.headers.values())
            if len(text := secret.get_secret_value()) >= _SHORTEST_SECRET
        ]
        self._metrics.mcp_up.labels(name).set(0)

    @property
    def connected(self) -> bool:
        """Whether it is reached now."""
        return self._connection is not None

    async def run(self) -> None:
        """Keep connected until cancelled; what fails is tried again after growing pauses."""
        pause = _FIRST_PAUSE
        self._kept = True
        try:
            while True:
                started = anyio.current_time()
                try:
                    await self._with_connection(self._stay)
                except McpFault as fault:
                    self.error = fault.what
                    level = logging.INFO if self.tried.is_set() else logging.WARNING
                    _log.log(level, "the MCP server %s is not reached: %s", self.name, fault.what)
                finally:
                    self._leave()
                stayed = anyio.current_time() - started
                pause = _FIRST_PAUSE if stayed > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
                await anyio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - so that they are not asked in step
        finally:
            self._kept = False

    async def call(self, tool: str, arguments: Mapping[str, Any], seconds: float, *, wait: bool) -> ToolResult:
        """Call a tool by its own name and read the answer; at most `seconds`, and no longer than the settings allow.

        With `wait` a server that is not connected is waited for, or connected to for this call alone where nobody keeps
        a connection. Raises `McpFault`.
        """
        end = anyio.current_time() + seconds
        if self._connection is None and wait:
            if not self._kept:
                return await self._call_alone(tool, arguments, end)
            with anyio.move_on_after(min(seconds * _WAITING_SHARE, self.settings.start_timeout)):
                await self._connected.wait()
        if self._connection is None:
            raise McpFault(
                f"{self.name} is not connected{f': {self.error}' if self.error else ''}",
                certain=True,
                where=f"mcp_servers.{self.name}",
                todo="agent-supervisor doctor tells more.",
            )
        return await self._call(self._connection, tool, arguments, end)

    async def _call(self, connection: McpConnection, tool: str, arguments: Mapping[str, Any], end: float) -> ToolResult:
        from llm_provider.mcp_results import as_tool_result

        seconds = min(end - anyio.current_time(), self.settings.timeout)
        if seconds <= 0:
            raise self._fault("no time was left for the call", certain=True)
        try:
            answer = await connection.call(tool, arguments, seconds)
        except McpFault as fault:
            if fault.lost and self._connection is connection:
                self._leave()  # the next call waits for another one
            if not fault.certain:
                connection.changed.set()  # have it looked whether the server is there at all
            raise self._fault(fault.what, certain=fault.certain) from fault
        known = next((one for one in self.offered.tools if one.own_name == tool), None)
        shape = known.output if known is not None and known.reads else None  # what was done is done, whatever it says
        return as_tool_result(answer, shape, self.hide)

    async def _call_alone(self, tool: str, arguments: Mapping[str, Any], end: float) -> ToolResult:
        answers: list[ToolResult] = []

        async def ask(connection: McpConnection) -> None:
            answers.append(await self._call(connection, tool, arguments, end))

        await self._with_connection(ask, min(end - anyio.current_time(), self.settings.start_timeout))
        return answers[0]

    async def probe(self) -> Reached:
        """Ask the server for its tools, over a connection of its own where there is none. Raises `McpFault`."""
        found: list[Reached] = []

        async def look(connection: McpConnection) -> None:
            tools = await connection.list_tools(self.settings.start_timeout)
            offered = offered_tools(self, tools, self.settings, self.types)
            found.append(Reached(connection.version, self.hide(_described(offered))))

        if self._connection is not None:
            await look(self._connection)
        else:
            await self._with_connection(look)
        return found[0]

    def hide(self, text: str) -> str:
        """The text without the secrets that the settings hold for this server."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    async def _with_connection(
        self, use: Callable[[McpConnection], Awaitable[None]], start: float | None = None
    ) -> None:
        """Connect within `start` seconds and use the connection. Raises `McpFault` for all that goes wrong."""
        try:
            await anyio.to_thread.run_sync(_load)
        except ImportError as error:
            raise self._fault(f"the package mcp, 2.1 or newer, is needed: {error}", certain=True) from error
        from llm_provider.mcp_connection import open_connection
        from llm_provider.mcp_stdio import ServerProcessInfo

        info = ServerProcessInfo()
        seconds = self.settings.start_timeout if start is None else start
        begun = False
        with anyio.CancelScope(deadline=anyio.current_time() + seconds) as starting:
            try:
                async with open_connection(self.settings, info, starting) as connection:
                    begun = True
                    await use(connection)
            except Exception as error:
                fault = _first_fault(error)
                certain = fault.certain if fault is not None else not begun
                said = fault.what if fault is not None else _words(error)
                raise self._fault(_joined(said, info.words()), certain=certain) from error
        if starting.cancelled_caught:
            raise self._fault(_joined(f"no answer within {seconds:g} seconds", info.words()), certain=True)

    async def _stay(self, connection: McpConnection) -> None:
        """Offer the server's tools, and follow their changes until the connection is lost."""
        await self._take_tools(connection)
        _log.info("the MCP server %s is reached: %s", self.name, _described(self.offered))
        async with anyio.create_task_group() as group:
            group.start_soon(self._follow, connection)
            group.start_soon(connection.notice_end)
            while True:
                with anyio.move_on_after(self.settings.refresh):
                    await connection.changed.wait()
                    await anyio.sleep(_SETTLE)  # changes come in crowds
                connection.changed = anyio.Event()
                await self._take_tools(connection)

    async def _follow(self, connection: McpConnection) -> None:
        while connection.announces:
            try:
                await connection.follow_changes()
            except Exception as error:  # it may not offer that, or have given it up: it is asked now and then anyway
                _log.debug("%s announces no changes: %s", self.name, _words(error))
            await anyio.sleep(self.settings.refresh)

    async def _take_tools(self, connection: McpConnection) -> None:
        remote = await connection.list_tools(self.settings.start_timeout)
        known = [tool.model_dump(mode="json") for tool in remote]
        if known != self._known:
            offered = offered_tools(self, remote, self.settings, self.types)
            self._registry.replace(self.name, [one.tool for one in offered.tools])
            self._known, self.offered = known, offered
            self._metrics.mcp_tools.labels(self.name).set(len(offered.tools))
            for reason in offered.refused:
                _log.info("%s offers a tool that can't be used: %s", self.name, reason)
        self._connection, self.error = connection, ""
        self._metrics.mcp_up.labels(self.name).set(1)
        self._connected.set()
        self.tried.set()

    def _leave(self) -> None:
        self._connection, self._known, self.offered = None, None, Offered()
        if self._connected.is_set():
            self._connected = anyio.Event()
        self._registry.replace(self.name, ())
        self._metrics.mcp_up.labels(self.name).set(0)
        self._metrics.mcp_tools.labels(self.name).set(0)
        self.tried.set()

    def _fault(self, what: str, *, certain: bool) -> McpFault:
        return McpFault(
            self.hide(what),
            certain=certain,
            where=f"mcp_servers.{self.name} {_place(self.settings)}",
            todo="Look whether the server runs and what it logs: agent-supervisor doctor asks it.",
        )


def _load() -> None:
    """Import what talks to servers; takes a good part of a second the first time."""
    for module in ("llm_provider.mcp_connection", "llm_provider.mcp_results"):
        import_module(module)


def _place(settings: McpServerSettings) -> str:
    """The program's name or the address, without what might be a secret."""
    if settings.command:
        return settings.command
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _described(offered: Offered) -> str:
    reads = sum(one.reads for one in offered.tools)
    refused = f"; {len(offered.refused)} can't be used: {'; '.join(offered.refused)[:500]}" if offered.refused else ""
    return f"{len(offered.tools)} tools, {reads} of them only read{refused}"


def _joined(what: str, more: str) -> str:
    return f"{what}; {more}" if more and more not in what else what


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _first_fault(error: BaseException) -> McpFault | None:
    return next((inner for inner in _leaves(error) if isinstance(inner, McpFault)), None)


def _words(error: BaseException) -> str:
    return plain_text("; ".join(dict.fromkeys(_leaf_words(inner) for inner in _leaves(error))), _SAID)


def _leaf_words(error: BaseException) -> str:
    name, said = type(error).__name__, str(error)
    return said if said and name == "MCPError" else f"{name}: {said}" if said else name
