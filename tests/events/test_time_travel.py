"""Views as they stood: exact at every position and moment, on any log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError
from events.catalogue.memory import FactForgotten
from events.projection import Views
from events.store import EventStore
from events.time_travel import position_at
from supervisor.testing import MovableClock
from tests.events.example_views import CountView, FactView
from tests.events.samples import MOMENT, fact

SECOND = timedelta(seconds=1)


async def test_a_view_as_it_stood(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1), fact(2), FactForgotten(fact_id="1", user="ann"), fact(3)])
    for position, expected in [(0, []), (1, ["1"]), (2, ["1", "2"]), (3, ["2"]), (4, ["2", "3"])]:
        rows = await views.query_at("facts", position, {"user": "ann"}, order_by="fact")
        assert [row["fact"] for row in rows] == expected


async def test_several_reads_of_one_moment(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(number) for number in range(30)])
    seen: list[tuple[int, int]] = []
    async with views.as_of(25, lambda done, whole: seen.append((done, whole))) as past:
        await store.append("a", [fact(99)])
        assert await past.get("facts", ("25",)) is None
        assert (await past.get("facts", ("24",)) or {})["text"] == "x"
        assert (await past.get("counts", ("all", "-")) or {})["events"] == 25
        first = await past.query("facts", order_by="-fact", limit=2)
        second = await past.query("facts", order_by="-fact", limit=2, after=first[-1])
        assert [row["fact"] for row in (*first, *second)] == ["9", "8", "7", "6"]
    assert seen == [(10, 25), (20, 25), (25, 25)] * 2
    assert (await views.get("counts", ("all", "-")) or {})["events"] == 31


async def test_what_can_not_be_read_is_said(store: EventStore, views: Views) -> None:
    await store.append("a", [fact(1)])
    for position in (-1, 2):
        with pytest.raises(StoreError, match=rf"no position {position} .*goes from 0 \(empty\) to 1"):
            await views.query_at("facts", position)
    with pytest.raises(StoreError, match="no view 'nothing'"):
        await views.query_at("nothing", 1)
    async with views.as_of(1) as past:
        with pytest.raises(StoreError, match="no view 'nothing'"):
            await past.query("nothing")
        with pytest.raises(StoreError, match="does not have 1 values"):
            await past.get("facts", ("1", "2"))
    with pytest.raises(ValueError, match="no zone"):
        await position_at(store, datetime(2026, 11, 28))


async def _stamped(offsets: list[int], asked: int) -> None:
    """Every event's time against the definition, for clocks that only go on."""
    clock = MovableClock(MOMENT)
    async with await EventStore.open("memory://", clock=clock) as store:
        for number, offset in enumerate(offsets):
            clock.set(MOMENT + offset * SECOND)
            await store.append("a", [fact(number)])
        moment = MOMENT + asked * SECOND
        found = await position_at(store, moment)
        times = [entry.recorded_at for entry in await store.read_all()]
        assert found == max((position for position, at in enumerate(times, 1) if at <= moment), default=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(-1, 41))
def test_the_position_of_a_moment(offsets: list[int], asked: int) -> None:
    anyio.run(_stamped, sorted(offsets), asked)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(-1, 41))
def test_the_position_of_a_moment_where_clocks_disagree(offsets: list[int], asked: int) -> None:
    anyio.run(_crossing, offsets, asked)


async def _crossing(offsets: list[int], asked: int) -> None:
    clock = MovableClock(MOMENT)
    async with await EventStore.open("memory://", clock=clock) as store:
        for number, offset in enumerate(offsets):
            clock.set(MOMENT + offset * SECOND)
            await store.append("a", [fact(number)])
        found = await position_at(store, MOMENT + asked * SECOND)
        assert found == 0 or offsets[found - 1] <= asked
        assert all(offset > asked for offset in offsets[found:])


async def test_boundaries_and_zones(url: str) -> None:
    clock = MovableClock(datetime(2026, 11, 28, 9, 0, 0, 250_000, tzinfo=UTC))
    async with await EventStore.open(url, clock=clock) as store:
        await store.append("a", [fact(1), fact(2)])
        clock.move(SECOND)
        await store.append("a", [fact(3)])
        for text, expected in [
            ("2026-11-28T09:00:00.249999+00:00", 0),
            ("2026-11-28T09:00:00.250000+00:00", 2),
            ("2026-11-28T10:00:00.250000+01:00", 2),
            ("2026-11-28T09:00:01.249999+00:00", 2),
            ("2026-11-28T09:00:01.250000+00:00", 3),
            ("9999-12-31T00:00:00+00:00", 3),
            ("0001-01-01T00:00:00+00:00", 0),
        ]:
            assert await position_at(store, datetime.fromisoformat(text)) == expected, text


async def test_a_long_log_is_read_in_a_few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MovableClock(MOMENT)
    async with await EventStore.open("memory://", clock=clock) as store:
        for number in range(40):
            clock.move(SECOND)
            await store.append("a", [fact(number * 500 + each) for each in range(500)])
        read: list[int] = []
        real = EventStore.read_page

        def counted(self: EventStore, after: int, topics: object, limit: int, until: int | None = None) -> object:
            events, reached = real(self, after, None, limit, until)
            read.append(len(events))
            return events, reached

        monkeypatch.setattr(EventStore, "read_page", counted)
        assert await position_at(store, MOMENT + 17 * SECOND) == 8_500
        assert sum(read) <= 1_020
        views = Views(store, [FactView(), CountView()])
        assert len(await views.query_at("facts", 8_500, limit=100_000)) == 8_500
        await views.close()


async def test_rows_whose_time_can_not_be_read_are_passed_over() -> None:
    clock = MovableClock(MOMENT)
    async with await EventStore.open("memory://", clock=clock) as store:
        for number in range(9):
            clock.move(SECOND)
            await store.append("a", [fact(number)])
            if number in (3, 4, 8):
                await store.execute(lambda transaction: _damage(transaction, f"broken{number}"))  # noqa: B023
        assert await position_at(store, MOMENT + 4 * SECOND) == 4
        assert await position_at(store, MOMENT + 5 * SECOND) == 6
        assert await position_at(store, MOMENT + 9 * SECOND) == 11


def _damage(transaction: object, stream: str) -> int:
    from events.backend import Head, Transaction

    assert isinstance(transaction, object)
    writing: Transaction = transaction  # type: ignore[assignment]
    return writing.insert([(stream, 1, "memory.remembered", b"nonsense")], {stream: Head(1, "x")})
