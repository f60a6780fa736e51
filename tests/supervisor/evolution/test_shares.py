"""Two versions of an agent side by side: who is served by which, and how the share ends, in one process and in two."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from common.context import TaskContext
from common.errors import DeploymentError, NotFound
from common.evolution_settings import EvolutionSettings
from events.catalogue.agent import AgentImproved, AgentTrialEnded, AgentTrialStarted
from events.catalogue.trace import ToolCalled
from events.store import stream_name
from roles.deployed.serving import lot
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from tests.roles.deployed import sample_agent
from tests.roles.sandbox.contract import usable
from tests.supervisor.built_agents import DSCR, NAME, deploy, folder, learned, settings_in

__all__ = ["folder", "learned"]

ROOT = Path(__file__).parents[3]
OLD, NEW = "1.25 — PASS", "2.5 — PASS"


@pytest.fixture(autouse=True)
async def sandbox() -> None:
    await usable(BubblewrapSandbox())


def running(folder: Path, **own: Any) -> Supervisor:
    return Supervisor(settings_in(folder, evolution=EvolutionSettings(**own)), background=False)


async def start(supervisor: Supervisor, percent: float = 50.0, **more: Any) -> Any:
    """A version whose ratio is twice as large, which tells it from the other one, on trial."""
    made = sample_agent.specification("1.0.1")
    given: dict[str, Any] = {"percent": percent, "by": "test", **more}
    return await supervisor.built_agents.trials.start(made, sample_agent.files(made, 2.0), **given)


def key_of(version: str, percent: float) -> str:
    """A request id that one of the versions is drawn for."""
    keys = (f"r{number}" for number in range(1_000))
    return next(key for key in keys if (lot(NAME, "1.0.1", key) < percent) == (version == "1.0.1"))


async def text_of(supervisor: Supervisor, **context: Any) -> str:
    return (await supervisor.process_request(DSCR, TaskContext(**context))).text


async def served(supervisor: Supervisor) -> list[str]:
    """The versions of all calls so far."""
    recorded = await supervisor.store.read_all(0, {ToolCalled.TOPIC}, limit=1_000)
    return [entry.event.version for entry in recorded if isinstance(entry.event, ToolCalled)]


async def test_a_share_of_the_requests_until_a_person_promotes(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        trials = supervisor.built_agents.trials
        trial = await start(supervisor, 50, build="b1", improved={"gain": 0.5})
        assert (trial.version, trial.beside, trial.percent) == ("1.0.1", "1.0.0", 50)
        assert (await trials.verify_health(NAME)).version == "1.0.1"
        for_old, for_new = key_of("1.0.0", 50), key_of("1.0.1", 50)
        assert OLD in await text_of(supervisor, request_id=for_old)
        assert NEW in await text_of(supervisor, request_id=for_new)
        assert OLD in await text_of(supervisor, request_id=f"{for_new}-", flags={"agent-version": "current"})
        assert NEW in await text_of(supervisor, request_id=f"{for_old}-", flags={"agent-version": "improved"})
        assert await served(supervisor) == ["1.0.0", "1.0.1", "1.0.0", "1.0.1"]
        (standing,) = await trials.standings()
        assert (standing.calls, standing.beside_calls, standing.failed) == (2, 2, 0)
        shown = await supervisor.built_agents.show(NAME)
        assert (shown["standing"], shown["trials"]) == (standing, [trial])
        (record,) = [one for one in await supervisor.agents() if one.name == NAME]
        assert record.version == "1.0.0"
        assert record.trial is not None
        assert (record.trial["version"], record.trial["percent"]) == ("1.0.1", 50)

        assert (await start(supervisor, build="b1")) == trial  # the same again
        with pytest.raises(DeploymentError, match="on trial already"):
            await start(supervisor, build="b2")
        with pytest.raises(NotFound):
            await trials.promote(NAME, by="ann", version="3.0.0")
        deployed = await trials.promote(NAME, by="ann", reason="it does well")
        assert (deployed.version, deployed.replaces, deployed.how, deployed.build) == ("1.0.1", "1.0.0", "build", "b1")
        assert NEW in await text_of(supervisor)
        assert (await supervisor.built_agents.verify_health(NAME)).version == "1.0.1"
        with pytest.raises(NotFound):
            await trials.promote(NAME, by="ann")
        (ended,) = [entry.event for entry in await supervisor.store.read_all(0, {AgentTrialEnded.TOPIC})]
        assert isinstance(ended, AgentTrialEnded)
        assert (ended.result, ended.by, ended.reason, ended.figures["calls"]) == ("promoted", "ann", "it does well", 2)
        assert len(await supervisor.store.read_all(0, {AgentImproved.TOPIC})) == 1
        assert (await supervisor.built_agents.rollback(NAME, by="ann")).version == "1.0.0"
        assert OLD in await text_of(supervisor)


async def test_a_request_under_way_keeps_its_version(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        registry: Any = supervisor._running_parts.roles
        await start(supervisor)
        serving = registry.get(NAME)._serving
        kept = serving._kept
        old, new = serving.current, serving.trial
        kept.keep("with the old one", old)
        kept.keep("with the new one", new)
        await supervisor.built_agents.trials.promote(NAME, by="ann")
        later = registry.get(NAME)._serving
        assert later is not serving
        assert later.current.caller is new.caller  # its process goes on
        assert later._kept.find("with the old one") is old
        assert (await old.caller.call("calculate_dscr", {"property_id": 5}))["dscr"] == 1.25
        await supervisor.built_agents.rollback(NAME, by="ann")
        assert registry.get(NAME)._serving._kept.find("with the new one") is new
        assert (await new.caller.call("calculate_dscr", {"property_id": 5}))["dscr"] == 2.5


@pytest.mark.parametrize("how", ["rollback", "deploy", "remove"])
async def test_a_share_ends_by_whatever_happens_to_the_agent(folder: Path, how: str) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
        await start(supervisor)
        key = key_of("1.0.1", 50)
        if how == "rollback":
            assert (await supervisor.built_agents.rollback(NAME, by="ann", reason="no")).version == "1.0.0"
        elif how == "deploy":
            await deploy(supervisor, 3.0)
        else:
            await supervisor.built_agents.remove(NAME, by="ann")
            await supervisor.restore_agent(NAME, by="ann")
        expected = "3.75 — PASS" if how == "deploy" else OLD
        assert expected in await text_of(supervisor, request_id=key)
        (trial,) = (await supervisor.built_agents.deployments.history(NAME)).trials
        assert (trial.result, trial.ended_by) == (
            ("rolled_back", "ann") if how == "rollback" else ("overtaken", trial.ended_by)
        )
        assert await supervisor.built_agents.trials.standings() == []


async def test_what_is_decided_in_one_process_holds_in_the_other(folder: Path) -> None:
    """Both may decide at once: one of them writes it."""
    async with running(folder) as here, running(folder) as there:
        await deploy(here)
        await start(here)
        key = key_of("1.0.1", 50)
        await there.built_agents.refresh()
        assert NEW in await text_of(there, request_id=key)
        made = [
            ToolCalled(call_id=str(number), tool=f"{NAME}.calculate_dscr", ok=bool(number % 3), version=version)
            for number in range(30)
            for version in [("1.0.1" if number % 3 == 0 else "1.0.0")]
        ]
        await here.store.append(stream_name("trace", "made"), made)
        rolled: list[str] = []

        async def look(supervisor: Supervisor) -> None:
            rolled.extend(await supervisor.evolution.watch())

        async with anyio.create_task_group() as group:
            group.start_soon(look, here)
            group.start_soon(look, there)
        assert rolled == [NAME]
        assert len(await here.store.read_all(0, {AgentTrialEnded.TOPIC})) == 1
        await there.built_agents.refresh()
        assert OLD in await text_of(there, request_id=f"{key}-")


KILLED = """
import os, signal, sys, anyio
from pathlib import Path
from events.store import EventStore
from tests.supervisor.evolution import test_shares as own
from tests.supervisor.built_agents import NAME

