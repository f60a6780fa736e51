"""The contract of the store in an SQLite file, and what is particular to files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from eventsourcing.sqlite import SQLiteConnection

from common.errors import ConfigurationError, StoreUnavailable
from events.store import EventStore
from events.verify import verify
from tests.events.following_contract import FollowingContract
from tests.events.samples import fact
from tests.events.store_contract import StoreContract

BOUND = 5.0
"""Seconds after which a test calls a wait unbounded."""


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@contextmanager
def locked(path: Path) -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other
        other.execute("ROLLBACK")


class TestSQLiteStore(StoreContract, FollowingContract):
    @pytest.fixture
    def url(self, file: Path) -> str:
        return url_of(file)


async def test_a_store_opened_again_has_everything(file: Path) -> None:
    async with await EventStore.open(url_of(file)) as store:
        await store.append("a", [fact(1), fact(2)])
    async with await EventStore.open(url_of(file)) as store:
        assert await store.append("a", [fact(3)], 2) == 3
        assert [entry.event for entry in await store.read_all()] == [fact(1), fact(2), fact(3)]
        assert (await verify(store)).ok


async def test_folders_are_made_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "the events %41 #1?.db"
    async with await EventStore.open(url_of(path)) as store:
        await store.append("a", [fact(1)])
        assert {entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()} == {0o600}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("url", ["", "events.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://x/y"])
async def test_urls_that_name_no_store_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no event store"):
        await EventStore.open(url)


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("these are notes\n" * 100)
    with pytest.raises(StoreUnavailable, match="not a database") as caught:
        await EventStore.open(url_of(text))
    assert (caught.value.where, bool(caught.value.todo)) == (str(text), True)
    assert text.read_text().startswith("these are notes")
    with pytest.raises(StoreUnavailable, match="can't be opened"):
        await EventStore.open(url_of(tmp_path))
    with pytest.raises(StoreUnavailable, match="can't be made"):
        await EventStore.open(url_of(text / "events.db"))


async def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    folder = Path("/proc") if os.geteuid() == 0 else tmp_path / "read-only"
    if folder.parent == tmp_path:
        folder.mkdir(mode=0o500)
    with pytest.raises(StoreUnavailable) as caught:
        await EventStore.open(url_of(folder / "events.db"))
    assert (caught.value.where, bool(caught.value.todo)) == (str(folder / "events.db"), True)


async def test_a_log_of_a_newer_version_is_left_alone(file: Path) -> None:
    async with await EventStore.open(url_of(file)):
        pass
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE log SET schema_version = 2")
    with pytest.raises(StoreUnavailable, match="newer version"):
        await EventStore.open(url_of(file))


async def test_a_locked_database_is_told_in_bounded_time_and_nothing_is_appended(file: Path) -> None:
    async with await EventStore.open(url_of(file), timeout=0.3) as store:
        await store.append("a", [fact(1)])
        with locked(file):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="locked"):
                await store.append("a", [fact(2)])
            assert [entry.event for entry in await store.read("a")] == [fact(1)]
            assert time.monotonic() - began < BOUND
        assert await store.append("a", [fact(3)], 1) == 2


async def test_every_append_of_a_failed_batch_has_its_own_error(file: Path) -> None:
    errors: list[StoreUnavailable] = []
    async with await EventStore.open(url_of(file), timeout=0.2) as store:

        async def append(number: int) -> None:
            try:
                await store.append("a", [fact(number)])
            except StoreUnavailable as error:
                errors.append(error)

        with locked(file):
            async with anyio.create_task_group() as group:
                for number in range(5):
                    group.start_soon(append, number)
        assert len({id(error) for error in errors}) == 5
        assert await store.head() == 0


async def test_a_new_file_that_is_locked_is_told_in_bounded_time(file: Path) -> None:
    with locked(file):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="locked"):
            await EventStore.open(url_of(file), timeout=0.3)
        assert time.monotonic() - began < BOUND
    async with await EventStore.open(url_of(file)) as store:
        assert await store.append("a", [fact(1)]) == 1


async def test_many_may_open_a_new_file_at_once(file: Path) -> None:
    stores: list[EventStore] = []

    async def open_one() -> None:
        stores.append(await EventStore.open(url_of(file)))

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(open_one)
    async with anyio.create_task_group() as group:
        for number, store in enumerate(stores):
            group.start_soon(store.append, "a", [fact(number)])
    assert {store.backend.identity for store in stores} == {stores[0].backend.identity}
    assert await stores[0].version("a") == 8
    assert (await verify(stores[0])).ok
    for store in stores:
        await store.close()


async def test_stores_on_one_file_see_each_other_and_never_share_a_version(file: Path) -> None:
    async with await EventStore.open(url_of(file)) as one, await EventStore.open(url_of(file)) as other:
        for number in range(20):
            await (one if number % 2 else other).append("a", [fact(number)])
        with pytest.raises(Exception, match="version 20"):
            await one.append("a", [fact(20)], 19)
        assert await other.append("a", [fact(20)], 20) == 21
        assert [entry.version for entry in await one.read("a")] == list(range(1, 22))
        assert (await verify(one)).ok


async def test_following_sees_what_another_store_appends(file: Path) -> None:
    async with await EventStore.open(url_of(file)) as one, await EventStore.open(url_of(file)) as other:
        follower = one.follow()
        with anyio.fail_after(BOUND):
            for number in range(5):
                await other.append("a", [fact(number)])
                assert (await anext(follower)).position == number + 1
        await follower.aclose()


async def test_reading_and_writing_at_once_is_never_locked(file: Path) -> None:
    async with await EventStore.open(url_of(file), timeout=BOUND) as one, await EventStore.open(url_of(file)) as other:

        async def write(store: EventStore, name: str) -> None:
            for number in range(40):
                await store.append(name, [fact(number)])

        async def read(store: EventStore) -> None:
            for _ in range(40):
                await store.read_all(0, limit=10)

        async with anyio.create_task_group() as group:
            for store, name in ((one, "a"), (other, "b"), (one, "c"), (other, "a")):
                group.start_soon(write, store, name)
                group.start_soon(read, store)
        assert await one.head() == 160


async def test_a_position_is_never_given_out_twice(file: Path) -> None:
    async with await EventStore.open(url_of(file)) as store:
        await store.append("a", [fact(1), fact(2)])
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("DELETE FROM stored_events WHERE rowid = 2")
    async with await EventStore.open(url_of(file)) as store:
        assert await store.append("b", [fact(3)]) == 3


async def test_commits_are_forced_to_the_disk(file: Path) -> None:
    settings: dict[str, object] = {}

    def look(transaction: Any) -> int:
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            transaction._cursor.execute(f"PRAGMA {name}")
            settings[name] = transaction._cursor.fetchone()[0]
        return 0

    async with await EventStore.open(url_of(file), timeout=4) as store:
        await store.execute(look)
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 2_000}


LOCK_OF_READERS = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except OSError:
        print("held")
    else:
        print("free")
"""


