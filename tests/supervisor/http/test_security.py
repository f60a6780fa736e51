"""What somebody who means harm would try: other tenants' data, forged sessions, foreign pages, odd headers, leaks."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope

from common.errors import ConfigurationError, StoreUnavailable
from common.http_settings import HttpSettings
from common.redaction import REDACTED, Redactor
from common.settings import StoreSettings
from events.catalogue.token import TokenCreated
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.http.proxies import Forwarded
from supervisor.http.session_secret import session_secret
from supervisor.testing import offline_settings
from supervisor.tokens import Scope
from tests.supervisor.http.conftest import Served, served_at
from tests.supervisor.http.test_access import OPEN, OWN, filled, operations, signed_in
from tests.supervisor.http.test_resources import call, problem

OF_TENANTS = ("/api/requests", "/api/traces", "/api/approvals", "/api/events", "/session")
FOR_ALL = {("GET", "/api/agents"), ("GET", "/api/flags")}


async def test_a_bound_token_has_nothing_to_do_with_the_system_as_a_whole(tmp_path: Path) -> None:
    async with served_at(tmp_path) as served:
        bound = await served.token(tenant="acme")
        checked = 0
        async with served.client(bound) as acme:
            for method, path in operations(served):
                if path.startswith(OF_TENANTS) or path in OPEN or (method, path) in OWN | FOR_ALL:
                    continue
                answer = await acme.request(method, filled(path), json={} if method == "POST" else None)
                assert problem(answer, 403)["detail"].startswith("the token is bound"), (method, path)
                checked += 1
        assert checked > 20
        # the tenant of those who name none is no way round it
        async with served.client(await served.token(tenant="default")) as acme:
            assert (await acme.get("/api/meta-agent/status")).status_code == 403


async def test_a_bound_token_is_shown_nothing_of_another_tenant(served: Served) -> None:
    secret = "zanzibarian"  # a word that only the other tenant's data has
    async with served.client(await served.token(tenant=secret, user=secret)) as other:
        asked = await other.post("/api/requests", json={"text": f"remember that my boat is called {secret}"})
        trace = asked.json()["data"]["trace_id"]
    change = {"tenants": {secret: "on"}, "users": {secret: "on"}, "reason": secret}
    async with served.client(await served.token()) as operator:
        assert (await operator.post("/api/flags/meta-planning", json=change)).status_code == 200
        assert secret in (await operator.get("/api/flags")).text
    async with served.client(await served.token(tenant="acme")) as acme:
        for method, path in operations(served):
            if method != "GET" or path == "/api/events":
                continue
            shown = await acme.get(filled(path).replace("0123456789abcdef", trace))
            assert secret not in shown.text, path
        for verb in ("cancel", "resume", "outcome"):
            body = {"score": 1} if verb == "outcome" else {}
            answer = await acme.post(f"/api/requests/{trace}/{verb}", json=body)
            assert problem(answer, 404)["code"] == "not_found"
            named = await acme.post(f"/api/requests/{trace}/{verb}", json={**body, "tenant": secret, "user": secret})
            assert named.status_code == 403
        assert (await acme.get("/api/approvals", params={"tenant": secret})).status_code == 403


async def test_who_reads_the_whole_log_can_forge_no_session(served: Served) -> None:
    strong = await served.token()
    (event,) = [entry.event for entry in await served.supervisor.store.read_all(0, {TokenCreated.TOPIC})]
    assert isinstance(event, TokenCreated)
    until = int(time.time()) + 3_600
    for key in (bytes.fromhex(event.digest), event.digest.encode(), b""):
        for text in (f"session {until}", f"{event.token_id} {event.digest} session {until}"):
            forged = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
            async with served.client() as thief:
                thief.cookies.set("supervisor_session", f"{event.token_id}.{until}.{forged}")
                assert (await thief.get("/api/traces")).status_code == 401
    async with served.client() as browser:
        await signed_in(browser, strong)
        assert (await browser.get("/api/traces")).status_code == 200


def test_the_secret_of_sessions_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    secret = session_secret(file)
    assert (len(secret), stat.S_IMODE(file.stat().st_mode)) == (32, 0o600)
    assert session_secret(file) == secret
    assert [path.name for path in file.parent.iterdir()] == ["secret"]
    assert session_secret(None) != session_secret(None)
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read"):
        session_secret(file)
    os.chmod(file, 0o600)
    for wrong in ("", "00", "nonsense"):
        file.write_text(wrong)
        with pytest.raises(ConfigurationError, match="hexadecimal"):
            session_secret(file)
    with pytest.raises(ConfigurationError, match="can't be had"):
        session_secret(file / "below a file")


async def test_a_session_holds_in_every_process_of_the_same_folder(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"store": StoreSettings()})
    async with Supervisor(settings, background=False) as one, Supervisor(settings, background=False) as two:
        here, there = Served(one, create_app(one)), Served(two, create_app(two))
        token = await here.token()
        async with here.client() as browser, there.client() as other:
            await signed_in(browser, token)
            other.cookies.update(browser.cookies)
            assert (await other.get("/api/traces")).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_page_of_another_site_signs_in_or_changes_anything(served: Served, site: str) -> None:
    token = await served.token()
    foreign = {"Sec-Fetch-Site": site}
    async with served.client() as browser:
        assert (await browser.post("/session", json={"token": token}, headers=foreign)).status_code == 403
        assert "supervisor_session" not in browser.cookies
        csrf = await signed_in(browser, token)
        change = {"headers": {**foreign, "X-CSRF-Token": csrf}, "json": {"percent": 10}}
        assert (await browser.post("/api/flags/meta-planning", **change)).status_code == 403
        assert (await browser.delete("/session", headers=foreign)).status_code == 403
        form = await browser.post(  # what a form can send without asking first
            "/session", content=f'{{"token": "{token}"}}', headers={"content-type": "text/plain"}
        )
        assert form.status_code == 422


async def test_a_csrf_token_is_of_one_session(served: Served) -> None:
    token = await served.token()
    async with served.client() as mine, served.client(base="http://test") as theirs:
        await signed_in(mine, token)
        other = await signed_in(theirs, await served.token())
        answer = await mine.post("/api/flags/meta-planning", json={"percent": 1}, headers={"X-CSRF-Token": other})
        assert answer.status_code == 403


async def test_the_cookie_goes_over_tls_only_where_there_is_tls(tmp_path: Path) -> None:
    async with served_at(tmp_path, HttpSettings(behind_proxy=True)) as served:
        token = {"token": await served.token()}
        async with served.client() as browser:
            plain = await browser.post("/session", json=token)
            assert "secure" not in plain.headers["set-cookie"].lower()
            assert "strict-transport-security" not in plain.headers
            behind = await browser.post("/session", json=token, headers={"X-Forwarded-Proto": "https"})
            assert "secure" in behind.headers["set-cookie"].lower()
            assert "strict-transport-security" in behind.headers
        async with served.client(base="https://test") as browser:
            direct = await browser.post("/session", json=token)
            assert "secure" in direct.headers["set-cookie"].lower()


async def test_without_a_proxy_nobody_says_where_they_come_from(tmp_path: Path) -> None:
    settings = HttpSettings(refused_rate=0.01, refused_burst=3)
    async with served_at(tmp_path, settings) as served, served.client("guess") as thief:
        spoofed = [{"X-Forwarded-For": f"10.0.0.{number}", "X-Forwarded-Proto": "https"} for number in range(5)]
        answers = [await thief.get("/api/traces", headers=headers) for headers in spoofed]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert "strict-transport-security" not in answers[0].headers


async def test_behind_a_proxy_calls_count_by_what_the_proxy_says(tmp_path: Path) -> None:
    settings = HttpSettings(behind_proxy=True, refused_rate=0.01, refused_burst=2)
    async with served_at(tmp_path, settings) as served:
        async with served.client("guess") as client:

            async def ask(told: str) -> int:
                return (await client.get("/api/traces", headers={"X-Forwarded-For": told})).status_code

            # what the caller writes stands before what the proxy adds
            assert [await ask(f"10.0.0.{number}, 192.0.2.1") for number in range(4)] == [401, 401, 429, 429]
            assert await ask("192.0.2.2") == 401
            # one network of IPv6 is one party
            assert [await ask(f"2001:db8::{number}") for number in range(3)] == [401, 401, 429]
            assert await ask("2001:db8:0:1::1") == 401
        # and who has a token does not pay for others behind the same address
        async with served.client(await served.token()) as honest:
            answer = await honest.get("/api/traces", headers={"X-Forwarded-For": "192.0.2.1"})
            assert answer.status_code == 200


async def told_by(hops: int, *headers: tuple[bytes, bytes]) -> tuple[Any, str]:
    """The caller and scheme that an application behind `hops` proxies is told of."""
    seen: list[AsgiScope] = []

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    scope = {"type": "http", "headers": list(headers), "client": ("127.0.0.1", 1), "scheme": "http"}
    await Forwarded(app, hops)(scope, receive, send)
    return seen[0]["client"][0], seen[0]["scheme"]


@pytest.mark.parametrize(
    ("hops", "headers", "client"),
    [
        (1, ["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        (2, ["203.0.113.9, 192.0.2.1, 10.0.0.1"], "192.0.2.1"),
        (2, ["192.0.2.1", "10.0.0.1"], "192.0.2.1"),
        (2, ["10.0.0.1"], "127.0.0.1"),
        (1, ["192.0.2.1:4711"], "192.0.2.1"),
        (1, ["[2001:db8::1]:4711"], "2001:db8::1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (1, ["unknown"], "127.0.0.1"),
        (1, [""], "127.0.0.1"),
        (1, [], "127.0.0.1"),
    ],
)
async def test_the_caller_is_who_the_nearest_proxies_name(hops: int, headers: list[str], client: str) -> None:
    found = await told_by(hops, *((b"x-forwarded-for", value.encode()) for value in headers))
    assert found == (client, "http")
    assert await told_by(1, (b"x-forwarded-proto", b"http, https")) == ("127.0.0.1", "https")
    assert await told_by(1, (b"x-forwarded-proto", b"gopher")) == ("127.0.0.1", "http")


async def test_a_body_with_two_lengths_is_refused(served: Served) -> None:
    token = await served.token()
    shown = (b"authorization", f"Bearer {token}".encode())
    for lengths in (
        [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"5"), (b"content-length", b"6")],
    ):
        headers = [shown, *lengths]
        assert (await call(served.app, {"headers": headers}, [], token))[0]["status"] == 400
    for length in (b"-1", b"1_000", b"0x10", b"9" * 30):
        headers = [shown, (b"content-length", length)]
        assert (await call(served.app, {"headers": headers}, [], token))[0]["status"] == 413


async def test_what_went_wrong_inside_is_for_the_log_alone(
    served: Served, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("no route to db.internal for admin", where="/var/lib/secret.db", todo="Ask bob.")

    monkeypatch.setattr(type(served.supervisor.monitoring), "get_health", fail)
    answer = await client.get("/api/meta-agent/health")
    assert problem(answer, 503)["code"] == StoreUnavailable.code
    for hidden in ("internal", "secret.db", "bob"):
        assert hidden not in answer.text
        assert hidden in caplog.text

    async def wrong(*_: Any, **__: Any) -> None:
        raise ConfigurationError("the folder can't be used", where="/home/ann/data")

    monkeypatch.setattr(type(served.supervisor.monitoring), "get_health", wrong)
    assert "/home/ann" not in (await client.get("/api/meta-agent/health")).text


async def test_a_token_that_somebody_tells_is_not_shown_again(served: Served, client: httpx.AsyncClient) -> None:
    token = await served.token()
    assert token not in Redactor().text(f"see {token} there")
    asked = await client.post("/api/requests", json={"text": f"remember that {token} opens the dashboard"})
    shown = await client.get(f"/api/traces/{asked.json()['data']['trace_id']}")
    for answer in (asked, shown):
        assert answer.status_code == 200
        assert token.rpartition("_")[2] not in answer.text


@given(st.text("0123456789abcdef", min_size=12, max_size=12), st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_every_token_of_ours_is_redacted(token_id: str, secret: str) -> None:
    assert Redactor().text(f"x asv_{token_id}_{secret} y") == f"x {REDACTED} y"


async def test_one_token_can_not_take_all_streams(tmp_path: Path) -> None:
    async with served_at(tmp_path, HttpSettings(token_streams=1, streams=2)) as served:
        streams = served.app.state.streams

        async def nothing() -> Any:
            return
            yield

        streams._by["x"] = 1
        async with served.client(await served.token()) as client:
            assert streams.response(nothing(), "y") is not None
            with pytest.raises(Exception, match="1 streams of this token"):
                streams.response(nothing(), "x")
            assert (await client.get("/healthz")).status_code == 200


async def test_the_scopes_do_not_stretch(served: Served) -> None:
    """Each operation needs one scope; a token with all the others is refused."""
    needs: dict[tuple[str, str], Scope] = {}
    for scope in Scope:
        others = [each for each in Scope if each is not scope]
        async with served.client(await served.token(*others)) as client:
            for method, path in operations(served):
                if path in OPEN or (method, path) in OWN or path == "/api/events":
                    continue
                answer = await client.request(method, filled(path), json={} if method == "POST" else None)
                if answer.status_code == 403 and f"'{scope.value}'" in answer.text:
                    assert (method, path) not in needs
                    needs[method, path] = scope
    for (method, path), scope in needs.items():
        if method == "GET":
            assert scope is Scope.READ, path
        elif path.startswith("/api/requests"):
            assert scope is Scope.REQUEST, path
        elif path.startswith("/api/agents"):
            assert scope is Scope.CONTROL, path
        elif path.endswith(("/approve", "/reject", "/deny", "/activate", "/rollback", "/undo", "/done", "/failed")):
            assert scope is Scope.APPROVE, path
        else:
            assert scope is Scope.CONTROL, path
    checked = [each for each in operations(served) if each[1] not in OPEN and each not in OWN]
    assert len(needs) == len([each for each in checked if each[1] != "/api/events"])
