"""Built agents over HTTP: versions, going back, out of service and back, health."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.tokens import Scope
from tests.roles.deployed import sample_agent
from tests.roles.sandbox.contract import usable
from tests.supervisor.built_agents import NAME, deploy, folder, learned, settings_in
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_resources import data, problem

__all__ = ["folder", "learned"]

AGENT = f"/api/agents/{NAME}"


@pytest.fixture
async def served(folder: Path) -> AsyncGenerator[Served]:
    """A supervisor with two versions of an agent in service."""
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor, build="b1", figures={"coverage": 0.93})
        await deploy(supervisor, 2.0, build="b2")
        yield Served(supervisor, create_app(supervisor))


async def test_versions_are_told_gone_back_to_and_taken_out_of_service(
    served: Served, client: httpx.AsyncClient
) -> None:
    found = data(await client.get(f"{AGENT}/versions"))
    assert [one["version"] for one in found["versions"]] == ["1.0.0", "1.0.1"]
    assert (found["deployed"]["version"], found["retired"], found["specification"]["name"]) == ("1.0.1", False, NAME)
    assert "signature" not in found["deployed"]
    back = data(await client.post(f"{AGENT}/rollback", json={"reason": "it was better"}))
    assert (back["version"], back["how"], back["reason"]) == ("1.0.0", "rollback", "it was better")
    assert back["by"].startswith("test (token ")
    problem(await client.post(f"{AGENT}/rollback"), 404)  # there is none before
    forth = data(await client.post(f"{AGENT}/rollback", json={"to": "1.0.1"}))
    assert forth["version"] == "1.0.1"
    problem(await client.post(f"{AGENT}/rollback", json={"to": "9.9.9"}), 404)
    problem(await client.post(f"{AGENT}/rollback", json={"to": "latest"}), 422)
    assert data(await client.post(f"{AGENT}/remove", json={"reason": "unused"})) == {"name": NAME}
    assert data(await client.get(AGENT))["state"] == "retired"
    assert data(await client.get(f"{AGENT}/versions"))["retired"] is True
    problem(await client.post(f"{AGENT}/health"), 404)
    assert data(await client.post(f"{AGENT}/restore", json={}))["state"] == "deployed"
    assert data(await client.get(f"{AGENT}/versions"))["deployed"]["version"] == "1.0.1"


async def on_trial(supervisor: Supervisor, version: str = "1.0.2") -> None:
    made = sample_agent.specification(version)
    await supervisor.built_agents.trials.start(made, sample_agent.files(made, 3.0), percent=30, by="evolution")


async def test_a_share_is_told_promoted_and_taken_back(served: Served, client: httpx.AsyncClient) -> None:
    await usable(BubblewrapSandbox())
    problem(await client.post(f"{AGENT}/promote"), 404)
    assert data(await client.get(f"{AGENT}/versions"))["share"] is None
    await on_trial(served.supervisor)
    share = data(await client.get(f"{AGENT}/versions"))["share"]
    assert (share["version"], share["beside"], share["state"], share["percent"]) == ("1.0.2", "1.0.1", "trial", 30)
    assert (share["calls"], share["beside_calls"], share["mean"], share["promoted_at"]) == (0, 0, None, None)
    assert data(await client.get("/api/evolution/status"))["shares"] == [share]
    problem(await client.post(f"{AGENT}/promote", json={"version": "1.0.9"}), 404)
    problem(await client.post(f"{AGENT}/promote", json={"version": "latest"}), 422)
    placed = data(await client.post(f"{AGENT}/promote", json={"version": "1.0.2", "reason": "it does well"}))
    assert (placed["version"], placed["replaces"]) == ("1.0.2", "1.0.1")
    assert placed["by"].startswith("test (token ")
    found = data(await client.get(f"{AGENT}/versions"))
    assert (found["deployed"]["version"], found["share"]["state"]) == ("1.0.2", "watched")
    await on_trial(served.supervisor, "1.0.3")
    assert data(await client.post(f"{AGENT}/rollback", json={"reason": "no"}))["version"] == "1.0.2"
    problem(await client.post(f"{AGENT}/promote"), 404)


async def test_what_can_not_be_brought_back_is_a_conflict(served: Served, client: httpx.AsyncClient) -> None:
    data(await client.post(f"{AGENT}/remove"))
    shutil.rmtree(served.supervisor.settings.data_dir / "agents" / NAME / "1.0.1")
    problem(await client.post(f"{AGENT}/restore", json={}), 409)


async def test_health_starts_it_and_tells_what_is_wrong(served: Served, client: httpx.AsyncClient) -> None:
    await usable(BubblewrapSandbox())
    found = data(await client.post(f"{AGENT}/health"))
    assert (found["ok"], found["problems"], found["version"]) == (True, [], "1.0.1")
    assert found["memory"] > 0
    worker = data(await client.get(f"{AGENT}/versions"))["worker"]
    assert (worker["running"], worker["deaths"]) == (True, 0)
    agents = served.supervisor.settings.data_dir / "agents"
    (agents / NAME / "1.0.1" / NAME / "__init__.py").write_text("changed = True\n")
    found = data(await client.post(f"{AGENT}/health"))
    assert (found["ok"], found["checks"]) == (False, 0)
    assert found["problems"]


async def test_roles_that_were_not_built_have_no_versions(client: httpx.AsyncClient) -> None:
    for path in ("timer", "nobody"):
        problem(await client.get(f"/api/agents/{path}/versions"), 404)
        for what in ("rollback", "promote", "remove", "health"):
            problem(await client.post(f"/api/agents/{path}/{what}"), 404)


async def test_looking_is_for_readers_and_changing_for_who_controls(served: Served) -> None:
    async with served.client(await served.token(Scope.READ, Scope.REQUEST, Scope.APPROVE)) as client:
        data(await client.get(f"{AGENT}/versions"))
        for what in ("rollback", "promote", "remove", "health"):
            problem(await client.post(f"{AGENT}/{what}"), 403)
    async with served.client(await served.token(tenant="acme")) as client:
        problem(await client.get(f"{AGENT}/versions"), 403)
        for what in ("rollback", "promote", "remove", "health"):
            problem(await client.post(f"{AGENT}/{what}"), 403)
