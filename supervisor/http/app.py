"""The API as an ASGI application: served by `agent-supervisor serve`, or mounted in a host's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from supervisor.dashboard import mount
from supervisor.http.access import Access, Reader
from supervisor.http.api import Api, Texts
from supervisor.http.bounds import Bounds
from supervisor.http.feed import Feed
from supervisor.http.problems import add_handlers
from supervisor.http.proxies import Forwarded
from supervisor.http.routes import (
    agents,
    approvals,
    builds,
    built_agents,
    docs,
    events,
    evolution,
    flags,
    guidelines,
    learning,
    meta_agent,
    operations,
    requests,
    session,
    traces,
    tuning,
)
from supervisor.http.session_secret import FILE, session_secret
from supervisor.http.streams import Streams
from supervisor.serving import own_version
from supervisor.tokens import ActiveTokens

if TYPE_CHECKING:
    from common.http_settings import HttpSettings
    from supervisor.facade import Supervisor

__all__ = ["create_app"]

_DESCRIPTION = """Requests, traces, agents, builds, evolution, guidelines, improvements, approvals, flags, tuning and
events of one supervisor.

Every call but those on health shows a token (`Authorization: Bearer …`, made by `agent-supervisor tokens create`).
Answers are `{"status": "success", "data": …}`, lists have a `page`; errors are `application/problem+json` (RFC 9457).
"""
_RESOURCES = (
    requests, traces, agents, built_agents, builds, evolution, guidelines, approvals, flags, tuning, events, meta_agent,
    learning, operations, session, docs,
)  # fmt: skip
_LONG = ("/api/requests", "/api/approvals", "/api/meta-agent", "/api/learning", "/api/agents", "/api/evolution")
"""What may take as long as a request: what is asked, what is carried out after an approval, analyses, examinations."""


class _Application(FastAPI):
    """An application whose document tells how long a request's text may be here: a setting, which no model knows."""

    def __init__(self, longest: int, **given: Any) -> None:
        super().__init__(**given)
        self._longest = longest

    def openapi(self) -> dict[str, Any]:
        """The document. Made at the first call, which takes half a second."""
        document = super().openapi()
        text: dict[str, Any] = document["components"]["schemas"]["NewRequest"]["properties"]["text"]
        text["maxLength"] = min(self._longest, text["maxLength"])
        return document


def create_app(supervisor: Supervisor, settings: HttpSettings | None = None) -> FastAPI:
    """The application over a running supervisor, whose start and end are the caller's.

    In a host: ``host.mount("/supervisor", create_app(supervisor))``, after the supervisor's start. It has no lifespan
    of its own. Before the end, `app.state.streams.close()` ends open streams; closing the supervisor ends those of
    events, too. Raises `ConfigurationError` for a supervisor that is not started.
    """
    own = settings or supervisor.settings.http
    redactor = supervisor.settings.redaction.redactor()
    app = _Application(
        supervisor.settings.requests.max_chars,
        title="agent-supervisor",
        version=own_version(),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    clock = supervisor.clock
    streams = Streams(own.streams, own.token_streams, own.keep_alive, redactor)
    app.state.streams = streams
    app.state.api = Api(supervisor, own, streams, redactor, Feed(supervisor.store, redactor), Texts(redactor))
    tokens = ActiveTokens(supervisor.store, supervisor.views, clock)
    app.state.access = Access(tokens, own, clock, session_secret(_secret_file(supervisor, own)))
    add_handlers(app, redactor)
    for resource in _RESOURCES:
        app.include_router(resource.router)
    _add_document(app)
    mount(app)
    app.add_middleware(Bounds, settings=own, long=_LONG)
    if own.behind_proxy:
        app.add_middleware(Forwarded, hops=own.proxy_hops)
    return app


def _secret_file(supervisor: Supervisor, settings: HttpSettings) -> Path | None:
    if settings.session_secret is None and supervisor.settings.store_url == "memory://":
        return None
    return settings.session_secret or supervisor.settings.data_dir / FILE


def _add_document(app: FastAPI) -> None:
    """The OpenAPI document, for whoever may read."""

    @app.get("/openapi.json", include_in_schema=False)
    async def document(caller: Reader, request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        found = {**await to_thread.run_sync(app.openapi)}
        root = str(request.scope.get("root_path", "")).rstrip("/")
        return JSONResponse({**found, "servers": [{"url": root}]} if root else found)
