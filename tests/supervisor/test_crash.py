"""Killed at every durable step and asked again: nothing twice, nothing lost, nothing falsely told."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from icalendar import Calendar

from events.catalogue.timer import TimerSet
from supervisor import Supervisor
from supervisor.testing import MovableClock
from tests.supervisor import crashing_host
from tests.supervisor.crashing_host import CLOCK, settings_in
from tests.supervisor.forked import run_forked

TEXT = "check the weather on saturday, add a mountain trip to my calendar for saturday and remind me an hour before"


def run_host(folder: Path, step: int, when: str, meta_planning: str, request_id: str = "trip") -> int:
    code = run_forked(crashing_host.main, str(folder), request_id, meta_planning, str(step), when, TEXT)
    assert code in (0, -signal.SIGKILL)
    return code


def entries(folder: Path) -> int:
    path = folder / "calendar.ics"
    return len(Calendar.from_ical(path.read_bytes()).walk("VEVENT")) if path.exists() else 0


async def ask_again(folder: Path, meta_planning: str) -> tuple[str, int, list[str]]:
    """The outcome, the number of timers, and the traces' outcomes after asking again in this process."""
    async with Supervisor(settings_in(folder), clock=MovableClock(CLOCK), background=False) as supervisor:
        response = await supervisor.process_request(
            TEXT, {"request_id": "trip", "flags": {"meta-planning": meta_planning == "on"}}
        )
        timers = await supervisor.store.read_all(0, {TimerSet.TOPIC})
        outcomes = [str(row["outcome"]) for row in await supervisor.traces()]
        assert [intent.status.value for intent in response.intents] == ["processed", "processed"], response.text
        return response.outcome, len(timers), outcomes


@pytest.mark.parametrize("meta_planning", ["off", "on"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_every_step(tmp_path: Path, when: str, meta_planning: str) -> None:
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        if run_host(folder, step, when, meta_planning) == 0:
            break
        outcome, timers, outcomes = await ask_again(folder, meta_planning)
        assert (entries(folder), timers) == (1, 1), f"killed {when} step {step}"
        assert outcome == "partial", "only the weather can't be reached"
        assert set(outcomes) <= {"partial", "interrupted"}
        again, timers_again, _ = await ask_again(folder, meta_planning)
        assert (again, entries(folder), timers_again) == ("partial", 1, 1)
    assert step > 5, "the request must have had several durable steps"


async def test_a_second_process_leaves_the_traces_of_a_living_one_alone(tmp_path: Path) -> None:
    async with Supervisor(settings_in(tmp_path), clock=MovableClock(CLOCK), background=False) as living:
        handler = living._running_parts.handler  # pyright: ignore[reportPrivateUsage]
        claims = handler._services.claims  # pyright: ignore[reportPrivateUsage]
        from common.context import TaskContext

        claimed = await claims.claim("slow", TaskContext().resolved(CLOCK, "UTC", None), "slow")
        assert run_host(tmp_path, 0, "never", "off", request_id="other") == 0
        rows = {row["request_id"]: row["outcome"] for row in await living.traces()}
        assert rows == {"other": "partial", "slow": None}, claimed
