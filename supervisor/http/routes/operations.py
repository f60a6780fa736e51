"""/metrics, /healthz, /readyz: for whoever keeps it running."""

from __future__ import annotations

from typing import Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from common.errors import SupervisorError
from supervisor.http.access import SystemReader
from supervisor.http.answers import problems
from supervisor.http.api import Api, TheApi

__all__ = ["router"]

router = APIRouter(tags=["operations"])

_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = 5.0


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One part: ok, degraded (it works in a lesser way), or failed."""

    part: str
    status: Literal["ok", "degraded", "failed"]
    detail: str = ""


class Ready(BaseModel):
    """Whether requests can be handled."""

    status: Literal["ok", "degraded", "failed"]
    checks: list[Check]


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers; needs no token and tells nothing else."""
    return Alive()


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Not ready"}})
async def readyz(api: TheApi) -> Response:
    """Whether requests can be handled; needs no token. 503 where they can't."""
    checks = [await _store(api), _flags(api)]
    states = {check.status for check in checks}
    status: Literal["ok", "degraded", "failed"] = (
        "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"
    )
    ready = Ready(status=status, checks=checks)
    return JSONResponse(ready.model_dump(mode="json"), 503 if status == "failed" else 200)


async def _store(api: Api) -> Check:
    try:
        with anyio.fail_after(_SECONDS):
            await api.supervisor.store.head()
    except (SupervisorError, TimeoutError):
        return Check(part="store", status="failed", detail="the event store can't be read")
    return Check(part="store", status="ok")


def _flags(api: Api) -> Check:
    try:
        fault = api.supervisor.flags.fault()
    except SupervisorError:
        return Check(part="flags", status="failed", detail="the supervisor is not running")
    if fault is None:
        return Check(part="flags", status="ok")
    return Check(part="flags", status="degraded", detail="the definitions can't be used; the last good ones hold")


@router.get(
    "/metrics",
    response_class=Response,
    responses={**problems(), 200: {"description": "Prometheus text format", "content": {_METRICS: {}}}},
)
async def metrics(api: TheApi, caller: SystemReader) -> Response:
    """The metrics, in Prometheus' text format."""
    from prometheus_client import generate_latest

    text = await anyio.to_thread.run_sync(generate_latest, api.supervisor.metrics_registry)
    return Response(text, media_type=_METRICS)
