"""Tuned settings over HTTP."""

from __future__ import annotations

import httpx
import pytest

from supervisor.tokens import Scope
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_resources import data, problem

KEY = "requests.max_concurrent"


async def settings(client: httpx.AsyncClient, **query: str) -> dict[str, dict[str, object]]:
    return {each["key"]: each for each in data(await client.get("/api/tuning", params={"limit": 500, **query}))}


async def test_every_setting_is_told_with_its_bounds(served: Served, client: httpx.AsyncClient) -> None:
    found = await settings(client)
    assert set(found) == set(served.supervisor.tuning.tunables)
    setting = found[KEY]
    assert (setting["value"], setting["configured"], setting["low"], setting["high"]) == (64, 64, 1, 4096)
    assert (setting["tuned"], setting["improvement"], setting["at"]) == (False, None, None)
    answer = await client.get("/api/tuning", params={"limit": 3})
    page = answer.json()["page"]
    assert (len(data(answer)), page["total"], page["next"]) == (3, len(found), "3")


async def test_a_value_holds_at_once_is_told_with_its_reason_and_is_taken_back(
    served: Served, client: httpx.AsyncClient
) -> None:
    changed = data(await client.post(f"/api/tuning/{KEY}", json={"value": 8, "reason": "a small machine"}))
    assert (changed["value"], changed["tuned"], changed["reason"]) == (8, True, "a small machine")
    assert served.supervisor.tuning.value(KEY) == 8
    assert list(await settings(client, which="tuned")) == [KEY]
    assert KEY not in await settings(client, which="configured")
    assert data(await client.get(f"/api/tuning/{KEY}")) == changed
    back = data(await client.post(f"/api/tuning/{KEY}/reset", json={"reason": "a larger one"}))
    assert (back["value"], back["tuned"]) == (64, False)
    steps = data(await client.get(f"/api/tuning/{KEY}/history"))
    assert [(step["before"], step["value"], step["reason"]) for step in steps] == [
        (8, None, "a larger one"),
        (None, 8, "a small machine"),
    ]
    assert all(str(step["by"]).startswith("test (token ") for step in steps)


@pytest.mark.parametrize("value", [0, 5_000, 1.5])
async def test_beyond_its_bounds_it_stays_as_it_was(served: Served, client: httpx.AsyncClient, value: float) -> None:
    found = problem(await client.post(f"/api/tuning/{KEY}", json={"value": value}), 409)
    assert KEY in found["detail"]
    assert served.supervisor.tuning.value(KEY) == 64
    assert data(await client.get(f"/api/tuning/{KEY}/history")) == []


@pytest.mark.parametrize("content", ['{"value": NaN}', '{"value": true}', '{"value": "8"}', "{}", "8"])
async def test_a_value_is_a_number(client: httpx.AsyncClient, content: str) -> None:
    answer = await client.post(f"/api/tuning/{KEY}", content=content, headers={"content-type": "application/json"})
    problem(answer, 422)


async def test_what_can_not_be_tuned_is_not_there(client: httpx.AsyncClient) -> None:
    for key in ("store.url", "requests.max_chars", "x" * 300, "tool..timeout"):
        problem(await client.post(f"/api/tuning/{key}", json={"value": 1}), 404)
        problem(await client.post(f"/api/tuning/{key}/reset", json={}), 404)
        problem(await client.get(f"/api/tuning/{key}"), 404)
        problem(await client.get(f"/api/tuning/{key}/history"), 404)


async def test_looking_is_for_readers_and_changing_for_who_controls(served: Served) -> None:
    others = await served.token(Scope.READ, Scope.REQUEST, Scope.APPROVE)
    async with served.client(others) as client:
        assert (await client.get("/api/tuning")).status_code == 200
        problem(await client.post(f"/api/tuning/{KEY}", json={"value": 8}), 403)
        problem(await client.post(f"/api/tuning/{KEY}/reset", json={}), 403)
    async with served.client(await served.token(tenant="acme")) as client:
        problem(await client.get("/api/tuning"), 403)
        problem(await client.get(f"/api/tuning/{KEY}"), 403)
        problem(await client.get(f"/api/tuning/{KEY}/history"), 403)
        problem(await client.post(f"/api/tuning/{KEY}", json={"value": 8}), 403)
    assert served.supervisor.tuning.value(KEY) == 64
