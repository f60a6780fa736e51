"""Who gets in: tokens with scopes, bound or not; sessions of browsers; rates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.errors import ConfigurationError, NotFound
from common.http_settings import HttpSettings
from events.catalogue.token import TokenCreated
from supervisor.tokens import Scope
from tests.supervisor.http.conftest import Served, served_at

OPEN = {"/healthz", "/readyz"}
OWN = {("POST", "/session"), ("DELETE", "/session")}
NEEDS: list[tuple[str, str, dict[str, Any] | None, Scope]] = [
    ("GET", "/api/traces", None, Scope.READ),
    ("POST", "/api/requests", {"text": "hello"}, Scope.REQUEST),
    ("POST", "/api/approvals/0123456789abcdef/approve", {}, Scope.APPROVE),
    ("POST", "/api/flags/meta-planning", {"percent": 5}, Scope.CONTROL),
]


def operations(served: Served) -> list[tuple[str, str]]:
    paths = served.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def filled(path: str) -> str:
    for name in ("trace_id", "intent_id", "improvement_id"):
        path = path.replace(f"{{{name}}}", "0123456789abcdef")
    return path.replace("{version}", "1.0.0").replace("{", "").replace("}", "")


@pytest.mark.parametrize("token", [None, "nonsense", "asv_0123456789ab_" + "x" * 43])
async def test_nothing_but_health_answers_without_a_token_that_counts(tmp_path: Path, token: str | None) -> None:
    async with served_at(tmp_path, HttpSettings(refused_burst=1_000)) as served, served.client(token) as client:
        checked = 0
        for method, path in operations(served):
            if path in OPEN or (method, path) in OWN:
                continue
            answer = await client.request(method, filled(path), json={} if method == "POST" else None)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
            checked += 1
        assert checked > 20
        for path in OPEN:
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/openapi.json")).status_code == 401


@pytest.mark.parametrize(("method", "path", "body", "scope"), NEEDS)
async def test_each_scope_stands_by_itself(
    served: Served, method: str, path: str, body: dict[str, object] | None, scope: Scope
) -> None:
    others = [each for each in Scope if each is not scope]
    async with served.client(await served.token(*others)) as client:
        assert (await client.request(method, path, json=body)).status_code == 403
    async with served.client(await served.token(scope)) as client:
        assert (await client.request(method, path, json=body)).status_code in (200, 404)


async def test_a_token_is_over_when_it_is_revoked_or_its_time_has_come(served: Served) -> None:
    made = await served.supervisor.tokens.create("x", [Scope.READ], by="ann", lasts=timedelta(days=1))
    spent = await served.supervisor.tokens.create("y", [Scope.READ], by="ann", lasts=timedelta(microseconds=1))
    await served.token()
    async with served.client(made.token) as client, served.client(spent.token) as late:
        assert (await client.get("/api/traces")).status_code == 200
        assert (await late.get("/api/traces")).status_code == 401
        record = await served.supervisor.tokens.revoke(made.record.token_id, by="ann", reason="lost")
        assert (record.revoked_by, record.reason) == ("ann", "lost")
        served.app.state.access.tokens._looked = float("-inf")
        assert (await client.get("/api/traces")).status_code == 401
    assert (await served.supervisor.tokens.revoke(made.record.token_id, by="bob")).revoked_by == "ann"
    with pytest.raises(NotFound):
        await served.supervisor.tokens.revoke("000000000000", by="ann")


async def test_the_log_knows_no_token(served: Served) -> None:
    token = await served.token()
    events = await served.supervisor.store.read_all(0, {TokenCreated.TOPIC})
    assert events
    assert token.rpartition("_")[2] not in str(events)


@pytest.mark.parametrize(
    ("name", "scopes", "bound"),
    [("", ["read"], {}), ("x", [], {}), ("x", ["root"], {}), ("x", ["read"], {"user": "ann"}), ("a\nb", ["read"], {})],
)
async def test_a_token_that_makes_no_sense_is_refused(
    served: Served, name: str, scopes: list[str], bound: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError):
        await served.supervisor.tokens.create(name, scopes, by="ann", **bound)  # type: ignore[arg-type]


async def test_a_bound_token_sees_and_does_nothing_elsewhere(served: Served) -> None:
    ask = {"text": "remember that my locker code is 4711"}
    async with served.client(await served.token(tenant="acme", user="ann")) as ann:
        trace = (await ann.post("/api/requests", json=ask)).json()["data"]["trace_id"]
        assert (await ann.get(f"/api/traces/{trace}")).json()["data"]["user"] == "ann"
        assert (await ann.get("/api/traces", params={"tenant": "other"})).status_code == 403
        assert (await ann.post("/api/requests", json={**ask, "user": "bob"})).status_code == 403
    async with served.client(await served.token(tenant="acme", user="bob")) as bob:
        assert (await bob.get(f"/api/traces/{trace}")).status_code == 404
        assert (await bob.get("/api/traces")).json()["data"] == []
    async with served.client(await served.token(tenant="acme")) as operator:
        assert [row["trace_id"] for row in (await operator.get("/api/traces")).json()["data"]] == [trace]
        assert (await operator.get(f"/api/traces/{trace}")).status_code == 200
        assert (await operator.get("/api/traces", params={"user": "bob"})).json()["data"] == []
    async with served.client(await served.token(tenant="globex")) as stranger:
        assert (await stranger.get("/api/traces")).json()["data"] == []
        assert (await stranger.get(f"/api/traces/{trace}")).status_code == 404


async def signed_in(client: httpx.AsyncClient, token: str) -> str:
    answer = await client.post("/session", json={"token": token})
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert token not in cookie
    return answer.json()["data"]["csrf"]


async def test_a_browser_signs_in_and_changes_only_with_the_pages_own_token(served: Served) -> None:
    token = await served.token()
    async with served.client() as browser:
        assert (await browser.get("/session")).status_code == 401
        csrf = await signed_in(browser, token)
        assert (await browser.get("/session")).json()["data"]["csrf"] == csrf
        assert (await browser.get("/api/traces")).status_code == 200
        change = {"percent": 10}
        assert (await browser.post("/api/flags/meta-planning", json=change)).status_code == 403
        wrong = {"X-CSRF-Token": "0" * 64}
        assert (await browser.post("/api/flags/meta-planning", json=change, headers=wrong)).status_code == 403
        right = {"X-CSRF-Token": csrf}
        assert (await browser.post("/api/flags/meta-planning", json=change, headers=right)).status_code == 200
        assert (await browser.delete("/session")).status_code == 204
        assert (await browser.get("/api/traces")).status_code == 401


async def test_a_session_ends_with_its_token(served: Served) -> None:
    made = await served.supervisor.tokens.create("x", [Scope.READ], by="ann")
    await served.token()
    async with served.client() as browser:
        await signed_in(browser, made.token)
        await served.supervisor.tokens.revoke(made.record.token_id, by="ann")
        served.app.state.access.tokens._looked = float("-inf")
        assert (await browser.get("/api/traces")).status_code == 401


async def test_a_cookie_that_was_changed_counts_for_nothing(served: Served) -> None:
    async with served.client() as browser:
        await signed_in(browser, await served.token())
        token_id, until, signature = browser.cookies["supervisor_session"].split(".")
        for forged in (f"{token_id}.{int(until) + 1}.{signature}", f"{token_id}.{until}.{'0' * 64}", "x.y.z", ""):
            async with served.client() as other:
                other.cookies.set("supervisor_session", forged)
                assert (await other.get("/api/traces")).status_code == 401


async def test_too_many_calls_are_told_when_to_come_again(tmp_path: Path) -> None:
    settings = HttpSettings(rate=0.01, burst=3, refused_rate=0.01, refused_burst=2)
    async with served_at(tmp_path, settings) as served:
        async with served.client(await served.token()) as client:
            statuses = [(await client.get("/api/traces")).status_code for _ in range(4)]
            assert statuses == [200, 200, 200, 429]
            assert int((await client.get("/api/traces")).headers["retry-after"]) > 1
        async with served.client("guess") as stranger:
            statuses = [(await stranger.get("/api/traces")).status_code for _ in range(3)]
            assert statuses == [401, 401, 429]
            assert (await stranger.get("/healthz")).status_code == 200
