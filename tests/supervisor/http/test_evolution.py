"""Evolution over HTTP: how it stands, what was decided, a cycle begun, and what one would do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from supervisor.http import create_app
from supervisor.tokens import Scope
from tests.roles.builder.made_parts import MadeParts
from tests.supervisor.evolution.evolution_help import ask, evolving
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_resources import data, problem

BOUND = 60.0


@pytest.fixture
async def served(tmp_path: Path) -> AsyncGenerator[Served]:
    """A supervisor of whom several people asked for the same missing thing."""
    async with evolving(tmp_path, allowed=("create",), parts=MadeParts(tmp_path)) as (supervisor, _):
        yield Served(supervisor, create_app(supervisor))


async def ended(client: httpx.AsyncClient, cycle: str) -> dict[str, Any]:
    """The cycle, once it has ended."""
    with anyio.fail_after(BOUND):
        while True:
            found = data(await client.get(f"/api/evolution/cycles/{cycle}"))
            if found["ended_at"] is not None:
                return found
            await anyio.sleep(0.02)


async def test_a_cycle_is_begun_and_everything_it_did_is_told(served: Served, client: httpx.AsyncClient) -> None:
    await ask(served.supervisor)
    dry = data(await client.post("/api/evolution/dry-run"))
    assert [(one["kind"], one["by_itself"]) for one in dry["decisions"]] == [("create", True)]
    assert (dry["needs"][0]["support"], len(dry["needs"][0]["traces"])) == (3, 3)
    assert data(await client.get("/api/evolution/cycles")) == []
    begun = data(await client.post("/api/evolution/cycles"), 202)
    cycle = await ended(client, begun["cycle"])
    assert (cycle["error"], cycle["needs"], cycle["decisions"]) == ("", 1, 1)
    assert cycle["by"].startswith("test (token ")
    (taken,) = cycle["taken"]
    assert (taken["kind"], taken["ok"], taken["changed"], taken["agent"]) == ("create", True, True, "doubler")
    assert data(await client.get("/api/evolution/decisions", params={"kind": "create"})) == [taken]
    assert data(await client.get("/api/evolution/decisions", params={"kind": "prune"})) == []
    status = data(await client.get("/api/evolution/status", params={"days": 2}))
    assert (status["cycles"], status["last_cycle"], status["allowed"]) == (1, begun["cycle"], ["create"])
    assert (status["lifecycle"]["created"], status["lifecycle"]["created_per_day"]) == (1, 0.5)
    assert status["lifecycle"]["automation"] == {"create": 1.0, "all": 1.0}
    assert data(await client.get(f"/api/builds/{taken['build']}"))["status"] == "finished"


async def test_one_cycle_runs_at_a_time(served: Served, client: httpx.AsyncClient) -> None:
    running = await served.supervisor._running_parts.evolution._parts.log.begin(
        "another", served.supervisor.clock.now()
    )
    await served.supervisor.evolution._lock.acquire()
    try:
        assert "runs already" in problem(await client.post("/api/evolution/cycles"), 409)["detail"]
        (row,) = data(await client.get("/api/evolution/cycles"))
        assert (row["cycle"], row["by"], row["ended_at"]) == (running.cycle, "another", None)
    finally:
        served.supervisor.evolution._lock.release()


async def test_cycles_are_read_page_by_page(served: Served, client: httpx.AsyncClient) -> None:
    made: list[str] = []
    for _ in range(5):
        with anyio.fail_after(BOUND):
            while (answer := await client.post("/api/evolution/cycles")).status_code == 409:
                await anyio.sleep(0.02)  # the cycle before has ended in the log, and lets go a moment later
        made.append(data(answer, 202)["cycle"])
        await ended(client, made[-1])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = (
            await client.get("/api/evolution/cycles", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        assert all(row["ended_at"] for row in answer["data"])
        seen += [row["cycle"] for row in answer["data"]]
        cursor = answer["page"]["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_what_is_not_there(client: httpx.AsyncClient) -> None:
    problem(await client.get(f"/api/evolution/cycles/{'0' * 32}"), 404)
    problem(await client.get("/api/evolution/cycles/0"), 422)
    for days in ("0", "nan", "inf", "-1", "400"):
        problem(await client.get("/api/evolution/status", params={"days": days}), 422)
    problem(await client.get("/api/evolution/decisions", params={"kind": "invent"}), 422)
    assert data(await client.get("/api/evolution/decisions")) == []


async def test_looking_is_for_readers_and_a_cycle_for_who_controls(served: Served) -> None:
    looks = ("/api/evolution/status", "/api/evolution/cycles", "/api/evolution/decisions")
    does = ("/api/evolution/cycles", "/api/evolution/dry-run")
    async with served.client(await served.token(Scope.READ, Scope.APPROVE)) as client:
        for path in looks:
            data(await client.get(path))
        for path in does:
            problem(await client.post(path), 403)
    async with served.client(await served.token(tenant="acme")) as client:
        for path in looks:
            problem(await client.get(path), 403)
        for path in does:
            problem(await client.post(path), 403)
