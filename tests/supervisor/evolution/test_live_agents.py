"""Evolution of agents that serve: better versions replace others, are watched, taken back; weak ones go and return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.evolution_settings import EvolutionSettings
from events.catalogue.agent import AgentImproved
from events.catalogue.trace import ToolCalled
from events.store import stream_name
from roles.improver.acceptance import Candidate, Figure, Verdict
from roles.improver.agent import AgentSource
from roles.improver.improver import Improvement
from roles.improver.measure import Measurement
from roles.improver.statistics import Estimate
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.testing import MovableClock
from tests.roles.sandbox.contract import usable
from tests.supervisor.built_agents import DSCR, NAME, deploy, folder, learned, settings_in

__all__ = ["folder", "learned"]


@pytest.fixture(autouse=True)
async def sandbox() -> None:
    await usable(BubblewrapSandbox())


def running(folder: Path, clock: MovableClock | None = None, **own: Any) -> Supervisor:
    own = {"allowed": ("improve", "prune"), "min_calls": 3, "prune_after": 72, **own}
    return Supervisor(settings_in(folder, evolution=EvolutionSettings(**own)), clock=clock, background=False)


async def calls(supervisor: Supervisor, count: int, version: str = "1.0.0", *, ok: bool = True) -> None:
    """Calls of the agent, as its traces would tell them."""
    events = [
        ToolCalled(
            call_id=str(number), tool=f"{NAME}.calculate_dscr", ok=ok, seconds=0.1, error=None if ok else "x",
            version=version, worked=0.1,
        )
        for number in range(count)
    ]  # fmt: skip
    await supervisor.store.append(stream_name("trace", f"made-{datetime.now(UTC).timestamp()}"), events)


class Improver:
    """Proposes one change, which is accepted."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self.seen: list[AgentSource] = []

    async def improve_agent(self, agent: AgentSource) -> Improvement:
        self.seen.append(agent)
        files = {path: text.replace(self.old, self.new) for path, text in agent.files.items()}
        figure = Figure("instantiation", 2e-6, 1e-6, Estimate(-0.5, -0.6, -0.4))
        candidate = Candidate("made", files, frozenset({"instantiation"}))
        verdict = Verdict(candidate, files != agent.files, "accepted", "Better.", (figure,))
        measurement = Measurement(2e-6, 100.0, 0.1, 1000.0, (), (), 1.0)
        return Improvement(agent.name, measurement, (), (), (verdict,), files)


def use_improver(supervisor: Supervisor, improver: Improver) -> Improver:
    async def made() -> Any:
        return improver

    supervisor.evolution._parts.actor._improver = made  # type: ignore[attr-defined]
    return improver


async def test_a_better_version_serves_a_share_until_it_does_worse_live(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        await calls(supervisor, 20)
        improver = use_improver(supervisor, Improver("rows = ", "found = rows = "))
        (told,) = (await supervisor.evolution.evolution_cycle()).decisions
        assert told.outcome is not None
        assert (told.outcome.changed, told.outcome.version, told.outcome.gain) == (True, "1.0.1", 0.5)
        (source,) = improver.seen
        assert set(source.files) == {f"{NAME}/{name}.py" for name in ("__init__", "errors", "agent")}
        assert await supervisor.store.read_all(0, {AgentImproved.TOPIC}) == []  # it serves a share, and no more yet
        assert (await supervisor.process_request(DSCR)).text.startswith("The DSCR of property 5")
        assert await supervisor.evolution.watch() == []
        await calls(supervisor, 6, "1.0.1", ok=False)
        assert await supervisor.evolution.watch() == [NAME]
        assert await supervisor.built_agents.trials.running(NAME) is None
        placed = await supervisor.built_agents.deployments.history(NAME)
        assert placed.current is not None
        assert placed.current.version == "1.0.0"
        (trial,) = placed.trials
        assert (trial.result, trial.ended_by) == ("rolled_back", "evolution")
        assert "6 of 6 requests failed" in trial.reason
        assert await supervisor.evolution.watch() == []
        assert (await supervisor.evolution.evolution_cycle()).decisions == ()  # it was looked at lately


async def test_a_version_that_is_not_well_is_rolled_back_at_once(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        await calls(supervisor, 20)
        use_improver(supervisor, Improver("import time", "import nothing_like_this"))
        (told,) = (await supervisor.evolution.evolution_cycle()).decisions
        assert told.outcome is not None
        assert (told.outcome.ok, told.outcome.healthy, told.outcome.gain) == (False, False, 0.0)
        current = await supervisor.built_agents.in_service(NAME)
        assert current is not None
        assert current.version == "1.0.0"
        life = (await supervisor.evolution.report()).lifecycle
        assert (life.deployments, life.healthy, life.improvement) == (1, 0.0, 0.0)


async def test_where_nothing_is_better_the_original_stays(folder: Path) -> None:
    async with running(folder, pinned=("another",)) as supervisor:
        await deploy(supervisor)
        await calls(supervisor, 20)
        improver = use_improver(supervisor, Improver("nothing", "nothing"))
        (told,) = (await supervisor.evolution.evolution_cycle()).decisions
        assert told.outcome is not None
        assert "the original stays (made: accepted)" in told.outcome.text
        assert (await supervisor.evolution.evolution_cycle()).decisions == ()
        assert len(improver.seen) == 1


async def test_calls_that_read_the_database_are_replayed_with_its_rows(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        for text in (DSCR, "what is the DSCR of property 6 in conservative mode?", "what is the DSCR of property 99?"):
            await supervisor.process_request(text)
        improver = use_improver(supervisor, Improver("nothing", "nothing"))
        await supervisor.evolution.evolution_cycle()
        (source,) = improver.seen
        (known,) = [one for one in source.requests if one.args[0] == "coverage_of"]
        assert known.rows == ()
        (five,) = [one for one in source.requests if one.args[1].get("property_id") == 5]
        assert five.rows is not None
        (fetched,) = five.rows
        assert (fetched.query, fetched.parameters) == ("property_by_id", {"property_id": 5})
        assert fetched.rows == [{"noi": 125000.0, "debt_service": 100000.0}]
        (six,) = [one for one in source.requests if one.args[1].get("property_id") == 6]
        assert "conservative" in six.args[1]["mode"]
        assert len(source.requests) == 3  # what was not answered is not replayed


async def test_who_is_not_needed_for_long_goes_and_comes_back_by_one_command(folder: Path) -> None:
    clock = MovableClock(datetime.now(UTC) + timedelta(minutes=1))
    async with running(folder, clock, unused_requests=2) as supervisor:
        await deploy(supervisor)
        for _ in range(3):
            await supervisor.process_request("set a timer for 5 minutes")
        evolution = supervisor.evolution
        assert (await evolution.evolution_cycle()).decisions == ()
        clock.move(timedelta(hours=71))
        assert (await evolution.evolution_cycle()).decisions == ()
        clock.move(timedelta(hours=2))
        (told,) = (await evolution.evolution_cycle()).decisions
        assert (told.decision.kind, told.outcome is not None and told.outcome.changed) == ("prune", True)
        (record,) = [one for one in await supervisor.agents() if one.name == NAME]
        assert record.state == "retired"
        await supervisor.restore_agent(NAME, by="ann")
        assert (await supervisor.process_request(DSCR)).metadata.route == NAME
