"""One connection to one MCP server, in the supervisor's own event loop. Imported only with a server.

The SDK's session is used as it is, and not Strands' client around it: that one gives each server a thread with an event
loop of its own, so that a cancelled request would leave its call running there and ending the supervisor would have
to wait for threads. Here a call is awaited by whoever needs it, and cancelling it tells the server at once. Nor is the
session's own `call_tool` used, which checks answers by the server's schema as it stands: one that names an address has
it fetched, and one with a bad pattern can hold up the loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.client import Client, IncomingMessage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from common.ecosystem_settings import McpServerSettings
from llm_provider.bounded_http import http_client
from llm_provider.foreign_schemas import plain_text
from llm_provider.mcp_faults import McpFault
from llm_provider.mcp_stdio import ServerProcessInfo, StdioCommand, stdio_transport

__all__ = ["McpConnection", "open_connection"]

_MAX_PAGES = 50
_MAX_TOOLS = 500
_MAX_TOOL_CHARS = 200_000
_DEFINITE = frozenset({types.INVALID_PARAMS, types.METHOD_NOT_FOUND})
"""Answers by which a server certainly did nothing."""
_SAID = 500


class McpConnection:
    """An open session with a server; `changed` is set when it says that its tools are others now."""

    def __init__(self, client: Client, info: ServerProcessInfo, changed: anyio.Event) -> None:
        self._client = client
        self._info = info
        self.changed = changed

    @property
    def version(self) -> str:
        """What the server calls itself, and its version."""
        server = self._client.server_info
        return "" if server is None else plain_text(f"{server.name} {server.version}", 100)

    @property
    def announces(self) -> bool:
        """Whether changes are announced on a subscription that has to be opened."""
        return self._client.protocol_version in MODERN_PROTOCOL_VERSIONS

    async def list_tools(self, seconds: float) -> list[types.Tool]:
        """All tools of the server, each once. Raises `McpFault`."""
        found: dict[str, types.Tool] = {}
        cursor: str | None = None
        try:
            with anyio.fail_after(seconds):
                for _ in range(_MAX_PAGES):
                    page = await self._client.list_tools(cursor=cursor, cache_mode="bypass")
                    for tool in page.tools:
                        if len(tool.model_dump_json()) <= _MAX_TOOL_CHARS:
                            found.setdefault(tool.name, tool)
                    cursor = page.next_cursor
                    if not cursor or len(found) >= _MAX_TOOLS:
                        break
        except TimeoutError:
            raise McpFault(f"it did not tell its tools within {seconds:g} seconds", certain=True) from None
        except (MCPError, ValidationError, RuntimeError) as error:
            raise McpFault(self._words(error), certain=True) from error
        return list(found.values())[:_MAX_TOOLS]

    async def call(self, name: str, arguments: Mapping[str, Any], seconds: float) -> types.CallToolResult:
        """Call a tool and wait for its answer. Raises `McpFault`; cancelling it tells the server so."""
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=dict(arguments)))
        try:
            with anyio.fail_after(seconds):
                return await self._client.session.send_request(request, types.CallToolResult)
        except TimeoutError:
            raise McpFault(f"it gave no answer within {seconds:g} seconds", certain=False) from None
        except ValidationError:
            raise McpFault("its answer is none that the protocol knows", certain=False) from None
        except MCPError as error:
            lost = error.code == types.CONNECTION_CLOSED
            raise McpFault(self._words(error), certain=error.code in _DEFINITE, lost=lost) from error
        except (RuntimeError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise McpFault(self._words(error), certain=False, lost=True) from error

    async def follow_changes(self) -> None:
        """Set `changed` at each announcement on a subscription, as long as the server keeps it."""
        async with self._client.listen(tools_list_changed=True) as events:
            async for _ in events:
                self.changed.set()

    async def notice_end(self) -> None:
        """Set `changed` when a server that is run here ends, so that it is looked for."""
        await self._info.ended.wait()
        self.changed.set()

    def _words(self, error: Exception) -> str:
        said = plain_text(str(error) or type(error).__name__, _SAID)
        more = self._info.fault
        return f"{said}; {more}" if more else said


@asynccontextmanager
async def open_connection(
    settings: McpServerSettings, info: ServerProcessInfo, starting: anyio.CancelScope
) -> AsyncGenerator[McpConnection]:
    """Connect to a server. `starting` is the scope around this; its deadline is lifted once the session is open."""
    changed = anyio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            connection.changed.set()

    async with _transport(settings, info) as transport:
        client = Client(
            transport,
            message_handler=hear,
            client_info=types.Implementation(name="agent-supervisor", version=_own_version()),
            cache=None,
        )
        connection = McpConnection(client, info, changed)
        async with client:
            starting.deadline = float("inf")
            yield connection


@asynccontextmanager
async def _transport(settings: McpServerSettings, info: ServerProcessInfo) -> AsyncGenerator[Any]:
    if settings.command:
        env = {name: value.get_secret_value() for name, value in settings.env.items()}
        yield stdio_transport(StdioCommand(settings.command, settings.args, env, settings.cwd), info)
        return
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    read = max(300.0, settings.timeout * 2)
    async with http_client(httpx2, settings.url, headers, connect=settings.start_timeout, read=read) as client:
        yield streamable_http_client(settings.url, http_client=client)


def _own_version() -> str:
    try:
        return version("agent-supervisor")
    except PackageNotFoundError:  # run from its source
        return "0"
