"""People are told of improvements that wait for them: once each, not too often, and always in the log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.owner_keys import DEFAULT_OWNER
from events.catalogue.improvement import Evidence
from events.catalogue.system import AlertRaised
from supervisor.alert_limits import AlertLimits
from supervisor.notifications import Notification, Notifications
from tests.supervisor.specialists.conftest import Open, Shop


class Told:
    """A host's notifier that keeps what it is told."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []

    async def __call__(self, notification: Notification) -> None:
        self.notifications.append(notification)

    @property
    def kinds(self) -> list[str]:
        return [each.kind for each in self.notifications]


async def step(shop: Shop) -> int:
    parts = shop.supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
    return await parts.telling.step()


async def test_the_same_improvement_is_told_once_until_it_is_more_urgent(open_shop: Open) -> None:
    told = Told()
    async with open_shop(notifier=told) as shop:
        name = await shop.suggest(priority="low")
        assert [await step(shop) for _ in range(3)] == [1, 0, 0]
        (first,) = told.notifications
        assert (first.kind, first.title) == ("approval", "tool:search.web is slow")
        assert f"agent-supervisor improvements approve {name}" in first.text
        commands = shop.supervisor.monitoring.improvements
        await commands.add_evidence(name, Evidence(text="again"))
        shop.clock.move(timedelta(hours=2))
        assert await step(shop) == 0
        await commands.add_evidence(name, Evidence(text="worse"), priority="critical")
        assert await step(shop) == 1
        assert told.kinds == ["approval", "alert"]
        read = await shop.supervisor.store.read_all(0, {AlertRaised.TOPIC})
        assert [entry.event.kind for entry in read if isinstance(entry.event, AlertRaised)] == ["improvement"] * 2


async def test_those_that_are_not_critical_come_together_and_not_too_often(open_shop: Open) -> None:
    told = Told()
    async with open_shop(notifier=told, notify_every=600) as shop:
        for number in range(3):
            await shop.suggest(f"imp-{number}")
        assert await step(shop) == 3
        assert told.notifications[0].title == "3 improvements wait for a decision"
        await shop.suggest("imp-4")
        assert await step(shop) == 0
        await shop.suggest("imp-5", priority="critical", title="the disk is full")
        assert await step(shop) == 1
        assert told.notifications[1].title == "the disk is full"
        shop.clock.move(timedelta(seconds=601))
        assert await step(shop) == 1
        assert "(imp-4)" in told.notifications[2].text


async def test_what_was_decided_on_meanwhile_is_not_told(open_shop: Open) -> None:
    told = Told()
    async with open_shop(notifier=told) as shop:
        await shop.supervisor.monitoring.reject(await shop.suggest(), by="ann")
        assert await step(shop) == 0
        assert told.notifications == []


async def test_a_restart_tells_nothing_again(open_shop: Open, tmp_path: Path) -> None:
    told = Told()
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_shop(url=url, notifier=told) as shop:
        await shop.suggest(priority="critical")
        await shop.suggest("imp-2")
        assert await step(shop) == 2
    async with open_shop(url=url, notifier=told) as shop:
        assert await step(shop) == 0
        await shop.suggest("imp-3")
        assert await step(shop) == 0  # the other one was told a moment ago
    assert len(told.notifications) == 2


async def test_many_critical_ones_are_told_together(open_shop: Open) -> None:
    told = Told()
    async with open_shop(notifier=told) as shop:
        for number in range(15):
            await shop.suggest(f"imp-{number}", priority="critical", title=f"fault {number}")
        assert await step(shop) == 15
        assert len(told.notifications) == 11
        assert told.notifications[-1].title == "5 improvements wait for a decision"


# --- the limits of alerts ---


def alert(text: str, minutes: float = 0) -> Notification:
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    return Notification("alert", "unhealthy", text, at, DEFAULT_OWNER)


async def test_the_same_alert_is_sent_once_an_hour_and_logged_each_time(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    notifications = Notifications(told)
    with caplog.at_level(logging.WARNING):
        for minutes in (0, 10, 59, 61):
            await notifications.send(alert("disk", minutes))
    assert [each.at.minute for each in told.notifications] == [0, 1]
    assert len([record for record in caplog.records if "unhealthy" in record.getMessage()]) == 4
    assert "not sent: it was told already" in caplog.text


async def test_timers_are_never_held_back() -> None:
    told = Told()
    notifications = Notifications(told)
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    for _ in range(50):
        await notifications.send(Notification("timer", "Tea", "done", at, DEFAULT_OWNER))
    assert len(told.notifications) == 50


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 40)), max_size=200))
def test_there_are_never_more_than_so_many_in_an_hour(alerts: list[tuple[int, int]]) -> None:
    limits = AlertLimits(an_hour=5)
    start = datetime(2026, 11, 21, tzinfo=UTC)
    sent = [
        minute
        for minute, text in sorted(alerts)
        if not limits.refusal("owner", "title", str(text), start + timedelta(minutes=minute))
    ]
    assert all(sum(0 <= minute - first < 60 for minute in sent) <= 5 for first in sent)
    assert limits.refusal("other", "title", "text", start) == ""
