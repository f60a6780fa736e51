"""A process that freezes in the middle of something, while others go on as the rules allow, changes nothing when it
wakes, and says so. (How a frozen writer's session is ended on PostgreSQL: tests/events/test_postgres_failures.py.)
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from common.errors import StoreUnavailable
from events.catalogue.intent import IntentClaimed
from events.projection import Views
from events.store import EventStore
from events.verify import verify
from tests.crash.requests import LASTS, ask_for, learn_the_role, supervisor_on
from tests.crash.series import Log
from tests.crash.world import World, read_acts
from tests.events.example_views import CountView
from tests.events.samples import fact
from tests.services.postgres_server import PostgresServer, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

ROOT = Path(__file__).parents[2]
BOUND = 30.0
BELL, LETTER, STAMP = 0, 3, 6
WORLD = """
import pathlib, sys
from tests.crash.world import serve
serve(pathlib.Path(sys.argv[1]), lambda line: print(line, flush=True))
"""


class Frozen:
    """A process that stops by itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout is not None
        with anyio.fail_after(BOUND):
            return (await anyio.to_thread.run_sync(self.process.stdout.readline)).strip()

    async def stopped(self) -> None:
        assert await self.line() == "frozen"
        with anyio.fail_after(BOUND):
            while self._states() != {"T"}:
                await anyio.sleep(0.01)

    def _states(self) -> set[str]:
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return {thread.read_text().rpartition(")")[2].split()[0] for thread in threads}

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@contextmanager
def frozen(what: str, *arguments: str) -> Generator[Frozen]:
    with running("-m", "tests.crash.frozen", what, *arguments) as process:
        yield Frozen(process)


@pytest.fixture(scope="module")
def learned() -> Iterator[Path]:
    folder = learn_the_role()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(tmp_path: Path, learned: Path) -> Iterator[Path]:
    """The data of supervisors, and the world that they act on."""
    shutil.copytree(learned / "cache", tmp_path / "cache")
    with running("-c", WORLD, str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield tmp_path


def acts(folder: Path) -> World:
    return read_acts(folder)


async def test_who_freezes_within_an_append_keeps_the_file_and_finishes(tmp_path: Path) -> None:
    """Nobody may take the lock of a process that lives: others are told, read on, and come after it."""
    url = f"sqlite:///{tmp_path}/events.db"
    async with await EventStore.open(url, timeout=0.5) as store:
        await store.append("a", [fact(1)])
        with frozen("append", url) as other:
            await other.stopped()
            with pytest.raises(StoreUnavailable, match="locked"):
                await store.append("a", [fact(2)])
            assert [entry.event for entry in await store.read_all()] == [fact(1)]
            other.wake()
            assert await other.line() == "appended at 2"
        assert await store.append("a", [fact(3)], 1) == 3
        assert await store.head() == 3


async def test_who_freezes_within_an_append_and_is_killed_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    async with await EventStore.open(url, timeout=5) as store:
        with frozen("append", url) as other:
            await other.stopped()
        assert await store.append("a", [fact(1)], 0) == 1
        assert (await verify(store)).ok


async def test_who_freezes_over_a_page_keeps_the_views_and_finishes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    async with await EventStore.open(url, timeout=0.5) as store:
        await store.append("a", [fact(number) for number in range(30)])
        views = Views(store, [CountView()], page_size=7)
        with frozen("page", url) as other:
            await other.stopped()
            with pytest.raises(StoreUnavailable, match="locked"):
                await views.catch_up()
            assert await store.append("a", [fact(30)], 30) == 31
            other.wake()
            assert [await other.line(), await other.line()] == ["folded", "31"]
        assert (await views.get("counts", ("all", "-")) or {})["events"] == 31
        assert (await verify(store, views)).ok
        await views.close()


async def test_who_freezes_over_a_page_and_loses_its_session_has_folded_nothing(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with await EventStore.open(postgres_url, timeout=10) as store:
        await store.append("a", [fact(number) for number in range(30)])
        views = Views(store, [CountView()], page_size=7)
        with frozen("page", postgres_url) as other:
            await other.stopped()
            assert postgres.end_sessions(postgres_url, "% reader") >= 1
            assert (await views.get("counts", ("all", "-")) or {})["events"] == 30
            other.wake()
            told = await other.line()
            assert told == "folded" or told.startswith("StoreUnavailable:")
            assert await other.line() == "30"
        assert (await verify(store, views)).ok
        await views.close()


@pytest.mark.parametrize("where", ["claimed", "acting"])
async def test_who_freezes_with_a_claim_keeps_it_while_it_lives(folder: Path, where: str) -> None:
    log = Log(f"sqlite:///{folder}/events.db", folder)
    with frozen(where, log.url, str(folder), str(LETTER)) as other:
        await other.stopped()
        async with supervisor_on(log, 2) as supervisor:
            assert (await ask_for(supervisor, BELL)).outcome == "success"
            await supervisor._running_parts.recovery.recover()  # pyright: ignore[reportPrivateUsage]
            rows = await supervisor.views.query("intents", {"type": "world.letter"})
            assert [row["status"] for row in rows] == ["claimed"]
            assert acts(folder).times("letter", str(LETTER)) == 0
            await anyio.sleep(LASTS)
            other.wake()
            assert await other.line() == "answered ['processed']"
            assert acts(folder).times("letter", str(LETTER)) == 1
            assert (await verify(supervisor.store, supervisor.views)).ok


@pytest.mark.parametrize("where", ["claimed", "acting"])
@pytest.mark.parametrize(("number", "kind", "status", "times"), [
    (BELL, "bell", "processed", 1), (LETTER, "letter", "processed", 1), (STAMP, "stamp", "uncertain", 0),
])  # fmt: skip
async def test_who_wakes_to_a_claim_that_others_took_over_does_nothing(
    postgres: PostgresServer,
    postgres_url: str,
    folder: Path,
    where: str,
    number: int,
    kind: str,
    status: str,
    times: int,
) -> None:
    log = Log(postgres_url, folder)
    with frozen(where, log.url, str(folder), str(number)) as other:
        await other.stopped()
        postgres.end_sessions(postgres_url)
        async with supervisor_on(log, 2) as supervisor:
            with anyio.fail_after(BOUND):
                response = await ask_for(supervisor, number)
            assert [intent.status.value for intent in response.intents] == [status]
            assert acts(folder).times(kind, str(number)) == times
            claims = len(await supervisor.store.read_all(0, {IntentClaimed.TOPIC}))
            await anyio.sleep(LASTS)
            other.wake()
            told = await other.line()
            assert told.startswith(("StoreError:", "StreamConflict:", "StoreUnavailable:", f"answered ['{status}']")), (
                told
            )
            assert acts(folder).times(kind, str(number)) == times
            assert len(await supervisor.store.read_all(0, {IntentClaimed.TOPIC})) == claims
            assert await ask_for(supervisor, number) == response
            assert (await verify(supervisor.store, supervisor.views)).ok
