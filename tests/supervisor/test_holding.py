"""What builds on something that a person has to approve is held back until then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from common.context import TaskContext
from common.intents import Policy
from common.results import Response
from common.settings import Settings
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

BOTH = "add lunch with Anna to my calendar on Friday at noon and remind me an hour before lunch with Anna"
APART = "add lunch with Anna to my calendar on Friday at noon and set a tea timer for 10 minutes"
ADD = "calendar.add_event"


def asking(folder: Path, policies: dict[str, Policy] | None = None, url: str = "memory://") -> Settings:
    base = offline_settings(folder)
    intents = base.intents.model_copy(update={"policies": policies or {ADD: Policy.ASK}})
    return base.model_copy(update={"intents": intents, "store": base.store.model_copy(update={"url": url})})


def statuses(response: Response) -> list[tuple[str, str]]:
    return [(report.type, report.status.value) for report in response.intents]


async def timers(supervisor: Supervisor) -> Sequence[object]:
    return await supervisor.views.query("timers", {"status": "set"})


@pytest.mark.parametrize("meta", [False, True], ids=["graph", "meta"])
async def test_a_reminder_waits_for_the_event_it_counts_from(
    tmp_path: Path, movable_clock: MovableClock, meta: bool
) -> None:
    async with Supervisor(asking(tmp_path), clock=movable_clock, background=False) as supervisor:
        context = TaskContext(flags={"meta-planning": meta}, request_id="mine")
        waiting = await supervisor.process_request(BOTH, context)
        assert waiting.outcome == "awaiting_approval"
        (added, added_status), (reminder, held) = statuses(waiting)
        assert (added, added_status, held) == (ADD, "awaiting_approval", "registered")
        assert waiting.intents[0].id in waiting.intents[1].detail
        assert "Not begun" in waiting.text
        assert not await timers(supervisor)

        again = await supervisor.process_request(BOTH, context)
        assert statuses(again) == statuses(waiting), "asking again changes nothing"
        assert not await timers(supervisor)

        approved = await supervisor.approve(waiting.intents[0].id, by="eva")
        assert [(one.type, one.status.value) for one in approved.followed] == [(reminder, "processed")]
        assert len(await timers(supervisor)) == 1
        told = await supervisor.resume(waiting.trace_id)
        assert told.outcome == "success"
        assert statuses(told) == [(ADD, "processed"), (reminder, "processed")]


@pytest.mark.parametrize("meta", [False, True], ids=["graph", "meta"])
async def test_what_does_not_depend_on_it_is_done_at_once(
    tmp_path: Path, movable_clock: MovableClock, meta: bool
) -> None:
    async with Supervisor(asking(tmp_path), clock=movable_clock, background=False) as supervisor:
        response = await supervisor.process_request(APART, TaskContext(flags={"meta-planning": meta}))
        assert [status for _, status in statuses(response)] == ["awaiting_approval", "processed"]
        assert response.outcome == "awaiting_approval"
        assert len(await timers(supervisor)) == 1


async def test_without_the_approval_it_is_not_done(tmp_path: Path, movable_clock: MovableClock) -> None:
    async with Supervisor(asking(tmp_path), clock=movable_clock, background=False) as supervisor:
        waiting = await supervisor.process_request(BOTH)
        denied = await supervisor.deny(waiting.intents[0].id, by="eva")
        assert [one.status.value for one in denied.followed] == ["failed"]
        told = await supervisor.resume(waiting.trace_id)
        assert [status for _, status in statuses(told)] == ["denied", "failed"]
        assert "what it depends on was not done" in told.text
        assert not await timers(supervisor)


async def test_what_builds_on_something_forbidden_fails_with_it(tmp_path: Path, movable_clock: MovableClock) -> None:
    settings = asking(tmp_path, {ADD: Policy.DENY})
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        response = await supervisor.process_request(BOTH)
        assert [status for _, status in statuses(response)] == ["denied", "failed"]
        assert not await timers(supervisor)


async def test_both_may_need_an_approval_in_whichever_order(tmp_path: Path, movable_clock: MovableClock) -> None:
    async with Supervisor(asking(tmp_path), clock=movable_clock, background=False) as supervisor:
        kind = statuses(await supervisor.process_request(BOTH))[1][0]
    settings = asking(tmp_path / "two", {ADD: Policy.ASK, kind: Policy.ASK})
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        waiting = await supervisor.process_request(BOTH)
        assert [status for _, status in statuses(waiting)] == ["awaiting_approval"] * 2
        early = await supervisor.approve(waiting.intents[1].id, by="eva")
        assert early.status.value == "registered", "it is allowed, and still waits"
        assert not await timers(supervisor)
        await supervisor.approve(waiting.intents[0].id, by="eva")
        assert len(await timers(supervisor)) == 1


async def test_a_process_that_dies_between_approval_and_the_rest_is_made_up_for(
    tmp_path: Path, movable_clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next supervisor on the log goes on with what was released."""
    settings = asking(tmp_path, url=f"sqlite:///{tmp_path / 'log.db'}")
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        waiting = await supervisor.process_request(BOTH)
        processor = supervisor._running_parts.intents  # pyright: ignore[reportPrivateUsage]

        async def dies(_: str) -> None:
            raise ConnectionAbortedError

        with monkeypatch.context() as patched:
            patched.setattr(processor, "process", dies)
            with pytest.raises(ConnectionAbortedError):
                await supervisor.approve(waiting.intents[0].id, by="eva")
        assert not await timers(supervisor)
    async with Supervisor(settings, clock=movable_clock, background=False) as supervisor:
        told = await supervisor.resume(waiting.trace_id)
        assert [status for _, status in statuses(told)] == ["processed", "processed"]
        assert len(await timers(supervisor)) == 1
