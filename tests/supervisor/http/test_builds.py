"""Builds over HTTP: begun, looked at, gone on with, within bounds."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from common.builder_settings import BuilderSettings
from common.settings import StoreSettings
from events.catalogue.build import BuildStarted
from events.state.build import STAGES
from roles.builder.pipeline import build_stream
from roles.engineering.findings import Finding
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings
from supervisor.tokens import Scope
from tests.roles.builder.made_parts import MadeParts, specification
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_resources import data, problem

DOUBLE = {"text": "double a number"}
BOUND = 60.0


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
async def served(tmp_path: Path, parts: MadeParts) -> AsyncGenerator[Served]:
    """A supervisor whose builder does little, quickly."""
    own = {"store": StoreSettings(url="memory://"), "builder": BuilderSettings(concurrent=1)}
    settings = offline_settings(tmp_path).model_copy(update=own)
    async with Supervisor(settings, background=False) as supervisor:
        supervisor.builds.builder.parts = parts.parts()
        yield Served(supervisor, create_app(supervisor))


async def ended(client: httpx.AsyncClient, build_id: str) -> dict[str, Any]:
    """The build, once it runs no more."""
    with anyio.fail_after(BOUND):
        while True:
            found = data(await client.get(f"/api/builds/{build_id}"))
            if found["status"] != "running":
                return found
            await anyio.sleep(0.02)


async def test_a_build_is_begun_at_once_and_tells_how_it_goes(client: httpx.AsyncClient) -> None:
    begun = data(await client.post("/api/builds", json={**DOUBLE, "answers": {"size": "2"}}), 202)
    found = await ended(client, begun["build_id"][:8])
    assert (found["status"], found["agent"], found["next_stage"]) == ("finished", "doubler", None)
    assert [stage["stage"] for stage in found["stages"]] == [*STAGES]
    assert found["requirements"] == {"text": "double a number", "answers": {"size": "2"}}
    assert found["started_by"].startswith("test (token ")
    assert (found["failure"], found["resumable"], found["deployed"]) == (None, False, True)
    again = data(await client.post(f"/api/builds/{begun['build_id']}/resume"), 202)  # it is finished
    assert again == begun
    answer = await client.get("/api/builds")
    assert [row["id"] for row in data(answer)] == [begun["build_id"]]


async def test_what_can_not_be_built_says_why_and_what_can_be_gone_on_with_is(
    client: httpx.AsyncClient, parts: MadeParts
) -> None:
    poem = data(await client.post("/api/builds", json={"text": "write a poem"}), 202)
    found = await ended(client, poem["build_id"])
    assert "poetry" in found["failure"]["error"]
    assert found["resumable"] is False
    parts.unwell = True
    unwell = data(await client.post("/api/builds", json=DOUBLE), 202)
    found = await ended(client, unwell["build_id"])
    assert (found["failure"]["stage"], found["resumable"]) == ("health", True)
    parts.unwell = False
    data(await client.post(f"/api/builds/{unwell['build_id']}/resume"), 202)
    assert (await ended(client, unwell["build_id"]))["status"] == "finished"


async def test_a_specification_is_built_as_it_is_or_refused_before_anything_is_begun(
    client: httpx.AsyncClient, parts: MadeParts
) -> None:
    given = specification("tripler").model_dump_json()
    begun = data(await client.post("/api/builds", json={"specification": given, "deploy": False}), 202)
    found = await ended(client, begun["build_id"])
    assert (found["agent"], found["given_specification"], found["deployed"]) == ("tripler", True, False)
    parts.findings = [Finding("specification", 0, "name", "everything is wrong")]
    refused = problem(await client.post("/api/builds", json={"specification": given}), 409)
    assert "everything is wrong" in refused["detail"]
    assert len(data(await client.get("/api/builds"))) == 1


async def test_no_more_run_at_once_than_may_and_one_that_runs_is_not_gone_on_with(
    client: httpx.AsyncClient, parts: MadeParts, served: Served
) -> None:
    going_on = anyio.Event()

    async def wait(url: str) -> tuple[()]:
        await going_on.wait()
        return ()

    served.supervisor.builds.builder.settings = served.supervisor.builds.builder.settings.model_copy(
        update={"database_url": "sqlite:///nowhere.db"}
    )
    parts.read_schema = wait  # type: ignore[method-assign]
    begun = data(await client.post("/api/builds", json=DOUBLE), 202)
    found = data(await client.get(f"/api/builds/{begun['build_id']}"))
    assert (found["next_stage"], found["under_way"], found["resumable"]) == ("analyze", True, False)
    busy = await client.post("/api/builds", json=DOUBLE)
    assert problem(busy, 429)["where"] == "builder.concurrent"
    assert busy.headers["retry-after"]
    going_on.set()
    assert (await ended(client, begun["build_id"]))["status"] == "finished"
    with anyio.fail_after(BOUND):
        while (await client.post("/api/builds", json=DOUBLE)).status_code == 429:  # its place is free a moment later
            await anyio.sleep(0.02)


async def test_one_that_runs_is_not_gone_on_with(client: httpx.AsyncClient, parts: MadeParts, served: Served) -> None:
    going_on = anyio.Event()

    async def wait(url: str) -> tuple[()]:
        await going_on.wait()
        return ()

    builder = served.supervisor.builds.builder
    builder.settings = builder.settings.model_copy(update={"database_url": "sqlite:///x.db", "concurrent": 3})
    parts.read_schema = wait  # type: ignore[method-assign]
    begun = data(await client.post("/api/builds", json=DOUBLE), 202)
    assert "works on this build" in problem(await client.post(f"/api/builds/{begun['build_id']}/resume"), 409)["detail"]
    going_on.set()
    assert (await ended(client, begun["build_id"]))["status"] == "finished"


async def test_one_that_was_interrupted_is_told_and_gone_on_with(served: Served, client: httpx.AsyncClient) -> None:
    name = "ab" * 16
    started = BuildStarted(build_id=name, requirements="double a number", folder=name, owner="dead", by="ann")
    await served.supervisor.store.append(build_stream(name), [started], 0)
    found = data(await client.get(f"/api/builds/{name}"))
    assert (found["status"], found["under_way"], found["resumable"]) == ("interrupted", False, True)
    (listed,) = data(await client.get("/api/builds"))
    assert listed["status"] == "interrupted"
    data(await client.post(f"/api/builds/{name}/resume"), 202)
    assert (await ended(client, name))["status"] == "finished"


async def test_lists_are_read_page_by_page(client: httpx.AsyncClient) -> None:
    made: list[str] = []
    for _ in range(3):
        begun = data(await client.post("/api/builds", json=DOUBLE), 202)
        await ended(client, begun["build_id"])
        made.append(begun["build_id"])
    first = (await client.get("/api/builds", params={"limit": 2})).json()
    assert [row["id"] for row in first["data"]] == made[:0:-1]
    rest = (await client.get("/api/builds", params={"limit": 2, "cursor": first["page"]["next"]})).json()
    assert ([row["id"] for row in rest["data"]], rest["page"]["next"]) == (made[:1], None)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": ""}, {"text": "  "}, {"text": "x", "specification": "y"}, {"text": "x", "name": "No Name"},
        {"text": "x", "answers": {"size": 3}}, {"specification": ""}, {"text": "x", "deploy": "yes"},
    ],
)  # fmt: skip
async def test_a_call_that_is_not_valid_begins_nothing(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    problem(await client.post("/api/builds", json=body), 422)
    assert data(await client.get("/api/builds")) == []


async def test_unknown_builds_are_not_there(client: httpx.AsyncClient) -> None:
    problem(await client.get("/api/builds/feedfeed"), 404)
    problem(await client.post("/api/builds/feedfeed/resume"), 404)
    problem(await client.get("/api/builds/..%2f..%2fetc"), 404)


async def test_looking_is_for_readers_and_building_for_who_controls(served: Served) -> None:
    async with served.client(await served.token(Scope.READ, Scope.REQUEST, Scope.APPROVE)) as client:
        data(await client.get("/api/builds"))
        problem(await client.post("/api/builds", json=DOUBLE), 403)
        problem(await client.post("/api/builds/feedfeed/resume"), 403)
    async with served.client(await served.token(tenant="acme")) as client:
        for call in (
            client.get("/api/builds"),
            client.get("/api/builds/feed"),
            client.post("/api/builds", json=DOUBLE),
        ):
            problem(await call, 403)
    async with served.client(await served.token(Scope.CONTROL)) as client:
        problem(await client.get("/api/builds"), 403)


async def test_a_name_of_a_shipped_role_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        served = Served(supervisor, create_app(supervisor))
        async with served.client(await served.token()) as client:
            refused = problem(await client.post("/api/builds", json={**DOUBLE, "name": "weather"}), 422)
            assert "weather" in refused["detail"]
            assert "another name" in refused["todo"]
            assert data(await client.get("/api/builds")) == []