async def main(folder, what):
    original = EventStore.append
    async with own.running(Path(folder)) as supervisor:
        async def append(*arguments, **named):
            if what.endswith("before"):
                os.kill(os.getpid(), signal.SIGKILL)
            await original(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        EventStore.append = append
        if what.startswith("start"):
            await own.start(supervisor, build="b1")
        else:
            await supervisor.built_agents.trials.promote(NAME, by="ann")

anyio.run(main, *sys.argv[1:])
"""


def killed(folder: Path, what: str) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), what]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


async def test_killed_at_any_point_it_is_done_or_not_begun(folder: Path) -> None:
    async with running(folder) as supervisor:
        await deploy(supervisor)
    for what in ("start before", "start after"):
        await anyio.to_thread.run_sync(killed, folder, what)
    async with running(folder) as supervisor:
        assert NEW in await text_of(supervisor, request_id=key_of("1.0.1", 50))
        assert (await start(supervisor, build="b1")).version == "1.0.1"
        assert len(await supervisor.store.read_all(0, {AgentTrialStarted.TOPIC})) == 1
    for what in ("promote before", "promote after"):
        await anyio.to_thread.run_sync(killed, folder, what)
    async with running(folder) as supervisor:
        assert NEW in await text_of(supervisor, request_id=f"{key_of('1.0.0', 50)}-")
        assert len(await supervisor.store.read_all(0, {AgentTrialEnded.TOPIC})) == 1
        (standing,) = await supervisor.built_agents.trials.standings()
        assert standing.state == "watched"
