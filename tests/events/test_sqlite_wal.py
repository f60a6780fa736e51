"""SQLite's write-ahead log stays short, though somebody is always reading."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from events.persistence import sqlite_wal
from events.projection import Views
from events.store import EventStore
from tests.events.example_views import FactView
from tests.events.samples import fact

LIMIT = 300_000
MOMENT = 0.01


class Relay:
    """Readers of a file, each for a moment, of whom one always begins before the other ends."""

    def __init__(self, path: Path, statement: str) -> None:
        self._path = path
        self._statement = statement
        self._stop = threading.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()
        assert self._begun.wait(10)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(self._open()) as first, closing(self._open()) as second:
            runner, next_one = first, second
            self._begin(runner)
            self._begun.set()
            while not self._stop.wait(MOMENT):
                self._begin(next_one)
                runner.rollback()
                runner, next_one = next_one, runner

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None)

    def _begin(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")
        connection.execute(self._statement).fetchone()


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(sqlite_wal, "WAL_LIMIT", LIMIT)


async def test_the_log_of_events(tmp_path: Path) -> None:
    file, longest = tmp_path / "events.db", 0
    async with await EventStore.open(f"sqlite:///{file}") as store:
        await store.append("a", [fact(0)])
        with Relay(file, "SELECT MAX(rowid) FROM stored_events"):
            for number in range(60):
                await store.append(f"s{number}", [fact(number, "x" * 500) for number in range(50)])
                longest = max(longest, (tmp_path / "events.db-wal").stat().st_size)
        assert file.stat().st_size > 6 * LIMIT
        assert longest < 3 * LIMIT


async def test_the_log_of_views(tmp_path: Path) -> None:
    file, longest = tmp_path / "events-views.db", 0
    async with await EventStore.open(f"sqlite:///{tmp_path / 'events.db'}") as store:
        views = Views(store, [FactView()])
        await views.query("facts")
        with Relay(file, "SELECT COUNT(*) FROM slots"):
            for turn in range(60):
                await store.append("a", [fact(turn * 50 + number, "x" * 500) for number in range(50)])
                await views.get("facts", ("0",))
                longest = max(longest, (tmp_path / "events-views.db-wal").stat().st_size)
        assert file.stat().st_size > 6 * LIMIT
        assert longest < 3 * LIMIT
        await views.close()


async def test_a_reader_who_stays_holds_nobody_up_for_long(tmp_path: Path) -> None:
    file = tmp_path / "events.db"
    async with await EventStore.open(f"sqlite:///{file}") as store:
        await store.append("a", [fact(0)])
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT MAX(rowid) FROM stored_events").fetchone()
            with anyio.fail_after(20):
                for number in range(40):
                    await store.append(f"s{number}", [fact(number, "x" * 500) for number in range(50)])
            assert reader.execute("SELECT MAX(rowid) FROM stored_events").fetchone() == (1,)
            reader.rollback()
        assert await store.head() == 2_001
        for number in range(40, 60):
            await store.append(f"s{number}", [fact(number, "x" * 500) for number in range(50)])
        assert (tmp_path / "events.db-wal").stat().st_size < 3 * LIMIT