async def test_opening_a_file_again_takes_no_lock_of_it_away(file: Path) -> None:
    """Closing any descriptor of a file drops every lock that its process has on it; SQLite knows, others must too."""

    async def lock() -> str:
        probe = [sys.executable, "-c", LOCK_OF_READERS, str(file)]
        return (await anyio.to_thread.run_sync(subprocess.check_output, probe)).decode().strip()

    async with await EventStore.open(url_of(file)) as store:
        await store.append("a", [fact(1)])
        assert await lock() == "held"
        async with await EventStore.open(url_of(file)):
            pass
        assert await lock() == "held"


FULL_DISK = """
import resource, signal, sys
import anyio
from common.errors import StoreUnavailable
from events.store import EventStore
from events.verify import verify
from tests.events.samples import fact

async def main() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with await EventStore.open(sys.argv[1], timeout=5) as store:
        acknowledged = await store.append("a", [fact(0)])
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        refused = 0
        for number in range(40):
            try:
                acknowledged = await store.append("a", [fact(number, "x" * 10_000)])
            except StoreUnavailable:
                refused += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        last = await store.append("a", [fact(99)])
        report = await verify(store)
        print(refused > 0, last == acknowledged + 1, await store.version("a") == last, report.ok)

anyio.run(main)
"""


async def test_a_full_disk_loses_nothing_acknowledged_and_is_outlived(file: Path) -> None:
    told = await anyio.run_process([sys.executable, "-c", FULL_DISK, url_of(file)], check=False)
    assert told.stdout.decode().strip() == "True True True True", told.stderr.decode()


async def test_a_writer_that_could_not_connect_connects_later(tmp_path: Path) -> None:
    folder, away = tmp_path / "here", tmp_path / "away"
    async with await EventStore.open(url_of(folder / "events.db")):
        pass
    async with await EventStore.open(url_of(folder / "events.db"), timeout=2) as store:
        folder.rename(away)
        with pytest.raises(StoreUnavailable, match="can't be opened"):
            await store.append("a", [fact(1)])
        away.rename(folder)
        assert await store.append("a", [fact(2)]) == 1


async def test_a_commit_that_fails_leaves_nothing_open(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, failures = SQLiteConnection.commit, [sqlite3.OperationalError("disk I/O error")]

    def fails_once(connection: SQLiteConnection) -> None:
        if failures:
            raise failures.pop()
        commit(connection)

    async with await EventStore.open(url_of(file)) as store:
        monkeypatch.setattr(SQLiteConnection, "commit", fails_once)
        with pytest.raises(StoreUnavailable, match="disk I/O error"):
            await store.append("a", [fact(1)])
        assert await store.append("a", [fact(2)], 0) == 1
        assert [entry.event for entry in await store.read_all()] == [fact(2)]
