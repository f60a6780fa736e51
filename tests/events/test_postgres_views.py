"""Views in PostgreSQL: the same rows in the same order as in SQLite, and what is particular to a server."""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import StoreUnavailable
from events.backend import Changes, DatabaseRow, Key, Slot, ViewDatabase
from events.persistence import open_backend
from events.persistence.sqlite_views import SQLiteViews
from events.projection import Column, Row, Views
from events.store import EventStore
from events.verify import verify
from events.view_query import build_query
from events.view_types import Layout
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.kept_views_contract import Beside, KeptViewsContract
from tests.events.samples import fact, plain_text
from tests.services.postgres_server import PostgresServer

VIEWS_SCHEMA = "agent_supervisor_views"
TEXTS = st.sampled_from(
    ["", "a", "A", "b", "ä", "z", "\x00", "\x01", "\x00\x01", "\x01\x00", "\x02", "a\x00b", "ß", "%", "?"]
)


class BesideServer:
    """Another program's hand in both schemas."""

    def __init__(self, postgres: PostgresServer, url: str) -> None:
        self._postgres = postgres
        self._url = url

    def views(self, statement: str) -> list[tuple[Any, ...]]:
        with self._postgres.connect(self._url) as other:
            other.execute(f"SET search_path TO {VIEWS_SCHEMA}".encode())
            done = other.execute(statement.encode())
            return done.fetchall() if done.description else []

    def set_format(self, number: int) -> None:
        self.views(f"UPDATE views_of_log SET format = {number}")

    def take(self) -> None:
        self.views(f"CREATE SCHEMA {VIEWS_SCHEMA}")
        self.views("CREATE TABLE precious (things text)")

    def restore(self, position: int) -> None:
        self.views(f"DELETE FROM agent_supervisor.stored_events WHERE notification_id > {position}")
        self.views(f"UPDATE agent_supervisor.log SET issued = {position}")

    def lose_log(self) -> None:
        self.views("DROP SCHEMA agent_supervisor CASCADE")

    def damage(self, position: int) -> None:
        cut = "UPDATE agent_supervisor.stored_events SET state = substr(state, 1, 60)"
        self.views(f"{cut} WHERE notification_id = {position}")


class TestSchemas(KeptViewsContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url

    @pytest.fixture
    def beside(self, postgres: PostgresServer, postgres_url: str) -> Beside:
        return BesideServer(postgres, postgres_url)


class MixedView:
    """Columns of all kinds, in the key as in the rest; its rows are put into the database by the tests."""

    name = "mixed"
    version = 1
    key = (Column("word", "text"), Column("order", "integer"))
    columns = (
        Column("text", "text"),
        Column("number", "integer"),
        Column("real", "real"),
        Column("flag", "boolean"),
        Column("json", "json"),
    )
    indexes: tuple[tuple[str, ...], ...] = (("number", "text"), ("real",))
    topics = frozenset({"none"})

    def keys(self, event: Any) -> tuple[tuple[Any, ...], ...]:
        return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
        return None


LAYOUT = Layout(MixedView(), {})
ROWS = st.dictionaries(
    st.tuples(TEXTS | plain_text, st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2)),
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXTS | plain_text,
            "number": st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
            "real": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.none() | st.booleans(),
            "json": st.none() | st.lists(TEXTS | plain_text, max_size=2),
        }
    ),
    max_size=12,
)
ORDERS = st.sampled_from(
    [None, *(f"{sign}{name}" for sign in ("", "-") for name in ("word", "text", "number", "real"))]
)


@contextmanager
def both(postgres: PostgresServer) -> Generator[tuple[ViewDatabase, ViewDatabase]]:
    url = postgres.new_database()
    backend = open_backend(url, 5.0)
    lite, server = SQLiteViews(None, 5.0, "log"), backend.views()
    yield lite, server
    lite.close()
    server.close()
    backend.close()
    postgres.give_back(url)


