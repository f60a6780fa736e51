"""The contract of the store in an SQLite file, and what is particular to files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest
from eventsourcing.sqlite import SQLiteConnection

from common.errors import ConfigurationError, StoreUnavailable
from events.persistence.sqlite_connection import fault
from events.store import EventStore
from tests.events.following_contract import FollowingContract
from tests.events.samples import fact
from tests.events.shared_contract import BOUND, SharedContract
from tests.events.store_contract import StoreContract


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


class TestSQLiteStore(StoreContract, FollowingContract, SharedContract):
    @pytest.fixture
    def url(self, file: Path) -> str:
        return url_of(file)

    @pytest.fixture
    def locked(self, file: Path) -> Callable[[], AbstractContextManager[object]]:
        return lambda: locked(file)

    @pytest.fixture
    def remove(self, file: Path) -> Callable[[int], None]:
        def remove(position: int) -> None:
            with closing(sqlite3.connect(file)) as other, other:
                other.execute("DELETE FROM stored_events WHERE rowid = ?", (position,))

        return remove


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


async def test_a_new_file_that_is_locked_is_told_in_bounded_time(file: Path) -> None:
    with locked(file):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="locked"):
            await EventStore.open(url_of(file), timeout=0.3)
        assert time.monotonic() - began < BOUND
    async with await EventStore.open(url_of(file)) as store:
        assert await store.append("a", [fact(1)]) == 1


async def test_commits_are_forced_to_the_disk(file: Path) -> None:
    settings: dict[str, object] = {}

    def look(transaction: Any) -> int:
        for name in ("journal_mode", "synchronous"):
            transaction._cursor.execute(f"PRAGMA {name}")
            settings[name] = transaction._cursor.fetchone()[0]
        return 0

    async with await EventStore.open(url_of(file), timeout=4) as store:
        await store.execute(look)
    assert settings == {"journal_mode": "wal", "synchronous": 2}


async def test_who_waits_for_the_lock_looks_again_and_again(file: Path) -> None:
    """SQLite's own wait looks ten times a second, and finds it taken each time where others write without pause."""
    looks = 0
    is_enough = threading.Event()

    def looked(_: str) -> None:
        nonlocal looks
        looks += 1
        if looks == 100:
            is_enough.set()

    def listen(transaction: Any) -> int:
        transaction._cursor.sqlite_cursor.connection.set_trace_callback(looked)
        return 0

    async with await EventStore.open(url_of(file), timeout=120) as store:
        await store.execute(listen)
        with locked(file):
            pending = store.post("a", [fact(1)])
            assert await anyio.to_thread.run_sync(is_enough.wait, 30)
        assert await pending.durable() == 1


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
from events.persistence.sqlite_connection import fault
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


@pytest.mark.parametrize(("blocks", "told"), [(3, "the disk is full"), (1_000_000, "disk I/O error")])
def test_a_full_disk_is_told_where_sqlite_can_not_make_its_files(
    file: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, told: str
) -> None:
    def room(_: Path) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=blocks, f_frsize=4096)

    monkeypatch.setattr("os.statvfs", room)
    problem = fault(sqlite3.OperationalError("disk I/O error"), file)
    assert isinstance(problem, StoreUnavailable)
    assert told in str(problem)
