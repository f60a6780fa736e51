"""An alert that is in the log is told, also where the process that raised it was killed before it could."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from events.catalogue.system import AlertRaised, AlertTold
from events.store import EventStore, stream_name
from supervisor.alerts import GRACE, Alerts
from supervisor.learning.trials import ALERT_KIND
from supervisor.notifications import Notification, Notifications
from supervisor.testing import MovableClock
from tests.supervisor.learning.trial_world import World

SOON = timedelta(seconds=GRACE + 1)


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


class Process:
    """A process that tells of alerts, some time after they were raised."""

    def __init__(self, store: EventStore, later: timedelta = SOON, kind: str = "trial") -> None:
        self.heard: list[str] = []
        self.clock = MovableClock(datetime.now(UTC) + later)
        self.alerts = Alerts(store, Notifications(self._hear), self.clock, {kind})

    async def _hear(self, notification: Notification) -> None:
        self.heard.append(notification.title)


def alert(title: str, kind: str = "trial", **evidence: object) -> AlertRaised:
    return AlertRaised(node="n", kind=kind, subject="s", title=title, text="t", evidence=evidence)  # type: ignore[arg-type]


async def test_what_its_process_could_not_tell_another_one_tells_once(store: EventStore) -> None:
    await store.append(
        stream_name("system", "n"), [alert("lost", figures={"b": 1.5, "a": [0.1]}), alert("other", "cpu")]
    )
    one, two = Process(store), Process(store)
    assert [await one.alerts.step(), await two.alerts.step(), await one.alerts.step()] == [1, 0, 0]
    assert one.heard + two.heard == ["lost"]
    assert await Process(store).alerts.step() == 0, "nor after a restart"


async def test_who_raised_it_has_time_to_tell(store: EventStore) -> None:
    process = Process(store, timedelta())
    await store.append(stream_name("system", "n"), [alert("fresh")])
    assert await process.alerts.step() == 0
    await process.alerts.tell(alert("fresh"))
    assert process.heard == ["fresh"]
    assert await Process(store).alerts.step() == 0


async def test_one_that_waits_for_its_time_is_told_by_a_later_step(store: EventStore) -> None:
    process = Process(store, timedelta())
    await store.append(stream_name("system", "n"), [alert("late")])
    assert await process.alerts.step() == 0
    process.clock.move(SOON)
    assert await process.alerts.step() == 1
    assert process.heard == ["late"]


async def test_old_alerts_are_left_alone(store: EventStore) -> None:
    await store.append(stream_name("system", "n"), [alert("old")])
    assert await Process(store, timedelta(days=2)).alerts.step() == 0


async def test_two_alerts_that_differ_in_their_figures_are_two(store: EventStore) -> None:
    await store.append(stream_name("system", "n"), [alert("same", share=0.1), alert("same", share=0.2)])
    assert await Process(store).alerts.step() == 2


async def test_a_decision_of_a_trial_is_told_where_its_process_was_killed_right_after_it(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> None:
        raise Killed

    world = World(tmp_path_factory.mktemp("killed"), lambda version, _: version is None)
    async with world.supervisor:
        await world.candidate("Be hasty.")
        with monkeypatch.context() as patched:
            patched.setattr(Alerts, "tell", killed)
            with pytest.raises(Killed):
                await world.ask_until(world.trials().step)
        assert len(await world.events(AlertRaised)) == 1
        assert (world.told, await world.events(AlertTold)) == ([], [])
        process = Process(world.supervisor.store, kind=ALERT_KIND)
        assert await process.alerts.step() == 1
        assert "was stopped" in process.heard[0]
