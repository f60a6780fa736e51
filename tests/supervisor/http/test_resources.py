"""Requests, traces, agents, guidelines, approvals and flags over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from common.http_settings import HttpSettings
from common.settings import IntentSettings, StoreSettings
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings
from tests.supervisor.http.conftest import Served, served_at

TIMER = {"text": "set a timer for 10 minutes"}


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == "success"
    return body["data"]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


async def test_a_request_is_handled_once_for_its_key(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first = data(await client.post("/api/requests", json=TIMER, headers=key))
    again = data(await client.post("/api/requests", json=TIMER, headers=key))
    assert first["outcome"] == "success"
    assert first["intents"][0]["status"] == "processed"
    assert again["trace_id"] == first["trace_id"]
    other = await client.post("/api/requests", json={"text": "what time is it"}, headers=key)
    assert problem(other, 409)["where"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "text",
    [
        "明天天气怎么样",
        "какая завтра погода",
        "\u0b95\u0bbe\u0bb2\u0bc8 \u0baa\u0ba4\u0bbf\u0ba9\u0bcb\u0bb0\u0bbe\u0bae\u0bcd",
        "⏰🙂",
    ],
)
async def test_a_request_may_be_in_any_script(client: httpx.AsyncClient, text: str) -> None:
    data(await client.post("/api/requests", json={"text": text}))


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, "body.text"),
        ({"text": 3}, "body.text"),
        ({"text": "x", "nonsense": 1}, "body.nonsense"),
        ({"text": "x", "limits": {"turns": -1}}, "body.limits.turns"),
        ({"text": "x", "limits": {"tool_calls": True}}, "body.limits.tool_calls"),
        ({"text": "x", "limits": {"cost": "1"}}, "body.limits.cost"),
    ],
)
async def test_a_call_that_is_not_valid_says_where(client: httpx.AsyncClient, body: dict[str, Any], at: str) -> None:
    found = problem(await client.post("/api/requests", json=body), 422)
    assert found["errors"][0]["at"].startswith(at)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '[1, {"deep": NaN}]'])
async def test_a_number_that_json_does_not_have_is_refused_wherever_it_stands(
    client: httpx.AsyncClient, number: str
) -> None:
    json = {"content-type": "application/json"}
    given = '{"text": "set a timer for 10 minutes", "attributes": {"plan": ' + number + "}}"
    found = problem(await client.post("/api/requests", content=given, headers=json), 422)
    assert "attributes.plan" in found["detail"]
    assert "no finite number" in found["detail"]
    given = '{"variant": "on", "tenants": ' + number + "}"
    problem(await client.post("/api/flags/meta-planning", content=given, headers=json), 422)
    assert data(await client.get("/api/traces")) == []


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/api/requests", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_traces_are_paged_newest_first_and_shown_step_by_step(client: httpx.AsyncClient) -> None:
    made = [data(await client.post("/api/requests", json=TIMER))["trace_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = await client.get("/api/traces", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [row["trace_id"] for row in data(answer)]
        cursor = answer.json()["page"]["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    shown = data(await client.get(f"/api/traces/{made[0][:12]}"))
    assert shown["events"][0]["topic"] == "trace.started"
    assert shown["outcome"] == "success"
    assert problem(await client.get("/api/traces/0000000000"), 404)["code"] == "not_found"


async def test_what_is_a_secret_is_not_shown(client: httpx.AsyncClient) -> None:
    told = await client.post("/api/requests", json={"text": "remember that my wifi password is hunter2abc9"})
    listed, shown = await client.get("/api/traces"), await client.get(f"/api/traces/{data(told)['trace_id']}")
    for answer in (told, listed, shown):
        assert answer.status_code == 200
        assert "hunter2abc9" not in answer.text


async def test_a_disabled_agent_gets_no_request_until_it_is_restored(client: httpx.AsyncClient) -> None:
    assert data(await client.post("/api/requests", json=TIMER))["metadata"]["route"] == "timer"
    off = data(await client.post("/api/agents/timer/disable", json={"reason": "rings all night"}))
    assert (off["enabled"], off["reason"]) == (False, "rings all night")
    assert (
        data(await client.get("/api/agents/status"))["active_agents"] == len(data(await client.get("/api/agents"))) - 1
    )
    assert data(await client.post("/api/requests", json=TIMER))["metadata"]["route"] != "timer"
    assert data(await client.post("/api/agents/timer/restore", json={}))["enabled"] is True
    assert data(await client.post("/api/requests", json=TIMER))["metadata"]["route"] == "timer"
    problem(await client.post("/api/agents/nobody/disable", json={}), 404)
    status = {row["name"]: row for row in data(await client.get("/api/agents/status"))["agents"]}
    assert status["timer"]["calls"] == 2
    assert status["timer"]["success_rate"] == 1.0
    assert status["weather"]["success_rate"] is None


async def test_guidelines_are_decided_on(served: Served, client: httpx.AsyncClient) -> None:
    await served.supervisor.guidelines.propose("timer", ["avoid timer.remind"], by="ann")
    (row,) = data(await client.get("/api/guidelines", params={"agent_type": "timer"}))
    assert (row["version"], row["status"]) == ("1.0.0", "proposed")
    assert data(await client.post("/api/guidelines/timer/1.0.0/activate", json={"reason": "good"}))["active"] == "1.0.0"
    assert problem(await client.post("/api/guidelines/timer/1.0.0/reject", json={}), 409)["code"] == "guideline"
    (difference,) = data(await client.get("/api/guidelines/timer/diff", params={"before": "none", "after": "active"}))
    assert difference["after"] == "avoid timer.remind"
    assert data(await client.post("/api/guidelines/timer/rollback", json={}))["active"] is None
    steps = data(await client.get("/api/guidelines/timer/history"))
    assert [step["what"] for step in steps] == ["proposed", "activated", "rolled back"]
    assert "token" in steps[1]["by"]
    problem(await client.get("/api/guidelines/nobody/history"), 404)


@pytest.fixture
async def careful(tmp_path: Path) -> AsyncGenerator[Served]:
    """A supervisor that asks before it sets timers."""
    settings = offline_settings(tmp_path).model_copy(
        update={"intents": IntentSettings.model_validate({"policies": {"timer.set_timer": "ask"}})}
    )
    async with Supervisor(settings, background=False) as supervisor:
        yield Served(supervisor, create_app(supervisor))


@pytest.mark.parametrize(("decision", "status"), [("approve", "processed"), ("deny", "denied")])
async def test_what_waits_is_decided_once(careful: Served, decision: str, status: str) -> None:
    async with careful.client(await careful.token()) as client:
        assert data(await client.post("/api/requests", json=TIMER))["outcome"] == "awaiting_approval"
        (waiting,) = data(await client.get("/api/approvals"))
        path = f"/api/approvals/{waiting['intent_id']}/{decision}"
        assert data(await client.post(path, json={"comment": "by me"}))["status"] == status
        problem(await client.post(path, json={}), 409)
        assert data(await client.get("/api/approvals")) == []
        problem(await client.post("/api/approvals/0123456789abcdef/approve", json={}), 404)


async def test_flags_are_changed_and_told(client: httpx.AsyncClient) -> None:
    change = {"percent": 10, "tenants": {"beta": "on"}, "reason": "a try"}
    assert data(await client.post("/api/flags/meta-planning", json=change))["changed"] is True
    flags = {row["key"]: row for row in data(await client.get("/api/flags", params={"tenant": "beta"}))["flags"]}
    assert flags["meta-planning"]["variant"] == "on"
    (step,) = data(await client.get("/api/flags/history"))
    assert (step["key"], step["reason"]) == ("meta-planning", "a try")
    assert data(await client.post("/api/flags/meta-planning", json={}))["changed"] is False
    problem(await client.post("/api/flags/nonsense", json=change), 404)
    problem(await client.post("/api/flags/meta-planning", json={"variant": "sometimes"}), 409)


async def test_a_broken_set_of_flags_is_told_by_readyz(served: Served, client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).json()["status"] == "ok"
    served.supervisor.settings.flags_path.write_text("{")
    data(await client.get("/api/flags"))
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"


async def test_the_process_that_lost_its_store_is_not_ready(served: Served, client: httpx.AsyncClient) -> None:
    await served.supervisor.store.close()
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_metrics_are_prometheus_text(client: httpx.AsyncClient) -> None:
    data(await client.post("/api/requests", json=TIMER))
    text = (await client.get("/metrics")).text
    assert 'supervisor_requests_total{approach="direct",outcome="success"} 1.0' in text


async def test_outcomes_are_reported(client: httpx.AsyncClient) -> None:
    trace = data(await client.post("/api/requests", json=TIMER))["trace_id"]
    assert data(await client.post(f"/api/requests/{trace}/outcome", json={"score": 0.5}))["trace_id"] == trace
    problem(await client.post(f"/api/requests/{trace}/outcome", json={"score": 2}), 422)
    problem(await client.post("/api/requests/00000000/outcome", json={"score": 1}), 404)
    assert data(await client.post(f"/api/requests/{trace}/cancel", json={}))["state"] == "ended"
    assert data(await client.post(f"/api/requests/{trace}/resume", json={}))["outcome"] == "success"


async def test_every_answer_keeps_browsers_safe(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/api/traces", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    problem(await client.get("/nothing"), 404)
    wrong = await client.put("/api/traces")
    assert problem(wrong, 405)["code"] == "method_not_allowed"
    assert wrong.headers["allow"] == "GET"
    assert (await client.put("/session")).headers["allow"] == "DELETE, GET, POST"
    assert (await client.get("/api/guidelines/timer/rollback")).status_code == 405
    assert (await client.put("/api/guidelines/timer/rollback")).headers["allow"] == "POST"


async def call(app: FastAPI, scope: Scope, chunks: list[Message], token: str) -> list[Message]:
    """A call, chunk by chunk, where a list that is at its end waits for ever."""
    answers: list[Message] = []

    async def receive() -> Message:
        if not chunks:
            await anyio.sleep_forever()
        return chunks.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
    full = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/requests", "raw_path": b"/api/requests", "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("test", 80), **scope,
    }  # fmt: skip
    await app(full, receive, send)
    return answers


async def test_a_body_has_a_size_and_a_time(tmp_path: Path) -> None:
    async with served_at(tmp_path, HttpSettings(max_body=1_000, body_timeout=0.2)) as served:
        token = await served.token()
        async with served.client(token) as client:
            problem(await client.post("/api/requests", json={"text": "x" * 2_000}), 413)
        part = {"type": "http.request", "body": b"x" * 600, "more_body": True}
        assert (await call(served.app, {}, [dict(part), dict(part)], token))[0]["status"] == 413
        assert (await call(served.app, {}, [dict(part)], token))[0]["status"] == 408


async def test_it_can_be_mounted_in_a_hosts_application(served: Served) -> None:
    host = FastAPI()

    @host.get("/api/traces")
    async def own() -> str:  # a route of the host's with the name of one of ours
        return "the host's own"

    host.mount("/supervisor", served.app)
    token = await served.token()
    transport = httpx.ASGITransport(host)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/supervisor/healthz")).status_code == 200
        assert (await client.get("/api/traces")).json() == "the host's own"
        assert (await client.get("/api/agents")).status_code == 404
        assert (await client.get("/supervisor/api/traces")).status_code == 401
        shown = {"Authorization": f"Bearer {token}"}
        assert data(await client.post("/supervisor/api/requests", json=TIMER, headers=shown))["outcome"] == "success"
        document = (await client.get("/supervisor/openapi.json", headers=shown)).json()
        assert document["servers"] == [{"url": "/supervisor"}]
        signed = await client.post("/supervisor/session", json={"token": token})
        assert "path=/supervisor" in signed.headers["set-cookie"].lower()
        assert (await client.get("/supervisor/api/traces")).status_code == 200
        assert (await client.put("/supervisor/session")).headers["allow"] == "DELETE, GET, POST"


async def test_several_processes_serve_one_log(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"store": StoreSettings()})
    async with Supervisor(settings) as one, Supervisor(settings, background=False) as two:
        here, there = Served(one, create_app(one)), Served(two, create_app(two))
        token = await here.token()
        async with here.client(token) as client, there.client(token) as other:
            key = {"Idempotency-Key": "k1"}
            first = data(await client.post("/api/requests", json=TIMER, headers=key))
            again = data(await other.post("/api/requests", json=TIMER, headers=key))
            assert again["trace_id"] == first["trace_id"]
            assert [row["trace_id"] for row in data(await other.get("/api/traces"))] == [first["trace_id"]]
            await two.tokens.revoke(token.split("_")[1], by="ann")
            here.app.state.access.tokens._looked = float("-inf")
            assert (await client.get("/api/traces")).status_code == 401


async def test_the_document_tells_how_long_a_request_may_be_here(served: Served, client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    most = document["components"]["schemas"]["NewRequest"]["properties"]["text"]["maxLength"]
    assert most == served.supervisor.settings.requests.max_chars
    problem(await client.post("/api/requests", json={"text": "a" * (most + 1)}), 422)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/"])
async def test_who_only_looks_whether_it_is_there_may_ask_by_head(served: Served, path: str) -> None:
    async with served.client() as nobody:
        whole, head = await nobody.get(path), await nobody.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
