"""Builds of a running supervisor: followed step by step, stopped, gone on with, and for improvements."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.errors import BuildError, ConfigurationError, NotFound
from common.settings import StoreSettings
from common.updates import BuildProgress
from events.catalogue.improvement import ImprovementPlan
from events.state.build import STAGES, BuildStatus
from roles.builder.service_builder import BuiltAgent, improvement_build_id
from supervisor import Supervisor
from supervisor.building import ImprovementBuilder
from supervisor.testing import offline_settings
from tests.events.improvement_samples import suggestion
from tests.roles.builder.made_parts import MadeParts

REQUEST = "double a number"
BOUND = 60.0


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
async def running(tmp_path: Path, parts: MadeParts) -> AsyncGenerator[Supervisor]:
    settings = offline_settings(tmp_path).model_copy(update={"store": StoreSettings(url="memory://")})
    async with Supervisor(settings, background=False) as supervisor:
        supervisor.builds.builder.parts = parts.parts()
        yield supervisor


async def test_a_build_is_followed_step_by_step(running: Supervisor) -> None:
    steps: list[BuildProgress | BuiltAgent] = []
    async with aclosing(running.builds.stream(REQUEST, by="ann")) as stream:
        async for step in stream:
            steps.append(step)
    assert isinstance(built := steps[-1], BuiltAgent)
    assert [one.stage for one in steps[:-1] if isinstance(one, BuildProgress) and one.state == "finished"] == [*STAGES]
    (row,) = await running.builds.list()
    assert (row["id"], row["status"], row["agent"]) == (built.build_id, "finished", "doubler")
    assert (await running.builds.show(built.build_id[:8])).finished is not None
    with pytest.raises(NotFound, match="no build begins"):
        await running.builds.show("feed")


async def test_a_build_that_fails_says_so_to_whoever_follows(running: Supervisor) -> None:
    async def follow() -> None:
        async with aclosing(running.builds.stream("write a poem", by="ann")) as stream:
            async for _ in stream:
                pass

    with pytest.raises(BuildError, match="poetry"):
        await follow()


async def test_who_stops_to_follow_stops_the_build_which_can_be_gone_on_with(
    running: Supervisor, parts: MadeParts
) -> None:
    async def wait(url: str) -> tuple[()]:
        await anyio.sleep(BOUND)
        return ()

    running.builds.builder.settings = running.builds.builder.settings.model_copy(
        update={"database_url": "sqlite:///nowhere.db"}
    )
    parts.read_schema = wait  # type: ignore[method-assign]
    async with aclosing(running.builds.stream(REQUEST, by="ann")) as stream:
        first = await anext(stream)
    assert isinstance(first, BuildProgress)
    assert (await running.builds.show(first.build_id)).status is BuildStatus.RUNNING
    del parts.read_schema
    assert (await running.builds.resume(first.build_id, by="ann")).deployed


async def test_an_approved_improvement_is_built_once_and_taken_back(running: Supervisor, parts: MadeParts) -> None:
    commands = running.monitoring.improvements
    plan = ImprovementPlan(action="build_agent", specialist="system_architect", arguments={"request": REQUEST})
    await commands.suggest(suggestion("imp-1", implementation_plan=plan))
    await running.specialists.step()
    assert await running.builds.list() == []  # nobody approved it
    await commands.approve("imp-1", by="ann")
    for _ in range(3):
        await running.specialists.step()
    assert str((await running.monitoring.get_improvement("imp-1")).status) == "completed"
    (row,) = await running.builds.list()
    assert (row["id"], row["improvement"], row["status"]) == (improvement_build_id("imp-1"), "imp-1", "finished")
    assert parts.counts["deploy"] == 1
    await running.specialists.undo("imp-1", by="ann")
    assert await parts.in_service("doubler") is None


async def test_an_improvement_that_does_not_say_what_to_build_fails(running: Supervisor) -> None:
    commands = running.monitoring.improvements
    plan = ImprovementPlan(action="build_agent", specialist="system_architect")
    await commands.suggest(suggestion("imp-1", implementation_plan=plan))
    await commands.approve("imp-1", by="ann")
    await running.specialists.step()
    record = await running.monitoring.get_improvement("imp-1")
    assert (str(record.status), "does not say what" in (record.result or "")) == ("failed", True)
    builder = ImprovementBuilder(running.builds.builder)
    assert await builder.built("imp-1") is None
    with pytest.raises(BuildError, match="nothing can take that back"):
        await builder.take_back("imp-1", None)


async def test_the_tools_are_there_for_any_agent(running: Supervisor) -> None:
    parts: Any = running._running_parts
    assert sum(name.startswith("builder.") for name in parts.tools.names) == 15


async def test_a_name_of_another_role_is_refused(running: Supervisor) -> None:
    from supervisor.building import PutIntoService

    deploying = PutIntoService(running._running_parts.deployed)
    with pytest.raises(ConfigurationError, match="weather"):
        await deploying.in_service("weather")
    assert await deploying.in_service("doubler") is None
    assert await deploying.next_version("doubler", "1.0.0") == "1.0.0"