def put(database: ViewDatabase, slot: Slot, rows: Mapping[Key, DatabaseRow], deleted: list[Key]) -> Slot:
    moved = Slot(slot.id, slot.position + 1, "anchor")
    seen: dict[Key, DatabaseRow] = {}

    def fold(stored: Mapping[Key, DatabaseRow]) -> Changes:
        seen.update(stored)
        return Changes(list(rows.values()), [key for key in deleted if key not in rows], [])

    assert database.apply(LAYOUT.shape, slot, moved, [*rows, *deleted], fold)
    assert set(seen) <= {*rows, *deleted}
    return moved


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ROWS, second=ROWS, order=ORDERS, limit=st.integers(1, 4), data=st.data())
def test_rows_and_their_order_are_the_same_as_in_sqlite(
    postgres: PostgresServer, first: Any, second: Any, order: str | None, limit: int, data: st.DataObject
) -> None:
    def encoded(rows: Any) -> dict[Key, DatabaseRow]:
        return {
            LAYOUT.encode_key(key): LAYOUT.renew(LAYOUT.encode_key(key), row, None).stored for key, row in rows.items()
        }

    deleted = [key for key in encoded(first) if data.draw(st.booleans())]
    with both(postgres) as databases:
        told: list[list[Any]] = [[], []]
        for database, answers in zip(databases, told, strict=True):
            slot = put(database, database.slot(LAYOUT.shape), encoded(first), [])
            put(database, slot, encoded(second), deleted)
            page, after = None, None
            while page is None or page:
                sql, parameters = build_query(LAYOUT, {}, order, limit, after)
                selected = database.select(LAYOUT.shape, sql, parameters)
                assert selected is not None
                page = [LAYOUT.decode(row, with_key=True) for row in selected.rows]
                after = page[-1] if page else None
                answers.append(page)
            for where in (
                {"text": None},
                {"text >=": "a"},
                {"number in": [0, 1, None]},
                {"number in": []},
                {"real <": 0.5},
            ):
                sql, parameters = build_query(LAYOUT, where, order, 100, None)
                selected = database.select(LAYOUT.shape, sql, parameters)
                answers.append(selected.rows if selected else None)
            answers.append(list(database.walk(LAYOUT.shape)))
        assert told[0] == told[1]


async def test_texts_that_postgres_can_not_hold_come_back_as_they_were(postgres_url: str) -> None:
    async with await EventStore.open(postgres_url) as store:
        views = Views(store, [FactView()])
        words = ["\x00", "a\x00b", "\x01", "\x01\x01", "\x00\x01\x00", "\x01\x02", "\x02"]
        await store.append("a", [fact(number, word) for number, word in enumerate(words)])
        rows = await views.query("facts", order_by="text")
        assert [row["text"] for row in rows] == sorted(words)
        for number, word in enumerate(words):
            assert await facts_of(views, text=word) == [str(number)]
            assert await facts_of(views, **{"text in": [word]}) == [str(number)]
        assert (await verify(store, views)).ok
        await views.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_is_too_long_for_an_index_is_parked_everywhere(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else f"sqlite:///{tmp_path / 'events.db'}"
    async with await EventStore.open(url) as store:
        views = Views(store, [CountView()])
        dice = random.Random(1)
        longest = "".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(865))  # 2,595 bytes that compress badly
        await store.append("a", [fact(1, user=longest), fact(2, user=longest + "more"), fact(3)])
        assert {row["name"] for row in await views.query("counts")} == {"-", longest, "ann"}
        (parked,) = await views.parked()
        assert (parked.event_id, "2,603 bytes to be indexed" in parked.error) == ("a@2", True)
        await views.close()


def tables(postgres: PostgresServer, url: str) -> list[str]:
    with postgres.connect(url) as other:
        found = other.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename ~ '^view_[0-9]' ORDER BY 1",
            (VIEWS_SCHEMA,),
        )
        return [str(row[0]) for row in found]


