"""What every calendar must do about events that are moved or removed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from common.errors import IntentError
from roles.calendar.backend import EventReference, NotInCalendar
from roles.calendar.intents import CancelEvent
from tests.roles.calendar.calendar_stage import (
    ANNA,
    DAY,
    DENTIST,
    STANDUP,
    STANDUP_MOVED,
    Stage,
    at,
    day,
    event,
    occurrence,
)
from tests.roles.calendar.calendars import LOCAL, NOW, Desk

__all__ = ["ChangingContract"]


class ChangingContract:
    """Inherited by `CalendarContract`."""

    # ------------------------------------------------------------------ moving

    async def test_moving_an_event_and_moving_it_there_again(self, stage: Stage) -> None:
        stage.store(DENTIST)
        for _ in range(2):
            await stage.backend.move(LOCAL, EventReference("dentist"), at(19, 15), at(19, 15, 30), all_day=False)
            (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
            assert (entry.name, entry.place) == ("Dentist", "Main Street 5")
            assert (entry.start, entry.end) == (at(19, 15), at(19, 15, 30))
        moved = stage.stored()
        await stage.backend.move(LOCAL, EventReference("dentist"), at(19, 15), at(19, 15, 30), all_day=False)
        assert stage.stored() == moved

    async def test_an_event_becomes_one_of_whole_days_and_back(self, stage: Stage) -> None:
        stage.store(DENTIST)
        await stage.backend.move(LOCAL, EventReference("dentist"), day(20), day(22), all_day=True)
        (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
        assert (entry.all_day, entry.start, entry.end) == (True, day(20), day(22))
        await stage.backend.move(LOCAL, EventReference("dentist"), at(21, 8), at(21, 9), all_day=False)
        (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
        assert (entry.all_day, entry.start, entry.end) == (False, at(21, 8), at(21, 9))

    async def test_moving_one_occurrence_leaves_the_series(self, stage: Stage) -> None:
        stage.store(STANDUP, STANDUP_MOVED)

        async def times() -> list[str]:
            return [f"{entry.start:%d %H:%M}" for entry in await stage.backend.between(LOCAL, day(16), day(1, 12))]

        await stage.backend.move(LOCAL, occurrence(18), at(19, 14), at(19, 14, 15), all_day=False)
        assert await times() == ["16 09:15", "19 14:00", "24 14:00", "30 09:15"]
        once = stage.stored()
        await stage.backend.move(LOCAL, occurrence(18), at(19, 14), at(19, 14, 15), all_day=False)
        assert stage.stored() == once
        await stage.backend.move(LOCAL, occurrence(18), at(20, 8), at(20, 8, 15), all_day=False)
        await stage.backend.move(LOCAL, occurrence(23), at(26, 8), at(26, 8, 15), all_day=False)
        assert await times() == ["16 09:15", "20 08:00", "26 08:00", "30 09:15"]
        with pytest.raises(NotInCalendar):
            await stage.backend.move(LOCAL, occurrence(25), at(26, 8), at(26, 9), all_day=False)

    # ------------------------------------------------------------------ renaming

    async def test_renaming_an_event_and_renaming_it_so_again(self, stage: Stage) -> None:
        stage.store(DENTIST)
        await stage.backend.rename(LOCAL, EventReference("dentist"), "Dental hygiene; floor 3, left")
        (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
        assert (entry.name, entry.place) == ("Dental hygiene; floor 3, left", "Main Street 5")
        once = stage.stored()
        await stage.backend.rename(LOCAL, EventReference("dentist"), "Dental hygiene; floor 3, left")
        assert stage.stored() == once
        with pytest.raises(NotInCalendar):
            await stage.backend.rename(LOCAL, EventReference("none"), "Nothing")

    async def test_renaming_one_occurrence_leaves_the_series(self, stage: Stage) -> None:
        stage.store(STANDUP, STANDUP_MOVED)

        async def names() -> list[str]:
            entries = await stage.backend.between(LOCAL, day(16), day(1, 12))
            return [f"{entry.start:%d %H:%M} {entry.name}" for entry in entries]

        before = await names()
        for _ in range(2):
            await stage.backend.rename(LOCAL, occurrence(18), "Retrospective")
        after = await names()
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert changed == [("18 09:15 Standup", "18 09:15 Retrospective")]
        await stage.backend.rename(LOCAL, EventReference("standup"), "Daily")
        assert [name.split(" ", 2)[2] for name in await names()].count("Retrospective") == 1

    # ------------------------------------------------------------------ removing

    async def test_removing_and_removing_again(self, stage: Stage) -> None:
        stage.store(DENTIST, STANDUP, STANDUP_MOVED)
        assert await stage.backend.remove(LOCAL, EventReference("dentist"))
        left = stage.stored()
        assert not await stage.backend.remove(LOCAL, EventReference("dentist"))
        assert stage.stored() == left
        assert await stage.backend.remove(LOCAL, EventReference("standup"))
        assert await stage.backend.between(LOCAL, day(16), day(30)) == []
        with pytest.raises(NotInCalendar):
            await stage.backend.move(LOCAL, EventReference("dentist"), NOW, NOW, all_day=False)

    async def test_removing_one_occurrence_leaves_the_series(self, stage: Stage) -> None:
        stage.store(STANDUP, STANDUP_MOVED)
        for number in (18, 23):
            assert await stage.backend.remove(LOCAL, occurrence(number))
            left = stage.stored()
            assert not await stage.backend.remove(LOCAL, occurrence(number))
            assert stage.stored() == left
        found = await stage.backend.between(LOCAL, day(16), day(3, 12))
        assert [f"{entry.start:%d %H:%M}" for entry in found] == ["16 09:15", "30 09:15", "02 09:15"]

    async def test_one_day_of_a_series_of_whole_days(self, stage: Stage) -> None:
        stage.store("UID:c\nDTSTART;VALUE=DATE:20261116\nRRULE:FREQ=DAILY;COUNT=4\nSUMMARY:Camp")
        assert await stage.backend.remove(LOCAL, EventReference("c", date(2026, 11, 18).isoformat()))
        await stage.backend.move(LOCAL, EventReference("c", "2026-11-17"), day(25), day(26), all_day=True)
        found = await stage.backend.between(LOCAL, day(10), day(30))
        assert [entry.start.day for entry in found] == [16, 19, 25]
        assert all(entry.all_day for entry in found)

    async def test_what_other_programs_wrote_into_an_event_survives_changes(self, stage: Stage) -> None:
        stage.store(
            """
            UID:one
            DTSTART:20261117T083000Z
            DURATION:PT30M
            SUMMARY:Dentist
            X-APPLE-TRAVEL-ADVISORY;X-MODE=car:PT15M
            ATTENDEE;CN="Dr. Lam, DDS":mailto:lam@example.org
            ORGANIZER:mailto:me@example.org
            CATEGORIES:HEALTH
            BEGIN:VALARM
            TRIGGER:-PT10M
            ACTION:DISPLAY
            DESCRIPTION:Leave now
            END:VALARM
            """
        )
        await stage.backend.move(LOCAL, EventReference("one"), at(19, 9), at(19, 10), all_day=False)
        (text,) = stage.stored().values()
        for kept in (
            "X-APPLE-TRAVEL-ADVISORY",
            "mailto:lam@example.org",
            "ORGANIZER",
            "HEALTH",
            "TRIGGER",
            "Leave now",
        ):
            assert kept in text
        (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
        assert entry.start == at(19, 9)

    async def test_changes_of_other_programs_are_seen(self, stage: Stage) -> None:
        await stage.backend.add(LOCAL, event("ours"))
        assert len(await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)) == 1
        stage.store(DENTIST)
        found = await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)
        assert {entry.name for entry in found} == {"ours", "Dentist"}
        await stage.backend.remove(LOCAL, EventReference("ours"))
        assert [entry.name for entry in await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)] == ["Dentist"]

    async def test_foreign_words_are_shown_without_control_characters(self, stage: Stage) -> None:
        stage.store("UID:1\nDTSTART:20261117T083000Z\nSUMMARY:Meet\u202eing \u009b31m now\nLOCATION:\u2066here")
        (entry,) = await stage.backend.between(LOCAL, day(16), day(30))
        assert (entry.name, entry.place) == ("Meet ing 31m now", "here")

    # ------------------------------------------------------------------ owners

    async def test_nobody_sees_or_changes_the_calendar_of_another(self, stage: Stage) -> None:
        await stage.backend.add(LOCAL, event("mine"))
        await stage.backend.add(ANNA, event("hers"))
        assert await stage.backend.add(ANNA, event("mine", name="Also hers")), "a UID is of one calendar"
        for owner, other, names in ((LOCAL, ANNA, ["mine"]), (ANNA, LOCAL, ["Also hers", "hers"])):
            found = await stage.backend.between(owner, NOW, NOW + 9 * DAY)
            assert [entry.name for entry in found] == names
            assert await stage.backend.get(other, EventReference("hers"), NOW) is None or other == ANNA
        assert not await stage.backend.remove(LOCAL, EventReference("hers"))
        with pytest.raises(NotInCalendar):
            await stage.backend.move(LOCAL, EventReference("hers"), NOW, NOW, all_day=False)
        assert await stage.backend.remove(LOCAL, EventReference("mine"))
        assert len(await stage.backend.between(ANNA, NOW, NOW + 9 * DAY)) == 2

    # ------------------------------------------------------------------ intents

    async def test_intents_carried_out_again_change_nothing_more(self, stage: Stage, tmp_path: Path) -> None:
        desk = Desk(tmp_path, stage.backend)
        stage.store(DENTIST)
        _, (add,) = await desk.call("add", subject="lunch", when="tomorrow at noon")
        first = await desk.carry_out(add, key="k")
        assert await desk.carry_out(add, key="k", attempt=2) == first
        await desk.carry_out(add, key="another")
        assert [entry.name for entry in await desk.all()] == ["Dentist", "Lunch", "Lunch"]
        _, (move,) = await desk.call("move", which="the dentist", when="Thursday at 3")
        moved, text = await desk.carry_out(move), stage.stored()
        assert await desk.carry_out(move) == moved
        assert stage.stored() == text
        _, (cancel,) = await desk.call("cancel", which="the dentist")
        assert isinstance(cancel, CancelEvent)
        assert await desk.carry_out(cancel) == await desk.carry_out(cancel)
        assert [entry.name for entry in await desk.all()] == ["Lunch", "Lunch"]
        with pytest.raises(IntentError, match="no longer in the calendar"):
            await desk.carry_out(move)
