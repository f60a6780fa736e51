"""The traps of the eventsourcing library, each shown to be closed by what the store does.

Closed by tests elsewhere:

- SQLite has no subscriptions: `following_contract`,
  `test_processes.test_followers_miss_nothing_while_processes_append`.
- LISTEN/NOTIFY has no polling beside it, and a killed connection ends the runner:
  `test_postgres_failures.test_following_goes_on_when_its_session_is_ended`.
- An exception stops the runner: `test_view_parking.test_an_event_that_can_not_be_taken_is_parked_and_stops_nothing`.
- A deferred BEGIN fails beside another writer: `shared_contract.test_reading_and_writing_at_once_is_never_locked`.
- Two processes that append to one stream conflict: `test_processes.test_processes_append_to_one_log`.
- NaN, infinity and lone surrogates can't be read back: `test_codec.test_numbers_that_json_has_not_are_refused`,
  `test_lone_surrogates_are_refused`; tuples and integer keys change their type:
  `test_values_of_another_type_are_refused`.
- Custom mappers skip upcasting: `test_schema_evolution`. Events of another catalogue fail: the contract's
  `test_events_of_kinds_that_are_not_known_are_carried`.
- No rebuilds and no switching of projections: `test_view_parking`, `kept_views_contract`.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from common.errors import StoreUnavailable, StreamConflict
from events.persistence.sqlite_views import SQLiteViews
from events.projection import Views
from events.recorded import Unknown
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact
from tests.services.postgres_server import PostgresServer

SETTINGS = {
    "COMPRESSOR_TOPIC": "zlib",
    "CIPHER_TOPIC": "trap_module:Cipher",
    "CIPHER_KEY": "no key",
    "MAPPER_TOPIC": "trap_module:Mapper",
    "TRANSCODER_TOPIC": "trap_module:Transcoder",
    "FACTORY_TOPIC": "trap_module:Factory",
    "PERSISTENCE_MODULE": "trap_module",
    "INFRASTRUCTURE_FACTORY": "trap_module:Factory",
    "IS_SNAPSHOTTING_ENABLED": "yes",
    "CREATE_TABLE": "no",
    "SQLITE_DBNAME": "/nowhere/other.db",
    "SQLITE_LOCK_TIMEOUT": "no number",
    "SQLITE_POOL_SIZE": "0",
    "SQLITE_JOURNAL_MODE": "DELETE",
    "SQLITE_SINGLE_ROW_TRACKING": "yes",
    "ORIGINATOR_ID_TYPE": "uuid",
    "POSTGRES_DBNAME": "other",
    "POSTGRES_HOST": "nowhere.invalid",
    "POSTGRES_PORT": "1",
    "POSTGRES_USER": "nobody",
    "POSTGRES_PASSWORD": "wrong",
    "POSTGRES_SCHEMA": "other",
    "POSTGRES_ENABLE_DB_FUNCTIONS": "yes",
    "POSTGRES_PREPARED_STATEMENTS": "no",
}


def databases(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.db")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """A module that can be imported, with a side effect; tells whether it was."""
    (tmp_path / "trap_module.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w').close()\nclass Trap: pass\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return lambda: (tmp_path / "sprung").exists() or "trap_module" in sys.modules


async def test_a_stored_topic_is_no_address_of_code(file: Path, trap: Callable[[], bool]) -> None:
    async with await EventStore.open(f"sqlite:///{file}") as store:
        await store.append("a", [fact(1)])
        with closing(sqlite3.connect(file)) as other, other:
            other.execute("INSERT INTO stored_events SELECT 2, 'b', 1, 'trap_module:Trap', state FROM stored_events")
            other.execute("UPDATE stored_events SET topic = 'trap_module' WHERE rowid = 1")
        views = Views(store, [CountView(), FactView()])
        for entry in [*await store.read_all(), *await store.read("a"), *await store.read("b")]:
            assert isinstance(entry.event, Unknown)
        assert await views.query("facts") == []
        assert not (await verify(store, views)).ok
        assert await store.append("b", [fact(2)], 1) == 3
        await views.close()
    assert not trap()


async def test_the_hosts_environment_changes_nothing(
    url: str, tmp_path: Path, trap: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    async with await EventStore.open(url) as store:
        views = Views(store, [CountView()])
        await store.append("a", [fact(number) for number in range(3)])
        assert [entry.event for entry in await store.read("a")] == [fact(number) for number in range(3)]
        assert (await views.get("counts", ("all", "-")) or {})["events"] == 3
        rows = await anyio.to_thread.run_sync(store.backend.read, "a", 0)
        assert all(b'"schema_version":1' in row[4] for row in rows), "nothing is compressed or wrapped"
        assert (await verify(store, views)).ok
        await views.close()
    assert not trap()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "events.db")) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert databases(tmp_path) == {"events.db", "events-views.db"}


async def test_no_function_of_the_library_is_put_into_the_database(
    postgres: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that tails the log loses events that were inserted by them."""
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "yes")
    async with await EventStore.open(postgres_url) as store:
        await store.append("a", [fact(1)])
    with postgres.connect(postgres_url) as other:
        found = other.execute(
            "SELECT proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace "
            "WHERE nspname !~ '^(pg_|information_)'"
        ).fetchall()
    assert found == []


