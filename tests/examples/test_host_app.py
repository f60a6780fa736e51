"""The example of a host application, driven through HTTP: by calls, by a stream, by several workers at once."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import httpx
import prometheus_client
from fastapi import FastAPI
from openfeature import api
from openfeature.provider.no_op_provider import NoOpProvider
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.settings import IntentSettings, Settings
from examples.billing_role import Ledger
from examples.host_app.app import create_app
from examples.host_app.telemetry import HostTelemetry
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.services.process import ServerProcess, free_port

ROOT = Path(__file__).parents[2]
ANN = {"authorization": "Bearer token-of-ann"}
BOB = {"authorization": "Bearer token-of-bob"}


@asynccontextmanager
async def running(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    """The application with its lifespan, and a client without a network between."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


def asking(settings: Settings) -> Settings:
    """The settings with paying an invoice behind a person's yes."""
    return settings.model_copy(update={"intents": IntentSettings(policies={"billing.pay_invoice": "ask"})})


async def test_the_hosts_own_things_are_as_before(tmp_path: Path) -> None:
    api.set_provider(NoOpProvider())
    host = HostTelemetry()
    exporter = InMemorySpanExporter()
    host.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = create_app(offline_settings(tmp_path), host)
    routes = [getattr(route, "path", "") for route in app.routes]
    root = logging.getLogger()
    before = (list(root.handlers), root.level, list(host.log.handlers), host.log.level, trace.get_tracer_provider())
    default_families = {family.name for family in prometheus_client.REGISTRY.collect()}
    own_families = {family.name for family in host.registry.collect()}
    try:
        async with running(app) as client:
            hosts_flags = api.get_client().provider
            answer = await client.post("/assistant", json={"text": "which invoices are open?"}, headers=ANN)
            assert "4711: Miller" in answer.json()["text"]
            assert api.get_client().provider is hosts_flags
            assert (await client.get("/checkout")).json() == {"new": True}
            metrics = (await client.get("/metrics")).text
            assert 'supervisor_requests_total{approach="direct",outcome="success"} 1.0' in metrics
            assert "shop_page_views_total 0.0" in metrics
        after = (list(root.handlers), root.level, list(host.log.handlers), host.log.level, trace.get_tracer_provider())
        assert after == before
        assert [getattr(route, "path", "") for route in app.routes] == routes
        assert {family.name for family in prometheus_client.REGISTRY.collect()} == default_families
        assert {family.name for family in host.registry.collect()} == own_families
    finally:
        api.set_provider(NoOpProvider())
    spans = {span.name: span for span in exporter.get_finished_spans()}
    parent, hosts = spans["request"].parent, spans["POST /assistant"].context
    assert parent is not None
    assert hosts is not None
    assert parent.span_id == hosts.span_id


async def test_the_same_key_is_the_same_request_of_one_user(tmp_path: Path) -> None:
    ledger = Ledger()
    async with running(create_app(offline_settings(tmp_path), ledger=ledger)) as client:
        asked = {"json": {"text": "pay invoice 4711"}, "headers": {**ANN, "idempotency-key": "k1"}}
        first = (await client.post("/assistant", **asked)).json()
        again = (await client.post("/assistant", **asked)).json()
        assert again["trace_id"] == first["trace_id"]
        assert again["text"] == first["text"] == "Invoice 4711 is paid."
        assert len(ledger.paid) == 1
        others = await client.post(
            "/assistant", json={"text": "which invoices are open?"}, headers={**BOB, "idempotency-key": "k1"}
        )
        assert "4712: Baker" in others.json()["text"]


async def test_who_is_not_signed_in_or_asks_nothing_is_told_so(tmp_path: Path) -> None:
    async with running(create_app(offline_settings(tmp_path))) as client:
        assert (await client.post("/assistant", json={"text": "hello"})).status_code == 401
        empty = await client.post("/assistant", json={"text": "  "}, headers=ANN)
        assert empty.status_code == 422
        assert "empty" in empty.json()["error"]
        assert (await client.post("/assistant/stream", json={"text": ""}, headers=ANN)).status_code == 422
        assert (await client.post("/assistant", content=b"{", headers=ANN)).status_code == 422
        assert (await client.post("/assistant/approvals/none", headers=ANN)).status_code == 404


async def test_only_the_asker_approves(tmp_path: Path) -> None:
    ledger = Ledger()
    async with running(create_app(asking(offline_settings(tmp_path)), ledger=ledger)) as client:
        asked = (await client.post("/assistant", json={"text": "pay invoice 4711"}, headers=ANN)).json()
        assert asked["outcome"] == "awaiting_approval"
        assert ledger.paid == {}
        assert (await client.get("/assistant/approvals", headers=BOB)).json() == []
        (waiting,) = (await client.get("/assistant/approvals", headers=ANN)).json()
        assert waiting["summary"] == "pay invoice 4711"
        assert (await client.post(f"/assistant/approvals/{waiting['id']}", headers=BOB)).status_code == 404
        done = (await client.post(f"/assistant/approvals/{waiting['id']}", headers=ANN)).json()
        assert done["detail"] == "Invoice 4711 is paid."
        assert len(ledger.paid) == 1
        assert (await client.post(f"/assistant/approvals/{waiting['id']}", headers=ANN)).status_code == 409


@contextmanager
def served(folder: Path, workers: int = 1) -> Generator[str]:
    """The application under uvicorn, as an operator would run it."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "examples.host_app.app:create_app",
        "--log-level",
        "warning",
    ]
    command += ["--port", str(port), "--workers", str(workers), "--timeout-graceful-shutdown", "5"]
    server = ServerProcess(
        command, port, folder=folder, environ={"SHOP_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    )
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def test_an_answer_is_streamed_to_the_page(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        assert "Ask the shop" in httpx.get(url, timeout=30).text
        with httpx.stream(
            "POST", f"{url}/assistant/stream", json={"text": "pay invoice 4711"}, headers=ANN, timeout=30
        ) as streamed:
            assert streamed.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in streamed.iter_lines() if line]
        names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        assert names[0] == "Routed"
        assert names[-1] == "Completed"
        assert {"TaskStarted", "ToolStarted", "ToolFinished", "IntentRegistered"} <= set(names)
        assert json.loads(lines[-1].removeprefix("data: "))["text"] == "Invoice 4711 is paid."


async def test_two_workers_share_one_log(tmp_path: Path) -> None:
    with served(tmp_path, workers=2) as url:
        limits = httpx.Limits(max_keepalive_connections=0)  # each request a connection, so that both workers are met
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
            answers: dict[str, set[str]] = {}

            async def ask(key: str) -> None:
                asked = await client.post(
                    "/assistant",
                    json={"text": f"set a timer called {key} for 30 minutes"},
                    headers={**ANN, "idempotency-key": key},
                )
                assert asked.status_code == 200, asked.text
                assert asked.json()["outcome"] == "success"
                answers.setdefault(key, set()).add(asked.json()["trace_id"])

            async with anyio.create_task_group() as group:
                for number in range(60):
                    group.start_soon(ask, f"tea{number % 20}")
    assert len(answers) == 20
    assert all(len(traces) == 1 for traces in answers.values())
    async with Supervisor(Settings(data_dir=tmp_path / "data"), background=False) as supervisor:
        traces = await supervisor.views.query("trace_index", {"tenant": "shop"}, limit=1_000)
        timers = await supervisor.views.query("timers", {"tenant": "shop"}, limit=1_000)
    assert len(traces) == 20
    assert len(timers) == 20
