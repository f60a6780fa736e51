"""Serves tools to others by the Model Context Protocol: over standard streams, or over streamable HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import mcp_types as types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from pydantic import SecretStr, ValidationError

from common.context import Owner
from common.errors import SupervisorError
from common.logs import get_logger
from common.owner_keys import owner_key
from llm_provider.serving import Answer, BearerTokens, Caller, Receive, Scope, Send, ServedApp, ServedTool
from llm_provider.tool_execution import describe_invalid_arguments

__all__ = ["http_app", "serve_stdio"]

_log = get_logger(__name__)
_IDLE_SECONDS = 1_800.0
_BODY_BYTES = 1_000_000
_Context = ServerRequestContext[Any, Any]


Tools = Callable[[], Sequence[ServedTool]]
"""Gives what is offered now."""


async def serve_stdio(name: str, version: str, tools: Tools, owner: Owner) -> None:
    """Serve on this process's standard streams until its input ends; prints go to standard error meanwhile."""
    server = _server(name, version, tools, owner)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def http_app(name: str, version: str, tools: Tools, tokens: Sequence[tuple[SecretStr, Owner]]) -> ServedApp:
    """An application that serves at every path it is given; every call needs a token."""
    manager = StreamableHTTPSessionManager(
        app=_server(name, version, tools, None),
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # the token guards
        session_idle_timeout=_IDLE_SECONDS,
        max_request_body_size=_BODY_BYTES,
    )

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        owner: Owner = scope["state"]["owner"]
        # The SDK has a session used only by whom it was made for.
        scope["user"] = AuthenticatedUser(AccessToken(token="-", client_id=owner_key(owner), scopes=[]))  # noqa: S106
        await manager.handle_request(cast("Any", scope), cast("Any", receive), cast("Any", send))

    return ServedApp(BearerTokens(handle, tokens), manager.run)


def _server(name: str, version: str, tools: Tools, owner: Owner | None) -> Server[Any]:
    async def list_tools(_: _Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in tools()])

    async def call_tool(context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = next((tool for tool in tools() if tool.name == params.name), None)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name[:100]!r}")
        caller = Caller(owner or context.request.scope["state"]["owner"], _Progress(context))  # type: ignore[union-attr]
        return _result(await _call(tool, params.arguments or {}, caller))

    return Server(name, version=version, on_list_tools=list_tools, on_call_tool=call_tool)


def _described(tool: ServedTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        annotations=types.ToolAnnotations(read_only_hint=tool.reads),
    )


async def _call(tool: ServedTool, arguments: dict[str, Any], caller: Caller) -> Answer:
    """The tool's answer, or what went wrong as one."""
    try:
        return await tool.handler(tool.arguments.model_validate(arguments), caller)
    except ValidationError as error:
        return _failed("invalid_arguments", describe_invalid_arguments(error))
    except SupervisorError as error:
        return _failed(error.code, error.what, error.where, error.todo)
    except Exception as error:
        _log.exception("the tool %s failed by a fault of ours", tool.name)
        return _failed("internal", f"internal error: {type(error).__name__}")


def _failed(code: str, what: str, where: str = "", todo: str = "") -> Answer:
    text = str(SupervisorError(what, where=where, todo=todo))
    return Answer(text, {"error": {"code": code, "what": what, "where": where, "todo": todo}}, ok=False)


def _result(answer: Answer) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=answer.text)],
        structured_content=dict(answer.data) or None,
        is_error=not answer.ok,
    )


class _Progress:
    """Tells who asked for it of each step; who did not, of none."""

    def __init__(self, context: _Context) -> None:
        self._session = context.session
        self._steps = 0

    async def __call__(self, text: str) -> None:
        self._steps += 1
        await self._session.report_progress(self._steps, None, text)
