"""A FastAPI application with a life of its own that embeds a supervisor.

It has its own routes, lifespan, tracer provider, metrics registry, logging and feature flags; none of them is touched.
It adds a role with two tools and an intent (`examples/billing_role.py`), answers requests, and
streams answers to a page.

    uvicorn --factory examples.host_app.app:create_app --workers 2 --timeout-graceful-shutdown 5

Several workers share one log: a request that is sent again, to whichever worker, gets the same answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import prometheus_client
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from openfeature import api
from pydantic import BaseModel, Field

from common.context import Owner, TaskContext
from common.errors import IntentError, NotFound, Overloaded, RequestRejected, SupervisorError
from common.settings import Settings
from common.updates import Completed, Update
from examples.billing_role import BillingRole, Ledger
from examples.host_app.telemetry import HostTelemetry
from supervisor import Supervisor

__all__ = ["create_app"]

_PAGE = Path(__file__).with_name("page.html")
_USERS = {"token-of-ann": Owner("shop", "ann"), "token-of-bob": Owner("shop", "bob")}
"""Stands for the host's own sign-in. Who asks is the host's knowledge; a request never says it of itself."""


class Question(BaseModel):
    """What a user asks."""

    text: str = Field(max_length=20_000)


def signed_in(authorization: Annotated[str, Header()] = "") -> Owner:
    """Who asks, by the host's own means."""
    owner = _USERS.get(authorization.removeprefix("Bearer "))
    if owner is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    return owner


SignedIn = Annotated[Owner, Depends(signed_in)]
IdempotencyKey = Annotated[str | None, Header(max_length=200)]


def create_app(
    settings: Settings | None = None, telemetry: HostTelemetry | None = None, ledger: Ledger | None = None
) -> FastAPI:
    """The application; `settings` are the supervisor's (default: its folder is named by the variable SHOP_DATA)."""
    host = telemetry or HostTelemetry()
    own = settings or Settings(data_dir=Path(os.environ.get("SHOP_DATA", "data")))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        host.install_flags()
        supervisor = Supervisor(own, tracer_provider=host.tracer_provider)
        supervisor.add_role(BillingRole(ledger or Ledger()))
        async with supervisor:
            app.state.supervisor = supervisor
            host.registry.register(supervisor.metrics_registry)
            try:
                yield
            finally:
                host.registry.unregister(supervisor.metrics_registry)

    app = FastAPI(title="A shop", lifespan=lifespan)
    app.state.host = host
    _add_own_routes(app, host)
    _add_assistant_routes(app, host)
    app.add_exception_handler(SupervisorError, _told)
    return app


def _add_own_routes(app: FastAPI, host: HostTelemetry) -> None:
    @app.get("/")
    async def page() -> FileResponse:
        host.page_views.inc()
        return FileResponse(_PAGE)

    @app.get("/checkout")
    async def checkout() -> dict[str, bool]:
        return {"new": api.get_client().get_boolean_value("new-checkout", False)}

    @app.get("/metrics")
    def metrics() -> Response:
        # not async: what a supervisor collects may be read from disk, so it is rendered in a worker thread
        return Response(prometheus_client.generate_latest(host.registry), media_type="text/plain; version=0.0.4")


def _add_assistant_routes(app: FastAPI, host: HostTelemetry) -> None:
    @app.post("/assistant")
    async def ask(
        question: Question, owner: SignedIn, request: Request, idempotency_key: IdempotencyKey = None
    ) -> dict[str, Any]:
        supervisor: Supervisor = request.app.state.supervisor
        with host.tracer_provider.get_tracer("shop").start_as_current_span("POST /assistant"):
            response = await supervisor.process_request(question.text, _context(owner, idempotency_key))
        host.log.info("answered: %s", response.outcome)
        return response.model_dump(mode="json")

    @app.post("/assistant/stream")
    async def stream(
        question: Question, owner: SignedIn, request: Request, idempotency_key: IdempotencyKey = None
    ) -> StreamingResponse:
        updates = request.app.state.supervisor.stream_request(question.text, _context(owner, idempotency_key))
        # the first update is waited for, so that a request that is refused has a status of its own
        first = await anext(updates)
        return StreamingResponse(_events(first, updates), media_type="text/event-stream")

    @app.get("/assistant/approvals")
    async def approvals(owner: SignedIn, request: Request) -> list[dict[str, Any]]:
        rows = await request.app.state.supervisor.approvals(owner)
        return [{"id": row["intent_id"], "summary": row["summary"]} for row in rows]

    @app.post("/assistant/approvals/{intent_id}")
    async def approve(intent_id: str, owner: SignedIn, request: Request) -> dict[str, Any]:
        report = await request.app.state.supervisor.approve(intent_id, by=owner.user, owner=owner)
        return report.model_dump(mode="json")


def _context(owner: Owner, idempotency_key: str | None) -> TaskContext:
    """The same key of the same user is the same request: it has one outcome, however often it is sent."""
    return TaskContext(tenant=owner.tenant, user=owner.user, request_id=idempotency_key)


async def _events(first: Update, updates: AsyncGenerator[Update]) -> AsyncGenerator[str]:
    """Server-sent events; when the browser goes away, the request is cancelled."""
    try:
        yield _event(first)
        async for update in updates:
            yield _event(update)
    except SupervisorError as error:
        yield f"event: Failed\ndata: {json.dumps({'error': str(error)})}\n\n"
    finally:
        await updates.aclose()


def _event(update: Update) -> str:
    data: Mapping[str, Any] = (
        update.response.model_dump(mode="json") if isinstance(update, Completed) else asdict(update)
    )
    return f"event: {type(update).__name__}\ndata: {json.dumps(data)}\n\n"


async def _told(_: Request, error: Exception) -> JSONResponse:
    """The supervisor's typed errors as statuses."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 503)
    return JSONResponse({"error": str(error)}, status, headers={"Retry-After": "1"} if status == 429 else None)


_STATUSES: tuple[tuple[type[SupervisorError], int], ...] = (
    (RequestRejected, 422),
    (NotFound, 404),
    (IntentError, 409),
    (Overloaded, 429),
)
