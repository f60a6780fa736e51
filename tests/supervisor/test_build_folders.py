"""Folders of builds: what is kept, and what is taken away."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.builder_settings import BuilderSettings
from common.errors import BuildError
from common.settings import StoreSettings
from events.catalogue.build import BuildStarted
from roles.builder.pipeline import build_stream
from supervisor import Supervisor
from supervisor.build_folders import BuildFolders
from supervisor.testing import MovableClock, offline_settings
from tests.roles.builder.made_parts import MadeParts, specification

DAYS = timedelta(days=1)


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime.now(UTC))


@pytest.fixture
async def running(tmp_path: Path, parts: MadeParts, clock: MovableClock) -> AsyncGenerator[Supervisor]:
    own = {"store": StoreSettings(url="memory://"), "builder": BuilderSettings(keep_builds=2, keep_failed=24.0)}
    settings = offline_settings(tmp_path).model_copy(update=own)
    async with Supervisor(settings, background=False, clock=clock) as supervisor:
        supervisor.builds.builder.parts = parts.parts()
        yield supervisor


def folders(supervisor: Supervisor) -> set[str]:
    folder = supervisor.settings.builds_folder
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


async def build(supervisor: Supervisor, number: int, text: str = "double a number") -> str:
    build_id = f"{number:032x}"
    await supervisor.builds.create_agent(text, by="ann", build_id=build_id, deploy=False)
    return build_id


async def test_the_latest_are_kept_and_older_ones_go(running: Supervisor) -> None:
    made = [await build(running, number) for number in range(5)]
    assert folders(running) == {*made[-2:]}
    assert (await running.builds.show(made[0])).finished is not None  # the log keeps what became of it


async def test_what_failed_lately_or_is_under_way_is_kept(
    running: Supervisor, parts: MadeParts, clock: MovableClock
) -> None:
    parts.made = specification("tripler")
    parts.templates["agent"] = "bad syntax"
    failed = f"{99:032x}"
    with pytest.raises(BuildError):
        await running.builds.create_agent("double a number", by="ann", build_id=failed)
    parts.templates.clear()
    owner = running._running_parts.ownership.owner_id
    for name, who in (("a" * 32, owner), ("b" * 32, "dead")):
        started = BuildStarted(build_id=name, requirements="x", folder=name, owner=who, by="ann")
        await running.store.append(build_stream(name), [started], 0)
        (running.settings.builds_folder / name).mkdir()
    (running.settings.builds_folder / "of another log").mkdir()
    made = [await build(running, number) for number in range(3)]
    assert folders(running) == {*made[-2:], failed, "a" * 32, "b" * 32, "of another log"}
    clock.move(2 * DAYS)
    made.append(await build(running, 3))
    assert folders(running) == {*made[-2:], "a" * 32, "of another log"}
    assert (await running.builds.resume(failed, by="ann")).name == "tripler"  # what is gone is made again


async def test_that_of_a_version_in_service_is_kept(running: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await build(running, 0)

    async def in_service(self: BuildFolders) -> set[str]:
        return {first}

    monkeypatch.setattr(BuildFolders, "_in_service", in_service)
    made = [await build(running, number) for number in range(1, 4)]
    assert folders(running) == {first, *made[-2:]}


async def test_a_folder_that_is_a_link_is_left_alone_with_what_it_leads_to(running: Supervisor, tmp_path: Path) -> None:
    first = await build(running, 0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("kept")
    place = running.settings.builds_folder / first
    place.rename(tmp_path / "moved")
    place.symlink_to(elsewhere)
    for number in range(1, 4):
        await build(running, number)
    assert (elsewhere / "precious").read_text() == "kept"
