"""The calendar role over a real CalDAV server: the contract, and what only a server can do to it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta

import anyio
import pytest
from dateutil.tz import tzical

from common.clock import SystemClock
from roles.calendar.adapters.caldav_server import CalDavCalendar
from roles.calendar.backend import CalendarError, CalendarUnclear, EventReference, NotInCalendar
from tests.roles.calendar.calendar_contract import CalendarContract
from tests.roles.calendar.calendar_stage import DAY, HOUR, event
from tests.roles.calendar.calendars import LOCAL, NOW, ZURICH, ics
from tests.roles.calendar.relay import Relay, reply
from tests.roles.calendar.server_stage import ServerStage


class TestCalDavServer(CalendarContract):
    """The contract, over a server."""


def to(relay: Relay, stage: ServerStage) -> CalDavCalendar:
    """A backend that reaches the server through a relay."""
    return CalDavCalendar(stage.settings.model_copy(update={"url": relay.url}), SystemClock())


def edited(stage: ServerStage, name: str, old: str, new: str) -> Callable[[str, str], None]:
    """Another client that edits an event once, between our reading and our writing."""
    left = [True]

    def edit(method: str, _: str) -> None:
        if method in ("PUT", "DELETE") and left:
            left.clear()
            text = stage.other.text(name)
            assert old in text
            stage.other.put(name, text.replace(old, new))

    return edit


DENTIST = ics("UID:dentist\nDTSTART:20261117T083000Z\nDTEND:20261117T090000Z\nSUMMARY:Dentist")
LATER = NOW + timedelta(days=3)


async def test_an_edit_that_comes_in_between_is_not_overwritten(stage: ServerStage) -> None:
    stage.other.put("a.ics", DENTIST)
    relay = Relay(stage.server.process.port, before=edited(stage, "a.ics", "SUMMARY:Dentist", "SUMMARY:Dr. Lam"))
    async with relay.running():
        await to(relay, stage).move(LOCAL, EventReference("dentist"), LATER, LATER + HOUR, all_day=False)
    assert relay.methods().count("PUT") == 2
    (entry,) = await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)
    assert (entry.name, entry.start) == ("Dr. Lam", LATER)


async def test_one_occurrence_removed_while_another_client_moves_the_next(stage: ServerStage) -> None:
    series = ics("UID:s\nDTSTART:20261117T083000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Course")
    stage.other.put("s.ics", series)
    theirs = "EXDATE:20261118T083000Z\r\nSUMMARY:Course"
    relay = Relay(stage.server.process.port, before=edited(stage, "s.ics", "SUMMARY:Course", theirs))
    async with relay.running():
        assert await to(relay, stage).remove(LOCAL, EventReference("s", "2026-11-17T08:30:00+00:00"))
    found = await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)
    assert [entry.start.day for entry in found] == [19]


async def test_an_event_that_another_client_deletes_in_between_is_gone(stage: ServerStage) -> None:
    stage.other.put("a.ics", DENTIST)
    stage.other.put("b.ics", DENTIST.replace("UID:dentist", "UID:other"))

    def delete(method: str, path: str) -> None:
        if method in ("PUT", "DELETE") and (name := path.rpartition("/")[2]) in stage.other.names():
            stage.other.delete(name)

    async with Relay(stage.server.process.port, before=delete).running() as relay:
        backend = to(relay, stage)
        with pytest.raises(NotInCalendar):
            await backend.move(LOCAL, EventReference("dentist"), LATER, LATER + HOUR, all_day=False)
        assert not await backend.remove(LOCAL, EventReference("other"))
    assert stage.other.names() == []


async def test_an_event_edited_without_end_is_left_alone(stage: ServerStage) -> None:
    stage.other.put("a.ics", DENTIST)
    edits: list[str] = []

    def edit(method: str, _: str) -> None:
        if method == "PUT":
            edits.append("x")
            stage.other.put("a.ics", DENTIST.replace("SUMMARY:Dentist", f"SUMMARY:Edit {len(edits)}"))

    async with Relay(stage.server.process.port, before=edit).running() as relay:
        with pytest.raises(CalendarError, match="others kept changing"):
            await to(relay, stage).move(LOCAL, EventReference("dentist"), LATER, LATER + HOUR, all_day=False)
    assert 1 < len(edits) < 10
    assert f"SUMMARY:Edit {len(edits)}" in stage.other.text("a.ics")


async def test_a_uid_that_another_client_stored_under_another_name_is_found(stage: ServerStage) -> None:
    stage.other.put("wherever it was.ics", DENTIST)
    assert not await stage.backend.add(LOCAL, event("dentist"))
    await stage.backend.move(LOCAL, EventReference("dentist"), LATER, LATER + HOUR, all_day=False)
    assert stage.other.names() == ["wherever%20it%20was.ics"]
    assert await stage.backend.remove(LOCAL, EventReference("dentist"))
    assert stage.other.names() == []


async def test_a_uid_that_comes_in_between_under_any_name_is_added_once(stage: ServerStage) -> None:
    for name, uid in (("same.ics", "same"), ("another-name.ics", "other")):
        theirs = DENTIST.replace("UID:dentist", f"UID:{uid}")

        def put(method: str, _: str, name: str = name, theirs: str = theirs) -> None:
            if method == "PUT" and name not in stage.other.names():
                stage.other.put(name, theirs)

        async with Relay(stage.server.process.port, before=put).running() as relay:
            assert not await to(relay, stage).add(LOCAL, event(uid))
    assert stage.other.names() == ["another-name.ics", "same.ics"]


async def test_processes_adding_a_uid_at_once_make_one_event(stage: ServerStage) -> None:
    told: list[bool] = []

    async def add() -> None:
        told.append(await stage.another().add(LOCAL, event("one")))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(add)
    assert sorted(told) == [False, False, False, False, True]
    assert stage.other.names() == ["one.ics"]


async def test_an_answer_that_was_lost_leaves_the_outcome_open_and_asking_again_settles_it(stage: ServerStage) -> None:
    """The server did what was asked; only its answer never came."""
    lost: list[str] = []

    def lose(method: str, _: str, answer: bytes) -> bytes | None:
        if method in ("PUT", "DELETE") and method not in lost:
            lost.append(method)
            return None
        return answer

    async with Relay(stage.server.process.port, answer=lose).running() as relay:
        backend = to(relay, stage)
        with pytest.raises(CalendarUnclear, match="lost before its answer"):
            await backend.add(LOCAL, event("one"))
        assert not await backend.add(LOCAL, event("one"))
        lost.clear()
        for error in (pytest.raises(CalendarUnclear), nullcontext()):
            with error:
                await backend.move(LOCAL, EventReference("one"), LATER, LATER + HOUR, all_day=False)
        (entry,) = await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)
        assert entry.start == LATER
        with pytest.raises(CalendarUnclear):
            await backend.remove(LOCAL, EventReference("one"))
        assert not await backend.remove(LOCAL, EventReference("one"))
    assert stage.other.names() == []


async def test_a_calendar_of_years_is_not_fetched_for_one_day(stage: ServerStage) -> None:
    for number in range(20):
        start = NOW + number * timedelta(days=40)
        await stage.backend.add(LOCAL, event(f"e{number}", start, place="x" * 500))
    async with Relay(stage.server.process.port).running() as relay:
        backend = to(relay, stage)
        assert len(await backend.between(LOCAL, NOW, NOW + DAY)) == 1
        one = relay.seen[-1][2]
        assert len(await backend.between(LOCAL, NOW, NOW + 1_000 * DAY)) == 20
        assert relay.seen[-1][2] > 10 * one
        assert relay.methods().count("REPORT") == 2


async def test_the_calendar_is_looked_for_once_and_again_after_a_failure(stage: ServerStage) -> None:
    failing: list[bool] = []

    def fail(method: str, _: str, answer: bytes) -> bytes:
        return reply("503 Busy") if method == "REPORT" and failing else answer

    async with Relay(stage.server.process.port, answer=fail).running() as relay:
        backend = to(relay, stage)
        for _ in range(3):
            await backend.between(LOCAL, NOW, NOW + DAY)
        assert relay.methods().count("PROPFIND") == 2, "one of them was asked to sign in"
        failing.append(True)
        with pytest.raises(CalendarError, match="status 503"):
            await backend.between(LOCAL, NOW, NOW + DAY)
        failing.clear()
        await backend.between(LOCAL, NOW, NOW + DAY)
        assert relay.methods().count("PROPFIND") == 4


async def test_what_is_written_is_understood_by_other_programs(stage: ServerStage) -> None:
    """The definition of the zone, as the server gives it on, says what the zone says."""
    await stage.backend.add(LOCAL, event("one", datetime(2026, 7, 1, 9, tzinfo=ZURICH)))
    text = stage.other.text("one.ics")
    assert "TZID=Europe/Zurich:20260701T090000" in text
    zone = tzical(io.StringIO(text)).get("Europe/Zurich")
    assert zone is not None
    for month in range(1, 13):
        clock = datetime(2026, month, 28, 12)
        assert clock.replace(tzinfo=zone).utcoffset() == clock.replace(tzinfo=ZURICH).utcoffset()


async def test_an_event_stored_twice_is_shown_and_not_changed(stage: ServerStage) -> None:
    """Radicale refuses a second one; a server that does not is played by the relay."""
    stage.other.put("a.ics", DENTIST)

    def twice(method: str, _: str, answer: bytes) -> bytes:
        if method != "REPORT":
            return answer
        entry = re.search(rb"<response>.*</response>", answer, re.DOTALL)
        assert entry is not None
        body = answer.partition(b"\r\n\r\n")[2].replace(entry[0], entry[0] + entry[0].replace(b"a.ics", b"b.ics"))
        return reply("207 Multi-Status", body, "Content-Type: text/xml")

    async with Relay(stage.server.process.port, answer=twice).running() as relay:
        backend = to(relay, stage)
        assert len(await backend.between(LOCAL, NOW, NOW + 9 * DAY)) == 2
        with pytest.raises(CalendarError, match="more than once"):
            await backend.remove(LOCAL, EventReference("dentist"))
    assert stage.other.names() == ["a.ics"]
