"""Which version serves: crashes, races and decisions."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from common.clock import SystemClock
from common.errors import DeploymentError, NotFound
from events.catalogue.agent import AgentDeployed, AgentImproved, AgentRegistered
from events.key_folder import KeyFolder
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.agent_registry import AgentRegistry, AgentRegistryView
from roles.deployed.deployments import Deployments
from roles.deployed.manifest import Signer
from tests.roles.deployed import sample_agent
from tests.supervisor.forked import run_forked

NAME = "dscr_calculator"


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[tuple[EventStore, Deployments]]:
    keys = KeyFolder(folder / "keys")
    async with await EventStore.open(f"sqlite:///{folder / 'events.db'}", keys=keys) as store:
        yield store, Deployments(store, folder, lambda: Signer(keys), SystemClock())


async def deploy(deployments: Deployments, factor: float = 1.0, version: str = "1.0.0", **more: Any) -> Any:
    made = sample_agent.specification(version)
    return await deployments.deploy(made, sample_agent.files(made, factor), **{"by": "test", **more})


def folders(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / "agents" / NAME))


async def test_a_version_is_deployed_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, deployments):
        first = await deploy(deployments, build="b1", figures={"coverage": 0.9})
        assert (first.version, first.folder, first.replaces) == ("1.0.0", f"agents/{NAME}/1.0.0", None)
        assert (await deploy(deployments, build="b1")).manifest_hash == first.manifest_hash
        assert (await deploy(deployments, build="b2")).build == "b1", "the same files serve already"
        assert await store.version(stream_name("agent", NAME)) == 2
        loaded = await deployments.load(first)
        assert loaded.specification == sample_agent.specification()
        assert loaded.version.manifest.figures == {"coverage": 0.9}
        assert (tmp_path / first.folder / "README.md").read_text() == "# DSCR calculator\n"


async def test_other_files_get_another_version(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, deployments):
        await deploy(deployments)
        second = await deploy(deployments, 1.1, improved={"latency": -0.2}, improvement="imp-1")
        assert (second.version, second.replaces) == ("1.0.1", "1.0.0")
        assert (await deploy(deployments, 1.2, "2.0.0")).version == "2.0.0"
        recorded = [entry.event for entry in await store.read(stream_name("agent", NAME))]
        assert [type(event) for event in recorded] == [
            AgentRegistered, AgentDeployed, AgentRegistered, AgentDeployed, AgentImproved, AgentRegistered,
            AgentDeployed,
        ]  # fmt: skip
        improved = recorded[4]
        assert isinstance(improved, AgentImproved)
        assert (improved.from_version, improved.version, improved.figures) == ("1.0.0", "1.0.1", {"latency": -0.2})
        assert folders(tmp_path) == ["1.0.0", "1.0.1", "2.0.0"]


async def test_rolling_back_goes_one_version_at_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, deployments):
        for factor, version in ((1.0, "1.0.0"), (1.1, "1.1.0"), (1.2, "1.2.0")):
            await deploy(deployments, factor, version)
        back = await deployments.rollback(NAME, by="ann", reason="wrong figures")
        assert (back.version, back.how, back.reason, back.replaces) == ("1.1.0", "rollback", "wrong figures", "1.2.0")
        assert (await deployments.rollback(NAME, by="ann")).version == "1.0.0"
        with pytest.raises(NotFound, match="no version before"):
            await deployments.rollback(NAME, by="ann")
        assert (await deployments.rollback(NAME, "1.2.0", by="ann")).version == "1.2.0"
        with pytest.raises(NotFound, match=r"no version 9\.9\.9") as raised:
            await deployments.rollback(NAME, "9.9.9", by="ann")
        assert "1.0.0, 1.1.0, 1.2.0" in raised.value.todo
        with pytest.raises(NotFound, match="no built agent"):
            await deployments.rollback("other", by="ann")


async def test_a_tampered_version_is_neither_loaded_nor_taken_back_to(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, deployments):
        first = await deploy(deployments)
        second = await deploy(deployments, 1.1)
        (tmp_path / first.folder / NAME / "agent.py").write_text("import os\n")
        with pytest.raises(DeploymentError, match=r"agent\.py was changed after the deployment"):
            await deployments.rollback(NAME, by="ann")
        current = (await deployments.history(NAME)).current
        assert current is not None
        assert current.version == second.version
        assert (await deploy(deployments, 1.0)).version == "1.0.2", "its files are not taken for the same"


async def test_retired_and_brought_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, deployments):
        views = Views(store, [AgentRegistryView()])
        registry = AgentRegistry(store, views)
        await deploy(deployments, build="b1")
        before = await registry.get(NAME)
        assert (before.kind, before.state, before.version, before.enabled) == ("agent", "deployed", "1.0.0", True)
        assert before.deployment is not None
        assert before.deployment["build"] == "b1"
        await deployments.retire(NAME, by="ann", reason="unused")
        await deployments.retire(NAME, by="ann")
        gone = await registry.get(NAME)
        assert (gone.state, gone.enabled, gone.reason, gone.version) == ("retired", False, "unused", "1.0.0")
        assert (await deployments.history(NAME)).current is None
        assert (await deployments.restore(NAME, by="ann")).version == "1.0.0"
        assert (await registry.get(NAME)).state == "deployed"
        await deployments.retire(NAME, by="ann")
        await deploy(deployments, 1.5)
        assert (await registry.get(NAME)).enabled, "a new version brings it back"
        await registry.disable(NAME, by="ann")
        await deploy(deployments, 1.6)
        assert not (await registry.get(NAME)).enabled, "what a person disabled stays so"
        await views.close()


@pytest.mark.parametrize("name", ["a" * 33, "planning", "none"])
async def test_a_name_that_no_role_can_have_is_refused(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as (_, deployments):
        made = sample_agent.specification(name=name)
        with pytest.raises(DeploymentError, match="can't be called"):
            await deployments.deploy(made, sample_agent.files(made), by="test")


async def test_the_name_of_a_role_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, deployments):
        views = Views(store, [AgentRegistryView()])
        await AgentRegistry(store, views).register(NAME, "A role.")
        with pytest.raises(DeploymentError, match="name of a role already"):
            await deploy(deployments)
        await views.close()


# ---- crashes and races -----------------------------------------------------------------------------------------------


async def deploy_and_die(folder: str, when: str, factor: str) -> None:
    """Run in a process of its own: dies before or after the append, or while the files are written."""
    if when == "files":
        original = os.fsync
        left = [3]

        def dying(descriptor: int) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            original(descriptor)

        async with opened(Path(folder)) as (_, deployments):
            deployments._sign().sign(b"the key is made before")
            os.fsync = dying
            await deploy(deployments, float(factor))
        return
    async with opened(Path(folder)) as (store, deployments):
        append = store.append

        async def appended(*arguments: Any, **named: Any) -> Any:
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = await append(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)
            return result

        store.append = appended  # pyright: ignore[reportAttributeAccessIssue]
        await deploy(deployments, float(factor))


@pytest.mark.parametrize("when", ["files", "before", "after"])
async def test_killed_on_the_way_it_serves_wholly_or_not_at_all(tmp_path: Path, when: str) -> None:
    async with opened(tmp_path) as (_, deployments):
        await deploy(deployments)
    assert run_forked(deploy_and_die, str(tmp_path), when, "1.5") == -signal.SIGKILL
    async with opened(tmp_path) as (_, deployments):
        current = (await deployments.history(NAME)).current
        assert current is not None
        loaded = await deployments.load(current)
        served = b"FACTOR = 1.5" in loaded.version.files[f"{NAME}/agent.py"]
        assert (current.version, served) == (("1.0.1", True) if when == "after" else ("1.0.0", False))
        again = await deploy(deployments, 1.5)
        assert again.version == "1.0.1", "what the dead process had finished is taken up"
        assert sorted(await deployments.versions(NAME)) == ["1.0.0", "1.0.1"]


async def deploy_beside(folder: str, factor: str) -> None:
    """Run in a process of its own."""
    async with opened(Path(folder)) as (_, deployments):
        for step in range(5):
            await deploy(deployments, float(factor) + step / 100)


async def test_two_processes_deploy_the_same_name(tmp_path: Path) -> None:
    from anyio import create_task_group, to_thread

    codes: list[int] = []

    async def run(factor: str) -> None:
        codes.append(await to_thread.run_sync(run_forked, deploy_beside, str(tmp_path), factor))

    async with opened(tmp_path) as (_, deployments):
        await deploy(deployments, 9.0)
    async with create_task_group() as group:
        group.start_soon(run, "1")
        group.start_soon(run, "2")
    assert codes == [0, 0]
    async with opened(tmp_path) as (_, deployments):
        placed = await deployments.history(NAME)
        versions = [one.version for one in placed.deployments]
        assert len(versions) == len(set(versions)) == 11, "each has a version of its own"
        for one in placed.deployments:
            await deployments.load(one)
        before = [None, *versions[:-1]]
        assert [one.replaces for one in placed.deployments] == before
    assert len(folders(tmp_path)) == 11
