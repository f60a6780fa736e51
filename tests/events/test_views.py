"""Views: always as new as the log, and read with their types."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from common.errors import StoreError, StoreUnavailable
from events.catalogue.memory import FactForgotten
from events.projection import Column, View, Views
from events.store import EventStore
from tests.events.example_views import CountView, FactView, facts_of
from tests.events.samples import fact


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


async def test_closed_views_say_so(store: EventStore) -> None:
    views = Views(store, [FactView()])
    await views.query("facts")
    await views.close()
    await views.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await views.query("facts")