async def test_a_table_that_is_read_when_a_rebuild_switches_is_read_to_its_end(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with await EventStore.open(postgres_url) as store:
        views = Views(store, [FactView()])
        await store.append("a", [fact(number) for number in range(1_200)])
        await views.query("facts")
        layout = Layout(FactView(), {topic: store.codec.schema_version(topic) for topic in FactView.topics})
        walk = store.open_views().walk(layout.shape)
        first = await anyio.to_thread.run_sync(next, walk)
        await store.append("a", [fact(9_999)])
        assert (await views.rebuild("facts")).rows == 1_201
        assert len(await views.query("facts", limit=2_000)) == 1_201
        assert len([first, *walk]) == 1_200
        assert tables(postgres, postgres_url) == ["view_1", "view_2"]
        assert (await views.rebuild("facts")).rows == 1_201
        assert tables(postgres, postgres_url) == ["view_1", "view_3"]
        await views.close()


async def test_readers_and_rebuilds_of_several_stores_never_fail_each_other(postgres_url: str) -> None:
    async with await EventStore.open(postgres_url) as one, await EventStore.open(postgres_url) as other:
        first, second = Views(one, [FactView()], page_size=20), Views(other, [FactView()], page_size=30)
        await one.append("a", [fact(number) for number in range(100)])

        async def read(views: Views) -> None:
            for _ in range(40):
                assert len(await views.query("facts", limit=1_000)) >= 100

        async def rebuild(views: Views) -> None:
            for _ in range(4):
                assert (await views.rebuild("facts")).rows >= 100

        async def append() -> None:
            for number in range(100, 130):
                await other.append("a", [fact(number)])

        async with anyio.create_task_group() as group:
            for work in (read, read, rebuild):
                group.start_soon(work, first)
                group.start_soon(work, second)
            group.start_soon(append)
        assert len(await first.query("facts", limit=1_000)) == 130
        assert (await verify(one, first)).ok
        await first.close()
        await second.close()


async def test_a_projection_whose_session_is_ended_counts_every_event_once(
    postgres: PostgresServer, postgres_url: str
) -> None:
    async with await EventStore.open(postgres_url) as store:
        await store.append("a", [fact(number) for number in range(600)])
        views = Views(store, [CountView(), FactView()], page_size=5)
        done = anyio.Event()

        async def disturb() -> None:
            while not done.is_set():
                await anyio.to_thread.run_sync(postgres.end_sessions, postgres_url, "% reader")
                await anyio.sleep(0.03)

        async def fold() -> None:
            while True:
                try:
                    await views.catch_up()
                    break
                except StoreUnavailable:
                    continue
            done.set()

        async with anyio.create_task_group() as group:
            group.start_soon(disturb)
            group.start_soon(fold)
        assert (await views.get("counts", ("all", "-")) or {})["events"] == 600
        assert (await verify(store, views)).ok
        await views.close()


async def test_views_may_be_dropped_while_nobody_uses_them(postgres: PostgresServer, postgres_url: str) -> None:
    for number in range(2):
        async with await EventStore.open(postgres_url) as store:
            await store.append("a", [fact(number)])
            views = Views(store, [FactView()])
            assert len(await facts_of(views)) == number + 1
            await views.close()
        with postgres.connect(postgres_url) as other:
            other.execute(f"DROP SCHEMA {VIEWS_SCHEMA} CASCADE".encode())


async def test_folding_waits_for_no_disk_and_appending_does(postgres_url: str) -> None:
    settings: list[str] = []

    class Looking(CountView):
        name = "looking"

        def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
            return super().evolve(key, row, event)

    async with await EventStore.open(postgres_url) as store:
        views = Views(store, [Looking()])
        await store.append("a", [fact(1)])
        await views.query("looking")
        database = store.open_views()
        with database._write() as session:  # type: ignore[attr-defined]
            settings += session.rows("SELECT current_setting('synchronous_commit')")[0]
        with database._read() as session:  # type: ignore[attr-defined]
            settings += session.rows("SELECT current_setting('synchronous_commit')")[0]
        await views.close()
    assert settings == ["off", "on"]


async def test_the_planner_knows_a_table_that_was_just_filled(postgres: PostgresServer, postgres_url: str) -> None:
    """Without statistics it takes the index that fits worse, and goes through all rows of a user for one session."""

    def known_rows() -> float:
        with postgres.connect(postgres_url) as other:
            found = other.execute("SELECT reltuples FROM pg_class WHERE relname = 'view_1'").fetchone()
            return found[0] if found else 0.0

    async with await EventStore.open(postgres_url) as store:
        views = Views(store, [FactView()])
        for turn in range(6):
            await store.append("a", [fact(turn * 1_000 + number) for number in range(1_000)])
        await views.catch_up()
        assert 4_000 < known_rows() < 6_001
        rebuilt = await views.rebuild("facts")
        assert rebuilt.rows == 6_000
        await views.close()
