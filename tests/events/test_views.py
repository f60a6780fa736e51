"""Views: always as new as the log, each event once, nothing stopped by an event that can't be taken."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError, StoreUnavailable
from events.catalogue.log import EventParked
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, Row, View, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView
from tests.events.samples import fact


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'events.db'}"


@pytest.fixture
async def store(url: str) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(url, timeout=5) as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, [FactView(), CountView()], page_size=10)
    yield opened
    await opened.close()


async def facts_of(views: Views, **where: Any) -> list[str]:
    return [row["fact"] for row in await views.query("facts", where, order_by="fact")]


async def test_a_read_sees_every_append_of_before(store: EventStore, views: Views) -> None:
    for number in range(35):
        await store.append("memory/a", [fact(number)], tenant="acme")
        row = await views.get("facts", (str(number),))
        assert row is not None
        assert (row["fact"], row["tenant"], row["user"]) == (str(number), "acme", "ann")
    assert await views.get("facts", ("none",)) is None
    assert (await views.get("counts", ("all", "-")) or {})["events"] == 35


async def test_all_types_come_back_as_they_were(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1, "ünë two")])
    (recorded,) = await store.read("a")
    assert await views.query("facts") == [
        {
            "fact": "1",
            "tenant": "default",
            "user": "ann",
            "text": "ünë two",
            "length": 7,
            "weight": 3.5,
            "long": True,
            "words": ["ünë", "two"],
            "at": recorded.recorded_at,
            "odd": 7,
            "none": None,
        }
    ]


async def test_rows_are_deleted_when_evolve_says_so(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1), fact(2), FactForgotten(fact_id="1", user="ann")])
    assert await facts_of(views) == ["2"]
    await store.append("a", [FactForgotten(fact_id="2", user="ann"), FactForgotten(fact_id="9", user="ann"), fact(1)])
    assert await facts_of(views) == ["1"]


async def test_conditions_and_order(store: EventStore, views: Views) -> None:
    for number, text in enumerate(["a", "bb", "cccc", "dddddd"]):
        await store.append("a", [fact(number, text, user="ann" if number % 2 else "bob")], tenant=f"t{number % 2}")
    middle = (await store.read("a"))[1].recorded_at
    assert await facts_of(views, user="ann") == ["1", "3"]
    assert await facts_of(views, user="ann", tenant="t0") == []
    assert await facts_of(views, **{"length <": 4}) == ["0", "1"]
    assert await facts_of(views, **{"length <=": 4, "length >": 1}) == ["1", "2"]
    assert await facts_of(views, **{"weight >=": 2}) == ["2", "3"]
    assert await facts_of(views, long=True) == ["2", "3"]
    assert await facts_of(views, **{"at <=": middle}) == ["0", "1"]
    assert await facts_of(views, at=middle.astimezone(tz=None)) == ["1"]
    assert await facts_of(views, **{"fact in": ["1", "3", "9"]}) == ["1", "3"]
    assert await facts_of(views, **{"fact in": []}) == []
    assert await facts_of(views, **{"none in": [None, middle]}) == ["0", "1", "2", "3"]
    assert await facts_of(views, none=None, user="bob") == ["0", "2"]
    assert [row["fact"] for row in await views.query("facts", order_by="-length", limit=2)] == ["3", "2"]
    assert [row["fact"] for row in await views.query("facts", order_by="user")] == ["1", "3", "0", "2"]


async def test_times_order_as_times(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1)])
    at = (await store.read("a"))[0].recorded_at
    for moment, expected in [
        (at - timedelta(microseconds=1), []),
        (at, ["1"]),
        (at.replace(microsecond=0) - timedelta(seconds=1), []),
        (datetime(9999, 1, 1, tzinfo=UTC), ["1"]),
    ]:
        assert await facts_of(views, **{"at <=": moment}) == expected


@pytest.mark.parametrize(
    ("where", "order", "message"),
    [
        ({"nothing": 1}, None, "no column 'nothing'"),
        ({'text" = "" OR "1': 1}, None, "no column"),
        ({"text ~": "x"}, None, "no comparison"),
        ({"text": 5}, None, "expected text"),
        ({"length": "5"}, None, "expected an integer"),
        ({"long": 1}, None, "expected true or false"),
        ({"at <": "2026"}, None, "expected a datetime"),
        ({"at <": datetime(2026, 1, 1)}, None, "no zone"),
        ({"text <": None}, None, "nothing"),
        ({"words": []}, None, "json"),
        ({"text in": "abc"}, None, "collection"),
        ({}, "text; DROP TABLE slots", "no column"),
    ],
)
async def test_conditions_that_do_not_fit_are_refused(
    views: Views, where: dict[str, Any], order: str | None, message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        await views.query("facts", where, order_by=order)


async def test_values_are_never_read_as_sql(store: EventStore, views: Views) -> None:
    bad = "'; DROP TABLE view_1; --"
    await store.append("a", [fact(1, bad), fact(2)])
    assert await facts_of(views, text=bad) == ["1"]
    assert await facts_of(views, **{"text in": [bad]}) == ["1"]
    assert await facts_of(views, fact=bad) == []


async def test_a_key_of_another_length_is_refused(views: Views) -> None:
    with pytest.raises(StoreError, match="does not have 2 values"):
        await views.get("counts", ("all",))


async def test_unknown_views_are_named(views: Views) -> None:
    with pytest.raises(StoreError, match="no view 'x'"):
        await views.get("x", ("1",))
    with pytest.raises(StoreError, match="same name"):
        views.add(FactView())


def altered(**changes: Any) -> View:
    return type("Altered", (FactView,), changes)()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "No Name"},
        {"name": "1st"},
        {"key": ()},
        {"key": (Column("fact", "json"),)},
        {"columns": (Column('text" TEXT, "x', "text"),)},
        {"columns": (Column("text", "text"), Column("text", "text"))},
        {"columns": tuple(Column(f"c{number}", "text") for number in range(80))},
        {"indexes": (("nothing",),)},
    ],
)
async def test_views_that_can_not_be_are_refused(store: EventStore, changes: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="can't be used"):
        Views(store, [altered(**changes)])


async def test_words_of_sql_may_be_columns(store: EventStore) -> None:
    class Reserved(CountView):
        name = "select"
        key = (Column("group", "text"), Column("order", "text"))
        columns = (Column("events", "integer"), Column("last", "text"))
        indexes = (("order", "group"),)

    views = Views(store, [Reserved()])
    await store.append("a", [fact(1)])
    assert [row["events"] for row in await views.query("select", {"group": "all"}, order_by="order")] == [1]
    await views.close()


@pytest.mark.parametrize("order", [None, "length", "-length", "none", "-none", "odd", "-odd", "user", "-at", "-fact"])
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_of_any_order_give_every_row_once(
    store: EventStore, views: Views, order: str | None, limit: int
) -> None:
    for number, text in enumerate(["bb", "a", "", "ccc", "dddd", "a", "ccc", "ee"]):
        await store.append("a", [fact(number, text, user="xyz"[number % 3])])
    whole = await views.query("facts", order_by=order)
    paged: list[Row] = []
    page = await views.query("facts", order_by=order, limit=limit)
    while page:
        paged += page
        page = await views.query("facts", order_by=order, limit=limit, after=page[-1])
    assert paged == whole
    assert len({row["fact"] for row in paged}) == 8
    name = (order or "fact").removeprefix("-")
    values = [(row[name] is not None, row[name]) for row in whole if name != "none"]
    assert values == sorted(
        values, key=lambda value: value if value[0] else (False,), reverse=(order or "").startswith("-")
    )


async def test_a_row_to_go_on_after_must_have_the_columns(views: Views) -> None:
    with pytest.raises(StoreError, match="has no length"):
        await views.query("facts", order_by="length", after={"fact": "1"})


TEXTS = st.sampled_from(["a", "bb", "poison", "unstorable", "poison key"])
CHANGES = st.lists(st.tuples(st.integers(0, 5), st.none() | TEXTS), max_size=40)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.integers(1, 12), st.integers(1, 10))
def test_pages_of_any_size_fold_to_the_same_rows(
    changes: list[tuple[int, str | None]], page_size: int, look_every: int
) -> None:
    rows: dict[str, str] = {}
    parked: list[int] = []

    async def check() -> None:
        async with await EventStore.open("memory://") as store:
            views = Views(store, [FactView()], page_size=page_size)
            for number, (key, text) in enumerate(changes):
                if text is None:
                    await store.append("a", [FactForgotten(fact_id=str(key), user="ann")])
                    rows.pop(str(key), None)
                else:
                    await store.append("a", [fact(key, text)])
                    if text in ("a", "bb"):
                        rows[str(key)] = text
                    else:
                        parked.append(number + 1)
                if number % look_every == 0:
                    assert {row["fact"]: row["text"] for row in await views.query("facts")} == rows
            assert {row["fact"]: row["text"] for row in await views.query("facts")} == rows
            assert [int(entry.event_id.partition("@")[2]) for entry in await views.parked()] == parked
            await views.close()

    anyio.run(check)


async def test_many_readers_at_once(store: EventStore, views: Views) -> None:
    async def read_own(number: int) -> None:
        await store.append(f"s{number}", [fact(number)])
        assert await views.get("facts", (str(number),)) is not None

    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(read_own, number)
    assert (await views.get("counts", ("all", "-")) or {})["events"] == 60


async def test_lag_and_catching_up(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(number) for number in range(30)])
    assert (views.lag("facts"), views.lag("counts")) == (30, 30)
    await views.get("facts", ("1",))
    assert (views.lag("facts"), views.lag("counts")) == (0, 30)
    await views.catch_up()
    assert (views.lag("facts"), views.lag("counts")) == (0, 0)


async def test_events_that_are_not_the_views_are_passed_over(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1)])
    await views.get("counts", ("all", "-"))
    await store.append("a", [FactForgotten(fact_id=str(number), user="x") for number in range(1_500)])
    assert (await views.get("counts", ("all", "-")) or {})["events"] == 1
    assert views.lag("counts") == 0


async def test_an_event_that_can_not_be_taken_is_parked_and_stops_nothing(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1), fact(2, "poison"), fact(3), fact(4, "unstorable"), fact(5, "poison key")])
    await store.append("a", [fact(6)])
    assert await facts_of(views) == ["1", "3", "6"]
    assert await facts_of(views) == ["1", "3", "6"]
    parked = await views.parked()
    assert [(entry.view, entry.event_id, entry.position, entry.topic) for entry in parked] == [
        ("facts", f"a@{number}", number, FactRemembered.TOPIC) for number in (2, 4, 5)
    ]
    assert [entry.error for entry in parked] == [
        "ValueError: poison",
        "ValueError: column text: expected text, got int",
        "ValueError: no key",
    ]
    told = [entry.event for entry in await store.read("log")]
    assert [(event.projection, event.event_id) for event in told if isinstance(event, EventParked)] == [
        ("facts", "a@2"),
        ("facts", "a@4"),
        ("facts", "a@5"),
    ]
    assert (await views.get("counts", ("all", "-")) or {})["events"] == 6
    assert (await verify(store, views)).ok


async def test_a_parked_event_changes_none_of_its_rows(store: EventStore) -> None:
    class HalfPoison(CountView):
        def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
            if key[0] == "user" and event.version == 2:
                raise ValueError("half")
            return super().evolve(key, row, event)

    views = Views(store, [HalfPoison()])
    await store.append("a", [fact(1), fact(2), fact(3)])
    assert [row["events"] for row in await views.query("counts")] == [2, 2]
    await views.close()


async def test_what_parks_the_message_about_parking_does_not_go_round(store: EventStore) -> None:
    class Allergic(CountView):
        topics = frozenset({EventParked.TOPIC, FactRemembered.TOPIC})

        def keys(self, event: Any) -> Any:
            raise ValueError("everything")

    views = Views(store, [Allergic()])
    await store.append("a", [fact(1)])
    for _ in range(3):
        await views.query("counts")
    assert len(await views.parked()) == 2
    assert await store.version("log") == 1
    await views.close()


async def test_a_rebuild_tries_parked_events_again(url: str) -> None:
    class Cured(FactView):
        def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
            return (
                {"text": "cured"} if getattr(event.event, "text", "") == "poison" else super().evolve(key, row, event)
            )

    async with await EventStore.open(url) as store:
        views = Views(store, [FactView()], page_size=3)
        await store.append("a", [fact(1), fact(2, "poison"), fact(3), fact(4, "unstorable")])
        assert await facts_of(views) == ["1", "3"]
        seen: list[tuple[int, int]] = []
        assert await views.rebuild("facts", lambda done, whole: seen.append((done, whole))) == 2
        assert seen[-1][0] == seen[-1][1] == await store.head()
        assert (await store.version("log"), len(await views.parked())) == (2, 2)
        views._entries["facts"].view = Cured()  # pyright: ignore[reportPrivateUsage]
        assert await views.rebuild("facts") == 3
        assert [entry.event_id for entry in await views.parked()] == ["a@4"]
        assert await store.version("log") == 2
        await views.close()


async def test_a_rebuild_that_fails_leaves_the_view_as_it_was(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(number) for number in range(30)])
    await views.catch_up()

    def interrupt(done: int, whole: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await views.rebuild("facts", interrupt)
    assert len(await views.query("facts")) == 30
    assert await views.rebuild("facts") == 30


async def test_reads_and_appends_go_on_during_a_rebuild(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(number) for number in range(100)])

    async def disturb() -> None:
        for number in range(100, 130):
            await store.append("a", [fact(number)])
            assert await views.get("facts", (str(number),)) is not None

    async with anyio.create_task_group() as group:
        group.start_soon(disturb)
        for _ in range(3):
            assert await views.rebuild("facts") >= 100
    assert len(await views.query("facts", limit=1_000)) == 130
    assert (await verify(store, views)).ok


async def test_a_view_as_it_stood(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1), fact(2), FactForgotten(fact_id="1", user="ann"), fact(3)])
    for position, expected in [(0, []), (2, ["1", "2"]), (3, ["2"]), (99, ["2", "3"])]:
        rows = await views.query_at("facts", position, {"user": "ann"}, order_by="fact")
        assert [row["fact"] for row in rows] == expected


async def test_closed_views_say_so(store: EventStore) -> None:
    views = Views(store, [FactView()])
    await views.query("facts")
    await views.close()
    await views.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await views.query("facts")


class TestFiles:
    """What is particular to views in a file beside the log."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'events.db'}"

    async def test_rows_are_kept(self, url: str, tmp_path: Path) -> None:
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            await store.append("a", [fact(1), fact(2)])
            await views.query("counts")
            await views.close()
            with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
                other.execute("UPDATE view_1 SET events = 77")
            views = Views(store, [CountView()])
            assert (await views.get("counts", ("all", "-")) or {})["events"] == 77
            report = await verify(store, views)
            assert not report.ok
            assert not report.views["counts"].equal
            await views.rebuild("counts")
            assert (await verify(store, views)).ok
            await views.close()

    @pytest.mark.parametrize(
        "changes",
        [
            {"version": 2},
            {"columns": (Column("events", "integer"), Column("last", "text"), Column("more", "text"))},
            {"indexes": (("events",),)},
            {"topics": frozenset({FactRemembered.TOPIC, FactForgotten.TOPIC})},
        ],
    )
    async def test_another_shape_is_built_from_scratch(self, store: EventStore, changes: dict[str, Any]) -> None:
        old = Views(store, [CountView()])
        await store.append("a", [fact(1)])
        await old.query("counts")
        new = Views(store, [type("NewCount", (CountView,), changes)()])
        assert (await new.get("counts", ("all", "-")) or {})["events"] == 1
        await store.append("a", [fact(2)])
        assert (await old.get("counts", ("all", "-")) or {})["events"] == 2
        assert (await new.get("counts", ("all", "-")) or {})["events"] == 2
        await old.close()
        await new.close()

    async def test_tables_of_shapes_long_gone_are_dropped(self, store: EventStore, tmp_path: Path) -> None:
        old = Views(store, [CountView()])
        await old.query("counts")
        await old.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
            other.execute("UPDATE slots SET updated_at = '2020-01-01T00:00:00+00:00'")
        new = Views(store, [type("NewCount", (CountView,), {"version": 2})()])
        await new.query("counts")
        await new.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other:
            assert other.execute("SELECT COUNT(*) FROM slots").fetchone()[0] == 1

    async def test_views_of_another_log_are_not_taken(self, url: str, tmp_path: Path) -> None:
        for text in ("first", "second"):
            async with await EventStore.open(url) as store:
                views = Views(store, [FactView()])
                await store.append("a", [fact(1, text)])
                assert [row["text"] for row in await views.query("facts")] == [text]
                await views.close()
            (tmp_path / "events.db").unlink()

    @pytest.mark.parametrize("later", [0, 1, 5])
    @pytest.mark.parametrize("passed_over", [0, 1_500])
    async def test_a_log_restored_from_a_backup_takes_its_views_back(
        self, url: str, tmp_path: Path, later: int, passed_over: int
    ) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1)])
            views = Views(store, [CountView()])
            await views.query("counts")
            await views.close()
        backup = (tmp_path / "events.db").read_bytes()
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            added = [fact(2)] if not passed_over else [FactForgotten(fact_id="1", user="x")] * passed_over
            await store.append("a", added)
            await views.query("counts")
            await views.close()
        (tmp_path / "events.db").write_bytes(backup)
        async with await EventStore.open(url) as store:
            views = Views(store, [CountView()])
            for number in range(later):
                await store.append("b", [fact(number, user="bob")])
            rows = {row["name"]: row["events"] for row in await views.query("counts")}
            assert rows == {"-": 1 + later, "ann": 1} | ({"bob": later} if later else {})
            await views.close()

    async def test_a_damaged_views_file_is_told(self, store: EventStore, tmp_path: Path) -> None:
        (tmp_path / "events-views.db").write_bytes(b"no database at all" * 100)
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="not a database") as caught:
            await views.query("facts")
        assert "Delete this file" in caught.value.todo
        await views.close()

    async def test_a_file_of_another_program_is_left_alone(self, store: EventStore, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
            other.execute("CREATE TABLE precious (things TEXT)")
        views = Views(store, [FactView()])
        with pytest.raises(StoreUnavailable, match="another program"):
            await views.query("facts")
        await views.close()
        with closing(sqlite3.connect(tmp_path / "events-views.db")) as other:
            assert other.execute("SELECT COUNT(*) FROM precious").fetchone()[0] == 0

    async def test_an_older_format_is_built_anew_and_a_newer_one_left_alone(
        self, store: EventStore, tmp_path: Path
    ) -> None:
        await store.append("a", [fact(1)])
        for version, message in ((0, None), (99, "a newer version")):
            views = Views(store, [FactView()])
            assert await facts_of(views) == ["1"]
            await views.close()
            with closing(sqlite3.connect(tmp_path / "events-views.db")) as other, other:
                other.execute("UPDATE view_1 SET fact = 'changed'")
                other.execute(f"PRAGMA user_version = {version}")
            views = Views(store, [FactView()])
            if message is None:
                assert await facts_of(views) == ["1"]
            else:
                with pytest.raises(StoreUnavailable, match=message):
                    await views.query("facts")
            await views.close()

    async def test_damaged_events_are_parked(self, store: EventStore, tmp_path: Path) -> None:
        await store.append("a", [fact(1), fact(2)])
        with closing(sqlite3.connect(tmp_path / "events.db")) as other, other:
            other.execute("UPDATE stored_events SET state = substr(state, 1, 60) WHERE rowid = 1")
        views = Views(store, [FactView()])
        assert await facts_of(views) == ["2"]
        assert [entry.event_id for entry in await views.parked()] == ["a@1"]
        await views.close()