@pytest.mark.parametrize("removed", ["rowid = 5", "rowid = 3", "rowid > 2", "rowid > 0"])
async def test_a_position_is_never_given_out_twice(file: Path, removed: str) -> None:
    url = f"sqlite:///{file}"
    async with await EventStore.open(url) as store:
        await store.append("a", [fact(number) for number in range(5)])
        left = [entry.position for entry in await store.read_all()]
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"DELETE FROM stored_events WHERE {removed}")
        other.execute("VACUUM")  # may number implicit row ids anew
        kept = [position for (position,) in other.execute("SELECT rowid FROM stored_events ORDER BY rowid")]
        assert set(kept) < set(left)
    async with await EventStore.open(url) as store:
        assert [entry.position for entry in await store.read_all()] == kept
        assert await store.append("b", [fact(9)], 0) == 6


async def test_a_writer_that_fails_to_connect_holds_no_lock(tmp_path: Path) -> None:
    """More often than the library's pool has connections."""
    folder, away = tmp_path / "here", tmp_path / "away"
    url = f"sqlite:///{folder}/events.db"
    async with await EventStore.open(url):
        pass
    async with await EventStore.open(url, timeout=2) as store:
        folder.rename(away)
        for number in range(30):
            with pytest.raises(StoreUnavailable, match="can't be opened"):
                await store.append("a", [fact(number)])
        away.rename(folder)
        assert await store.append("a", [fact(99)]) == 1


async def test_a_page_is_one_transaction(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's runner commits once an event."""
    applied: list[str] = []
    apply = SQLiteViews.apply

    def counting(views: SQLiteViews, shape: Any, *arguments: Any) -> bool:
        applied.append(shape.name)
        return apply(views, shape, *arguments)

    monkeypatch.setattr(SQLiteViews, "apply", counting)
    async with await EventStore.open(f"sqlite:///{file}") as store:
        await store.append("a", [fact(number) for number in range(1_000)])
        views = Views(store, [CountView()], page_size=500)
        await views.catch_up()
        assert applied == ["counts", "counts"]
        await views.close()


async def test_views_of_the_same_name_over_two_logs_have_their_own_place(tmp_path: Path) -> None:
    """The library knows how far a view has come by the application's name alone."""
    names = ["one.db", "two.db"]
    for number, name in enumerate(names, 1):
        async with await EventStore.open(f"sqlite:///{tmp_path / name}") as store:
            await store.append("a", [fact(each) for each in range(number)])
    for number, name in enumerate(names, 1):
        async with await EventStore.open(f"sqlite:///{tmp_path / name}") as store:
            views = Views(store, [CountView()])
            assert (await views.get("counts", ("all", "-")) or {})["events"] == number
            await views.close()


async def test_a_file_of_another_application_of_the_library_is_left_alone(file: Path) -> None:
    """All its applications call their table `stored_events`."""
    datastore = SQLiteDatastore(str(file))
    SQLiteApplicationRecorder(datastore).create_table()
    datastore.close()
    with pytest.raises(StoreUnavailable, match="another application") as caught:
        await EventStore.open(f"sqlite:///{file}")
    assert caught.value.where == str(file)
    with closing(sqlite3.connect(file)) as other:
        tables = {name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"stored_events"}


async def test_events_of_a_refused_append_can_be_appended_again(url: str) -> None:
    """After a failed save the library has lost them."""
    async with await EventStore.open(url) as store:
        events = [fact(1), fact(2)]
        await store.append("a", [fact(0)])
        with pytest.raises(StreamConflict):
            await store.append("a", events, 0)
        assert await store.append("a", events, 1) == 3
        assert [entry.event for entry in await store.read("a", 1)] == events
