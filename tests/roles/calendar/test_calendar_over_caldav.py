"""Whole requests, with the calendar on a real server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from roles.calendar.backend import EventReference
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings
from tests.roles.calendar.calendar_stage import ANNA
from tests.roles.calendar.calendars import LOCAL, ZURICH
from tests.roles.calendar.relay import Relay
from tests.roles.calendar.server_stage import ServerStage

TEXT = "Add dentist to my calendar tomorrow at 3pm"
THREE = datetime(2026, 11, 17, 15, tzinfo=ZURICH)


@asynccontextmanager
async def supervised(
    stage: ServerStage, folder: Path, clock: MovableClock, relay: Relay | None = None
) -> AsyncGenerator[Supervisor]:
    settings = offline_settings(folder)
    server = stage.settings.model_copy(update={"url": relay.url}) if relay else stage.settings
    calendar = settings.calendar.model_copy(update={"backend": "caldav", "caldav": server})
    async with Supervisor(
        settings.model_copy(update={"calendar": calendar}), clock=clock, background=False
    ) as supervisor:
        yield supervisor


async def test_a_request_ends_in_the_event_on_the_server(
    stage: ServerStage, tmp_path: Path, movable_clock: MovableClock
) -> None:
    async with supervised(stage, tmp_path, movable_clock) as supervisor:
        response = await supervisor.process_request(TEXT)
        assert response.outcome == "success"
        assert "“Dentist” is in your calendar: Tuesday 17 November 2026, 15:00–16:00" in response.text
        (name,) = stage.other.names()
        found = await stage.backend.get(LOCAL, EventReference(name.removesuffix(".ics")), THREE)
        assert found is not None
        assert (found.name, found.start) == ("Dentist", THREE)
        listed = await supervisor.process_request("What is in my calendar tomorrow?")
        assert "15:00–16:00 Dentist" in listed.text
        moved = await supervisor.process_request("Move the dentist to Thursday at 10")
        assert "“Dentist” is now on Thursday 19 November 2026, 10:00–11:00" in moved.text
        gone = await supervisor.process_request("Cancel the dentist")
        assert "no longer in your calendar" in gone.text
    assert stage.other.names() == []


async def test_with_the_server_killed_the_answer_says_that_it_was_not_done(
    own: ServerStage, tmp_path: Path, movable_clock: MovableClock
) -> None:
    async with supervised(own, tmp_path, movable_clock) as supervisor:
        own.server.process.kill()
        response = await supervisor.process_request(TEXT)
        assert response.outcome == "failure"
        assert "the calendar server can't be reached" in response.text
        assert "is in your calendar" not in response.text
        own.server.process.start()
        assert own.other.names() == []
        assert (await supervisor.process_request(TEXT)).outcome == "success"
    assert len(own.other.names()) == 1


async def test_with_the_server_killed_after_the_request_was_understood(
    own: ServerStage, tmp_path: Path, movable_clock: MovableClock
) -> None:
    """Between looking for what else is there and adding, on the server's side."""

    def stop(method: str, _: str) -> None:
        if relay.methods().count("REPORT") == 1 and method != "PROPFIND":
            own.server.process.kill()

    relay = Relay(own.server.process.port, before=stop, forgiving=True)
    async with relay.running(), supervised(own, tmp_path, movable_clock, relay) as supervisor:
        response = await supervisor.process_request(TEXT)
    assert response.outcome in ("partial", "failure")
    assert response.text.startswith("Not done: ")
    assert "is in your calendar" not in response.text
    own.server.process.start()
    assert own.other.names() == []


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_added_twice(
    stage: ServerStage, tmp_path: Path, movable_clock: MovableClock
) -> None:
    lost: list[str] = []

    def lose(method: str, _: str, answer: bytes) -> bytes | None:
        if method == "PUT" and not lost:
            lost.append(method)
            return None
        return answer

    relay = Relay(stage.server.process.port, answer=lose)
    async with relay.running(), supervised(stage, tmp_path, movable_clock, relay) as supervisor:
        response = await supervisor.process_request(TEXT)
    assert lost
    assert response.outcome == "success"
    assert "“Dentist” is in your calendar" in response.text
    assert len(stage.other.names()) == 1


async def test_an_outcome_that_stays_open_is_told_as_open(
    stage: ServerStage, tmp_path: Path, movable_clock: MovableClock
) -> None:
    """It was done, and the server was never heard of again."""
    down: list[bool] = []

    def lose(method: str, _: str, answer: bytes) -> bytes | None:
        if method == "PUT":
            down.append(True)
        return None if down else answer

    relay = Relay(stage.server.process.port, answer=lose)
    async with relay.running(), supervised(stage, tmp_path, movable_clock, relay) as supervisor:
        response = await supervisor.process_request(TEXT)
    assert "can't be told whether this took effect" in response.text
    assert "is in your calendar" not in response.text
    assert len(stage.other.names()) == 1


async def test_owners_have_their_own_calendars(stage: ServerStage, tmp_path: Path, movable_clock: MovableClock) -> None:
    async with supervised(stage, tmp_path, movable_clock) as supervisor:
        response = await supervisor.process_request(TEXT, {"tenant": ANNA.tenant, "user": ANNA.user})
        assert response.outcome == "success"
        nobody = await supervisor.process_request(TEXT, {"tenant": "acme", "user": "tom"})
        assert nobody.outcome == "failure"
        assert "acme/tom has no account at the calendar server" in nobody.text
    assert stage.other.names() == []
    assert len(stage.stored(ANNA)) == 1
