"""`agent-supervisor serve`: the HTTP API and the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note
from supervisor.cli.own_process import answer_promptly
from supervisor.cli.runtime import open_supervisor

__all__ = ["serve"]


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Listen here (default: http.host, 127.0.0.1).")] = None,
    port: Annotated[
        int | None, Parameter(help="Listen on this port (default: http.port, 8081).", validator=Number(gt=0, lt=65536))
    ] = None,
    tls_cert: Annotated[Path | None, Parameter(help="PEM file of the certificate.")] = None,
    tls_key: Annotated[Path | None, Parameter(help="PEM file of its private key.")] = None,
    behind_proxy: Annotated[bool, Parameter(help="A proxy in front ends TLS and says who calls.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Serve the HTTP API and the dashboard, until SIGTERM or Ctrl-C.

    Everything but health needs a token: see “tokens create”.
    """
    given: dict[str, Any] = {"host": host, "port": port, "tls_cert": tls_cert, "tls_key": tls_key}
    given = {name: value for name, value in given.items() if value is not None}
    if behind_proxy:
        given["behind_proxy"] = True
    return anyio.run(_serve, common, given)


async def _serve(common: CommonOptions, given: dict[str, Any]) -> int:
    from supervisor.http import serve as serve_http

    async with open_supervisor(common, background=True) as supervisor:
        settings = supervisor.settings.http.model_copy(update=given)
        if not await supervisor.tokens.list():
            note("There is no token yet, so that nothing but health answers: agent-supervisor tokens create NAME.")

        def listening(address: str) -> None:
            answer_promptly()
            note(f"HTTP API at {address}/")

        await serve_http(supervisor, settings, listening=listening)
    return 0
