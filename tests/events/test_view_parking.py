"""Each event counts once; one that can't be taken stops nothing; a rebuild tries it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError
from events.catalogue.log import EventParked
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Row, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.samples import fact

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


async def test_times_are_kept_in_utc_and_refused_where_they_can_not_be(store: EventStore) -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=timezone(timedelta(hours=5)))
    times = {1: noon, 2: datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), 3: datetime(2026, 11, 28)}

    class Timed(FactView):
        def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
            return {**(super().evolve(key, row, event) or {}), "none": times.get(event.version, event.recorded_at)}

    views = Views(store, [Timed()])
    await store.append("a", [fact(number) for number in range(1, 5)])
    rows = await views.query("facts", order_by="length")
    assert [row["none"] for row in rows] == [noon, (await store.read("a"))[-1].recorded_at]
    assert {row["none"].tzinfo for row in rows} == {UTC}
    assert [entry.error for entry in await views.parked()] == [
        "ValueError: column none: date value out of range",
        "ValueError: column none: the time has no zone",
    ]
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


async def test_the_log_is_told_once_whoever_finds_them(url: str) -> None:
    """By several processes at a time, each with more than are told at once, and again when views are thrown away."""
    async with await EventStore.open(url) as store:
        await store.append("a", [fact(number, "poison") for number in range(1_100)])
        several = [Views(store, [FactView()]) for _ in range(3)]
        async with anyio.create_task_group() as group:
            for views in several:
                group.start_soon(views.query, "facts")
        for views in several:
            assert len(await views.parked()) == 1_100
            await views.close()
        told = [entry.event for entry in await store.read("log")]
        assert [event.event_id for event in told if isinstance(event, EventParked)] == [
            f"a@{number}" for number in range(1, 1_101)
        ]


async def test_what_a_person_dropped_is_listed_no_more(url: str) -> None:
    async with await EventStore.open(url) as store:
        views = Views(store, [FactView()])
        await store.append("a", [fact(1, "poison"), fact(2), fact(3, "poison")])
        first, last = await views.parked()
        await views.drop_parked(first, by="ann", reason="known")
        assert await views.parked() == [last]
        assert [entry.dropped for entry in await views.parked(dropped=True)] == [True, False]
        (state,) = await views.states()
        assert (state.rows, state.parked, state.version) == (1, 1, 1)
        rebuilt = await views.rebuild("facts")
        assert (rebuilt.rows, rebuilt.parked, rebuilt.changed) == (1, 1, False)
        assert [entry.event_id for entry in await views.parked()] == ["a@3"]
        assert (await verify(store, views)).ok
        await views.close()


async def test_a_view_that_is_not_pure_is_not_switched_to(store: EventStore) -> None:
    class Fickle(FactView):
        folded = 0

        def evolve(self, key: tuple[Any, ...], row: Row | None, event: Any) -> Row | None:
            self.folded += 1
            return {"length": self.folded}

    views = Views(store, [Fickle()])
    await store.append("a", [fact(1), fact(2)])
    before = await views.query("facts")
    with pytest.raises(StoreError, match=r"two builds of the view differ.*facts"):
        await views.rebuild("facts")
    assert await views.query("facts") == before
    await views.close()


async def test_where_views_stand(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1), fact(2)])
    assert [(state.name, state.position, state.lag, state.rows) for state in await views.states()] == [
        ("facts", 0, 2, 0),
        ("counts", 0, 2, 0),
    ]
    await views.query("facts")
    assert [(state.position, state.lag, state.rows) for state in await views.states()] == [(2, 0, 2), (0, 2, 0)]


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
        rebuilt = await views.rebuild("facts", lambda done, whole: seen.append((done, whole)))
        assert (rebuilt.rows, rebuilt.changed, rebuilt.parked) == (2, False, 2)
        assert seen[-1] == (4, 4)
        assert rebuilt.position == await store.head()
        assert (await store.version("log"), len(await views.parked())) == (2, 2)
        views._entries["facts"].view = Cured()  # pyright: ignore[reportPrivateUsage]
        rebuilt = await views.rebuild("facts")
        assert (rebuilt.rows, rebuilt.changed, rebuilt.parked) == (3, True, 1)
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
    assert (await views.rebuild("facts")).rows == 30


async def test_reads_and_appends_go_on_during_a_rebuild(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(number) for number in range(100)])

    async def disturb() -> None:
        for number in range(100, 130):
            await store.append("a", [fact(number)])
            assert await views.get("facts", (str(number),)) is not None

    async with anyio.create_task_group() as group:
        group.start_soon(disturb)
        for _ in range(3):
            assert (await views.rebuild("facts")).rows >= 100
    assert len(await views.query("facts", limit=1_000)) == 130
    assert (await verify(store, views)).ok
