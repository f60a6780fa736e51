"""`agent-supervisor mcp` and `agent-supervisor a2a`: the supervisor for other programs and agents."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.options import CommonOptions, OwnerOptions
from supervisor.cli.output import note
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from common.settings import Settings

__all__ = ["a2a", "mcp"]

_SHUTDOWN_SECONDS = 5


def mcp(
    *,
    http: Annotated[bool, Parameter(help="Serve by streamable HTTP at /mcp instead of standard input and output.")] = (
        False
    ),
    host: Annotated[str | None, Parameter(help="Listen here (default: serving.host, 127.0.0.1).")] = None,
    port: Annotated[int | None, Parameter(help="Listen on this port (default: serving.port, 8765).")] = None,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Be an MCP server with the tools ask, approvals and traces, and approve and deny where serving.approvals is on.

    On standard input and output it serves the owner that the options name. By HTTP it serves whoever shows a token of
    serving.token or serving.tokens, and with that its owner's data. Logs go to standard error.
    """
    if http:
        return anyio.run(_mcp_http, common, host, port)
    return anyio.run(_mcp_stdio, common, owner)


async def _mcp_stdio(common: CommonOptions, owner: OwnerOptions) -> int:
    from supervisor.serving import serve_mcp

    async with open_supervisor(common, background=True) as supervisor:
        await serve_mcp(supervisor, owner.owner)
    return 0


async def _mcp_http(common: CommonOptions, host: str | None, port: int | None) -> int:
    from supervisor.serving import mcp_app

    async with open_supervisor(common, background=True) as supervisor:
        await _serve(mcp_app(supervisor), supervisor.settings, host, port, "MCP", "/mcp")
    return 0


def a2a(
    *,
    host: Annotated[str | None, Parameter(help="Listen here (default: serving.host, 127.0.0.1).")] = None,
    port: Annotated[int | None, Parameter(help="Listen on this port (default: serving.port, 8765).")] = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Be an A2A agent, for whoever shows a token of serving.token or serving.tokens. Needs the extra a2a."""
    return anyio.run(_a2a, common, host, port)


async def _a2a(common: CommonOptions, host: str | None, port: int | None) -> int:
    from supervisor.a2a_server import a2a_app

    async with open_supervisor(common, background=True) as supervisor:
        app = await a2a_app(supervisor, host=host, port=port)
        await _serve(app, supervisor.settings, host, port, "A2A", "/")
    return 0


async def _serve(app: Any, settings: Settings, host: str | None, port: int | None, kind: str, path: str) -> None:
    """Serve until a signal ends it. Raises `ConfigurationError` where the address can't be had."""
    import uvicorn

    where, number = host or settings.serving.host, port or settings.serving.port
    try:
        listening = socket.create_server((where, number), family=socket.AF_INET6 if ":" in where else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"{where}:{number} can't be had: {error.strerror or error}",
            where="serving.host, serving.port",
            todo="Name another one, or end what listens there.",
        ) from None
    with listening:
        note(f"{kind} at http://{where}:{number}{path}")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=_SHUTDOWN_SECONDS, lifespan="on"
        )
        await uvicorn.Server(config).serve(sockets=[listening])
