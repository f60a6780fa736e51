"""Views that catch up together: the same rows as each for itself, from a log that is read once."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, RecordedEvent, Row, View, Views
from events.store import EventStore
from events.verify import verify
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.samples import fact


class ForgottenView(CountView):
    """What was forgotten, which is of another topic than the other views'."""

    name = "forgotten"
    topics = frozenset({FactForgotten.TOPIC})

    def keys(self, event: RecordedEvent) -> tuple[tuple[Any, ...], ...]:
        return (("fact", event.event.fact_id),) if isinstance(event.event, FactForgotten) else ()


def make() -> list[View]:
    return [FactView(), CountView(), ForgottenView()]


async def rows_of(views: Views) -> dict[str, list[Row]]:
    return {name: await views.query(name, limit=1_000) for name in views.names}


STEPS = st.lists(
    st.sampled_from(["remember", "forget", "poison", "facts", "counts", "forgotten", "all"]), min_size=1, max_size=60
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(1, 7))
def test_whoever_was_read_before_all_come_to_the_same_rows(steps: list[str], page_size: int) -> None:
    async def check() -> None:
        async with await EventStore.open("memory://") as store:
            together = Views(store, make(), page_size=page_size)
            for number, step in enumerate(steps):
                if step == "all":
                    await together.catch_up()
                    assert "poison" in steps or [together.lag(name) for name in together.names] == [0, 0, 0]
                elif step in together.names:
                    await together.query(step)
                elif step == "forget":
                    await store.append("a", [FactForgotten(fact_id=str(number - 1), user="ann")])
                else:
                    await store.append("a", [fact(number, "poison" if step == "poison" else "text")])
            await together.catch_up()
            alone = Views(store, make())
            assert await rows_of(together) == await rows_of(alone)
            assert (await verify(store, together)).ok
            await together.close()
            await alone.close()

    anyio.run(check)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each page had that was read from a log."""
    read: list[int] = []
    real = EventStore.read_page

    def counted(self: EventStore, *arguments: Any) -> tuple[list[RecordedEvent], int]:
        events, reached = real(self, *arguments)
        read.append(len(events))
        return events, reached

    monkeypatch.setattr(EventStore, "read_page", counted)
    return read


async def test_the_log_is_read_once_for_all(store: EventStore, pages: list[int]) -> None:
    await store.append("a", [fact(number) for number in range(95)])
    views = Views(store, make(), page_size=10)
    await views.catch_up()
    assert sum(pages) == 95
    pages.clear()
    assert len(await rows_of(views)) == 3
    assert pages == []
    await views.close()


async def test_those_ahead_wait_for_those_behind(store: EventStore, pages: list[int]) -> None:
    views = Views(store, make(), page_size=10)
    await store.append("a", [fact(number) for number in range(33)])
    await views.query("facts")
    await store.append("a", [fact(number) for number in range(33, 60)])
    pages.clear()
    await views.catch_up()
    assert sum(pages) == 33 + 27
    assert len(await facts_of(views)) == 60
    await views.close()


async def test_reads_and_appends_go_on_meanwhile_whoever_else_folds(url: str) -> None:
    async with await EventStore.open(url) as store:
        mine, theirs = Views(store, make(), page_size=9), Views(store, make(), page_size=11)
        await store.append("a", [fact(number) for number in range(200)])

        async def disturb(views: Views, name: str) -> None:
            for number in range(10):
                await store.append("b", [fact(1_000 + number), FactForgotten(fact_id="5", user="ann")])
                await views.query(name)

        async with anyio.create_task_group() as group:
            for views in (mine, theirs):
                group.start_soon(views.catch_up)
                group.start_soon(disturb, views, "counts")
        await mine.catch_up()
        await theirs.catch_up()
        assert (await mine.get("counts", ("all", "-")) or {})["events"] == 220
        assert await rows_of(mine) == await rows_of(theirs)
        assert (await verify(store, mine)).ok
        await mine.close()
        await theirs.close()


async def test_no_views_are_no_work(store: EventStore) -> None:
    views = Views(store)
    await store.append("a", [fact(1)])
    await views.catch_up()
    await views.close()


class LastView:
    """Leaves columns out, and reads from a row what an earlier event left out."""

    name = "last"
    version = 1
    key = (Column("user", "text"),)
    columns = (Column("first", "text"), Column("second", "text"), Column("folded", "integer"))
    indexes: tuple[tuple[str, ...], ...] = ()
    topics = frozenset({FactRemembered.TOPIC})

    def keys(self, event: RecordedEvent) -> tuple[tuple[Any, ...], ...]:
        return ((event.event.user,),) if isinstance(event.event, FactRemembered) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        text = event.event.text if isinstance(event.event, FactRemembered) else ""
        if row is None:
            return {"folded": 1}
        return {"second": row["first"], "first": text if len(row) == 3 else "incomplete", "folded": row["folded"] + 1}


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
async def test_columns_left_out_are_there_for_the_next_event_whatever_page_it_is_on(
    store: EventStore, page_size: int
) -> None:
    views = Views(store, [LastView()], page_size=page_size)
    await store.append("a", [fact(number, f"text {number}") for number in range(4)])
    assert await views.query("last") == [{"user": "ann", "first": "text 3", "second": "text 2", "folded": 4}]
    assert await views.parked() == []
    await views.close()
