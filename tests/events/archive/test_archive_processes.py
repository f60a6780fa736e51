"""Processes that archive: killed anywhere, on a full disk, several at once beside one that appends and reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.errors import StoreUnavailable
from events.archive.run import archive_log
from events.store import EventStore
from events.verify import verify
from tests.events.archive.traces import add_trace, all_rows, files, table
from tests.events.crash_archive import crash
from tests.services.postgres_server import PostgresServer

shared = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)

DIES = """
import os, sys
from pathlib import Path
import anyio
from events.archive import run, segment_writer
from events.archive.run import archive_log
from events.store import EventStore

def die(*_):
    os.kill(os.getpid(), 9)

async def main(url, folder, point):
    async with await EventStore.open(url, archive=Path(folder)) as store:
        if point == "before the name":
            segment_writer.os.rename = die
        elif point == "after the name":
            run._move = die
        elif point == "before the commit":
            move = run._move
            run._move = lambda *given: (move(*given), die())
        elif point == "after the commit":
            run.NewSegment.release = die
        elif point == "half a file":
            segment_writer.os.fsync = die
        await archive_log(store, await store.head(), rows=8)

anyio.run(main, *sys.argv[1:])
"""


@shared
@pytest.mark.parametrize(
    "point", ["half a file", "before the name", "after the name", "before the commit", "after the commit"]
)
async def test_killed_at_a_point_everything_is_there_and_the_next_run_cleans_up(
    url: str, folder: Path, point: str
) -> None:
    async with await EventStore.open(url, archive=folder) as store:
        for number in range(4):
            await add_trace(store, f"t{number}", 3)
        before, head = all_rows(store.backend), await store.head()
        died = await anyio.run_process([sys.executable, "-c", DIES, url, str(folder), point], check=False)
        assert died.returncode == -9, died.stderr.decode()
        assert len(files(store)) == 1
        registered = point == "after the commit"
        assert len(store.backend.segments(0)) == registered
        assert all_rows(store.backend)[: len(before)] == before
        assert (await verify(store)).problems == []
        archived = await archive_log(store, head)
        assert archived.streams == (2 if registered else 4)
        assert {path.name for path in files(store)} == {segment.name for segment in store.backend.segments(0)}
        assert all_rows(store.backend)[: len(before)] == before
        assert (await verify(store)).problems == []


@shared
def test_killed_at_random_moments(url: str, folder: Path) -> None:
    result = crash(url, 3, seed=7, archive=folder)
    assert result.good, (result.lost, result.doubled, result.problems)
    assert result.acknowledged


async def test_a_session_that_is_ended_within_the_transaction_moves_nothing(
    postgres: PostgresServer, postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from events.archive import run as module

    move, ended = module._move, list[int]()  # pyright: ignore[reportPrivateUsage]

    def cut_off(*given: Any) -> int:
        position = move(*given)
        if not ended:
            with postgres.connect(postgres_url) as other:
                ended.extend(
                    row[0]
                    for row in other.execute(
                        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                        "AND application_name LIKE '%writer' AND pg_terminate_backend(pid)"
                    )
                )
        return position

    async with await EventStore.open(postgres_url, archive=folder, timeout=5) as store:
        await add_trace(store, "one")
        before, head = all_rows(table(store)), await store.head()
        monkeypatch.setattr(module, "_move", cut_off)
        with pytest.raises(StoreUnavailable):
            await archive_log(store, head)
        assert ended
        assert (files(store), all_rows(table(store))) == ([], before)
        assert (await archive_log(store, head)).streams == 1
        assert (await verify(store)).problems == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import anyio
from common.errors import StoreUnavailable
from events.archive.run import archive_log
from events.store import EventStore
from events.verify import verify
from tests.events.archive.traces import add_trace, all_rows, files, table

async def main(url, folder):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with await EventStore.open(url, archive=Path(folder)) as store:
        for number in range(400):
            await add_trace(store, f"t{number}", 1)
        before, head = all_rows(table(store)), await store.head()
        limit = 8_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            await archive_log(store, head)
        except StoreUnavailable as error:
            told = "can't be written" in str(error) and "Free some space" in str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(told, files(store) == [], all_rows(table(store)) == before)
        archived = await archive_log(store, head)
        print(archived.streams, all_rows(store.backend)[:head] == before, (await verify(store)).ok)

anyio.run(main, *sys.argv[1:])
"""


async def test_a_full_disk_moves_nothing_and_is_outlived(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, "memory://", str(tmp_path / "archive")]
    told = await anyio.run_process(command, check=False)
    assert told.stdout.decode().split("\n")[:2] == ["True True True", "400 True True"], told.stderr.decode()


ARCHIVES = """
import sys
from pathlib import Path
import anyio
from events.archive.run import archive_log
from events.store import EventStore

async def main(url, folder):
    async with await EventStore.open(url, archive=Path(folder)) as store:
        print("ready", flush=True)
        while not Path(folder, "stop").exists():
            await archive_log(store, await store.head(), rows=15)

anyio.run(main, *sys.argv[1:])
"""


def start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", ARCHIVES, url, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@shared
async def test_two_archive_while_a_third_appends_and_reads(url: str, folder: Path) -> None:
    async with await EventStore.open(url, archive=folder) as store:
        await anyio.Path(folder).mkdir()
        children = [start(url, folder) for _ in range(2)]
        try:
            for child in children:
                assert child.stdout is not None
                await anyio.to_thread.run_sync(child.stdout.readline)
            for number in range(60):
                await add_trace(store, f"t{number}", number % 6)
                rows = all_rows(store.backend)
                assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
                half = await store.read(f"trace/t{number // 2}")
                assert [entry.version for entry in half] == list(range(1, number // 2 % 6 + 3))
            with anyio.fail_after(60):  # on a busy machine they may not have come to it yet
                while len(store.backend.segments(0)) <= 3 and all(child.poll() is None for child in children):
                    await anyio.sleep(0.05)
            await anyio.Path(folder, "stop").touch()
            for child in children:
                _, errors = await anyio.to_thread.run_sync(child.communicate, None, 60)
                assert child.returncode == 0, errors.decode()
        finally:
            for child in children:
                child.kill()
                child.communicate()
        await anyio.Path(folder, "stop").unlink()
        await archive_log(store, await store.head())
        assert {path.name for path in files(store)} == {segment.name for segment in store.backend.segments(0)}
        assert len(store.backend.segments(0)) > 3
        assert (await verify(store)).problems == []
