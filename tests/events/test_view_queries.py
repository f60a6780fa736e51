"""Conditions, order and pages over views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.errors import StoreError
from events.projection import Row, Views
from events.store import EventStore
from tests.events.example_views import facts_of
from tests.events.samples import fact


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
