"""Housekeeping: samples leave their tables after so many days, and the schedule holds over restarts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from common.errors import StoreError
from events.catalogue.system import SamplesRetired, SystemMaintained, SystemSampled
from events.store import EventStore
from supervisor.monitoring.housekeeping import Housekeeping
from tests.supervisor.monitoring.conftest import Open, Stepped

QUICK = {"vacuum": False}


async def days(stepped: Stepped, count: int) -> list[datetime]:
    """A sample a day; when they were taken."""
    for _ in range(count):
        stepped.clock.move(timedelta(days=1))
        await stepped.monitoring.sample()
    rows = await stepped.supervisor.views.query("system_metrics", order_by="timestamp", limit=1_000)
    return [row["timestamp"] for row in rows]


async def events(stepped: Stepped, topic: str) -> int:
    return len(await stepped.supervisor.store.read_all(0, {topic}, limit=1_000))


async def test_old_samples_leave_the_tables_and_stay_in_the_log(open_stepped: Open) -> None:
    async with open_stepped(maintenance={**QUICK, "keep_samples": 5}) as stepped:
        await days(stepped, 8)
        done = await stepped.supervisor.maintain()
        now = stepped.clock.now()
        assert (done.samples_from, done.problems) == (now - timedelta(days=5), {})
        left = await days(stepped, 0)
        assert len(left) == 6
        assert min(left) == now - timedelta(days=5)
        assert await events(stepped, SystemSampled.TOPIC) == 8
        assert (await stepped.supervisor.maintain()).samples_from is None
        assert await events(stepped, SamplesRetired.TOPIC) == 1
        assert not (await stepped.supervisor.views.rebuild("system_metrics")).changed
        assert len(await days(stepped, 0)) == 6
        metrics = await stepped.monitoring.get_metrics(24 * 30)
        assert metrics.total == 6


async def test_they_stay_for_ever_where_that_is_configured(open_stepped: Open) -> None:
    async with open_stepped(maintenance={**QUICK, "keep_samples": 0}) as stepped:
        await days(stepped, 100)
        assert (await stepped.supervisor.maintain()).samples_from is None
        assert await stepped.monitoring.housekeeping.retire_by_itself() is None
        assert len(await days(stepped, 0)) == 100


async def test_by_itself_it_is_done_once_a_day_without_any_schedule(open_stepped: Open) -> None:
    async with open_stepped(maintenance={**QUICK, "keep_samples": 5}) as stepped:
        keeping: Housekeeping = stepped.monitoring.housekeeping
        for _ in range(40):
            stepped.clock.move(timedelta(hours=6))
            await stepped.monitoring.sample()
            await keeping.retire_by_itself()
        assert await events(stepped, SamplesRetired.TOPIC) in (3, 4, 5)
        left = await days(stepped, 0)
        assert stepped.clock.now() - min(left) <= timedelta(days=6)
        assert await events(stepped, SystemMaintained.TOPIC) == 0


async def test_the_schedule_holds_over_restarts(open_stepped: Open, tmp_path: Path) -> None:
    kept = {"url": f"sqlite:///{tmp_path / 'log.db'}", "maintenance": {**QUICK, "every": 24}}
    done = 0
    for _ in range(20):  # five days, with a restart every six hours
        async with open_stepped(**kept) as stepped:
            done += await stepped.monitoring.housekeeping.maintain_if_due()
            stepped.clock.move(timedelta(hours=6))
    assert done == 5
    async with open_stepped(**kept) as stepped:
        (first, *_) = await stepped.supervisor.store.read_all(0, {SystemMaintained.TOPIC})
        assert isinstance(first.event, SystemMaintained)
        assert first.event.figures["archived_events"] == 0
        stepped.clock.move(timedelta(days=-40))  # set back: it is not waited for until then
        assert await stepped.monitoring.housekeeping.maintain_if_due()


async def test_without_a_schedule_nothing_is_done(stepped: Stepped) -> None:
    assert not await stepped.monitoring.housekeeping.maintain_if_due()
    stepped.monitoring.housekeeping.maintain = None
    assert not await stepped.monitoring.housekeeping.maintain_if_due()


async def test_what_can_not_be_done_is_told_and_stops_no_other(
    open_stepped: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Housekeeping, **_: object) -> datetime | None:
        raise StoreError("the views are away", where="views")

    monkeypatch.setattr(Housekeeping, "retire_samples", broken)
    async with open_stepped(maintenance={"keep_reports": 1}) as stepped:
        for _ in range(3):
            stepped.clock.move(timedelta(minutes=5))
            await stepped.monitoring.write_report()
        done = await stepped.supervisor.maintain()
        assert "the views are away" in done.problems["samples"]
        assert len(await stepped.monitoring.get_reports()) == 1
        (told,) = await stepped.supervisor.store.read_all(0, {SystemMaintained.TOPIC})
        assert isinstance(told.event, SystemMaintained)
        assert told.event.problems == done.problems


async def test_it_is_not_repeated_at_once_where_it_can_not_be_told(stepped: Stepped) -> None:
    """The events of another version on the stream still say when."""
    store: EventStore = stepped.supervisor.store
    await store.append(
        "monitoring/maintenance", [SystemSampled(node="a", process="1", at=stepped.clock.now(), health="x")]
    )
    assert not await stepped.monitoring.housekeeping.maintain_if_due()
