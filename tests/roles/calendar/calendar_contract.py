"""What every calendar must do, wherever it keeps its events; inherited by the tests of each implementation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from roles.calendar.backend import EventReference, NewEvent, NotInCalendar, Occurrence
from tests.roles.calendar.calendar_stage import (
    DAY,
    DENTIST,
    HOUR,
    NEW_YORK,
    STANDUP,
    STANDUP_MOVED,
    TOKYO,
    Stage,
    at,
    day,
    event,
    occurrence,
)
from tests.roles.calendar.calendars import LOCAL, NOW, OFFICE, ZURICH
from tests.roles.calendar.changing_contract import ChangingContract

__all__ = ["CalendarContract"]


class CalendarContract(ChangingContract):
    """Inherit it and give it a fixture `stage`, a `Stage`."""

    # ------------------------------------------------------------------ adding

    async def test_what_is_added_is_there_in_the_zone_it_is_asked_for(self, stage: Stage) -> None:
        assert await stage.backend.add(LOCAL, event("trip", at(21, 9), name="Mountain trip", place="Zermatt"))
        (entry,) = await stage.backend.between(LOCAL, day(21), day(22))
        assert entry == Occurrence(
            EventReference("trip"), "Mountain trip", at(21, 9), at(21, 10), place="Zermatt", recurring=False
        )
        assert entry.start.tzinfo == ZURICH
        (there,) = await stage.backend.between(LOCAL, day(21, zone=NEW_YORK), day(22, zone=NEW_YORK))
        assert there.start == at(21, 9)
        assert there.start.tzinfo == NEW_YORK
        assert there.start.hour == 3

    async def test_adding_a_uid_twice_makes_one_entry(self, stage: Stage) -> None:
        assert await stage.backend.add(LOCAL, event("one"))
        before = stage.stored()
        assert not await stage.backend.add(LOCAL, event("one"))
        assert not await stage.backend.add(LOCAL, event("one", NOW + 3 * DAY, name="Another name"))
        assert stage.stored() == before
        assert [entry.name for entry in await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)] == ["one"]

    async def test_of_many_adding_a_uid_at_once_one_does(self, stage: Stage) -> None:
        told: list[bool] = []

        async def add() -> None:
            told.append(await stage.backend.add(LOCAL, event("one")))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(add)
        assert sorted(told) == [False, False, False, False, True]
        assert len(await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)) == 1

    async def test_many_events_added_at_once_are_all_there(self, stage: Stage) -> None:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(stage.backend.add, LOCAL, event(f"e{number}", NOW + number * HOUR))
        found = await stage.backend.between(LOCAL, NOW - DAY, NOW + 9 * DAY)
        assert [entry.name for entry in found] == [f"e{number}" for number in range(8)]

    NAMES = (
        "Lunch, then a walk; maybe",
        "Zürich – Genève 🚆",
        'a "quoted" \\n backslash',
        "x" * 300,
        "<b>&amp;</b> ]]> &#0;",
    )

    @pytest.mark.parametrize("name", NAMES)
    async def test_names_are_read_back_as_they_were(self, stage: Stage, name: str) -> None:
        await stage.backend.add(LOCAL, event("one", name=name, place=name))
        (entry,) = await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)
        assert (entry.name, entry.place) == (name, name)

    @pytest.mark.parametrize("uid", ["a/../b", "x@example.org", "with space & <tag>", "ü" * 40, "%2e%2e%2f", "u" * 400])
    async def test_any_uid_names_its_event(self, stage: Stage, uid: str) -> None:
        assert await stage.backend.add(LOCAL, event(uid, name="Odd"))
        assert await stage.backend.add(LOCAL, event(f"{uid}2", name="Other"))
        assert not await stage.backend.add(LOCAL, event(uid, name="Odd"))
        assert await stage.backend.get(LOCAL, EventReference(uid), NOW) is not None
        assert await stage.backend.remove(LOCAL, EventReference(uid))
        assert [entry.name for entry in await stage.backend.between(LOCAL, NOW, NOW + 9 * DAY)] == ["Other"]

    @pytest.mark.parametrize("fold", [0, 1])
    async def test_both_passes_of_the_hour_that_clocks_go_back_over(self, stage: Stage, fold: int) -> None:
        start = at(25, 2, 30, month=10, fold=fold).astimezone(UTC)
        await stage.backend.add(LOCAL, NewEvent("night", "Night", start.astimezone(ZURICH), start + HOUR / 4))
        (entry,) = await stage.backend.between(LOCAL, day(25, 10), day(26, 10))
        assert entry.start.astimezone(UTC) == start
        assert entry.end.astimezone(UTC) - start == HOUR / 4

    async def test_the_day_that_is_an_hour_shorter(self, stage: Stage) -> None:
        start = datetime(2027, 3, 28, 1, 30, tzinfo=ZURICH)
        end = datetime(2027, 3, 28, 3, 30, tzinfo=ZURICH)
        await stage.backend.add(LOCAL, NewEvent("short", "Short", start, end))
        (entry,) = await stage.backend.between(LOCAL, day(28, 3, 2027), day(29, 3, 2027))
        assert (entry.start, entry.end) == (start, end)
        assert entry.end.astimezone(UTC) - entry.start.astimezone(UTC) == HOUR

    async def test_whole_days_are_days_wherever_they_are_asked_from(self, stage: Stage) -> None:
        await stage.backend.add(LOCAL, NewEvent("camp", "Camp", day(23), day(26), all_day=True))
        (entry,) = await stage.backend.between(LOCAL, day(25), day(26))
        assert (entry.all_day, entry.start, entry.end) == (True, day(23), day(26))
        (there,) = await stage.backend.between(LOCAL, day(23, zone=TOKYO), day(24, zone=TOKYO))
        assert (there.start, there.end) == (day(23, zone=TOKYO), day(26, zone=TOKYO))
        assert await stage.backend.between(LOCAL, day(22), day(23)) == []
        assert await stage.backend.between(LOCAL, day(26), day(27)) == []

    # ------------------------------------------------------------------ reading

    async def test_the_edges_of_a_range(self, stage: Stage) -> None:
        await stage.backend.add(LOCAL, event("nine", at(20, 9)))
        await stage.backend.add(LOCAL, event("instant", at(20, 12), timedelta(0)))

        async def names(start: datetime, end: datetime) -> list[str]:
            return [entry.name for entry in await stage.backend.between(LOCAL, start, end)]

        assert await names(at(20, 8), at(20, 9)) == []
        assert await names(at(20, 10), at(20, 11)) == []
        assert await names(at(20, 9, 59), at(20, 10, 30)) == ["nine"]
        assert await names(at(20, 8), at(20, 9, 1)) == ["nine"]
        assert await names(at(20, 9, 15), at(20, 9, 30)) == ["nine"]
        assert await names(at(20, 12), at(20, 12, 1)) == ["instant"]
        assert await names(at(20, 11), at(20, 12)) == []

    async def test_entries_come_by_start_and_span_days(self, stage: Stage) -> None:
        await stage.backend.add(LOCAL, event("late", at(20, 18)))
        await stage.backend.add(LOCAL, event("early", at(20, 7)))
        await stage.backend.add(LOCAL, event("long", at(18, 22), timedelta(days=2)))
        found = await stage.backend.between(LOCAL, day(20), day(21))
        assert [entry.name for entry in found] == ["long", "early", "late"]

    async def test_recurring_events_with_exceptions(self, stage: Stage) -> None:
        stage.store(STANDUP, STANDUP_MOVED)
        found = await stage.backend.between(LOCAL, day(16), day(3, 12))
        assert [(f"{entry.start:%d %H:%M}", entry.name) for entry in found] == [
            ("16 09:15", "Standup"),
            ("18 09:15", "Standup"),
            ("24 14:00", "Standup (moved)"),
            ("30 09:15", "Standup"),
            ("02 09:15", "Standup"),
        ]
        assert [entry.reference for entry in found][:3] == [occurrence(16), occurrence(18), occurrence(23)]
        assert all(entry.recurring for entry in found)

    RULES = (
        ("20261016T170000", "FREQ=DAILY;COUNT=3", ["10-16", "10-17", "10-18"]),
        ("20261016T170000", "FREQ=DAILY;UNTIL=20261018T150000Z", ["10-16", "10-17", "10-18"]),
        ("20261030T170000", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", ["10-30", "11-27", "12-25"]),
        ("20261016T170000", "FREQ=WEEKLY;INTERVAL=2;COUNT=3", ["10-16", "10-30", "11-13"]),
    )

    @pytest.mark.parametrize(("start", "rule", "dates"), RULES)
    async def test_rules(self, stage: Stage, start: str, rule: str, dates: list[str]) -> None:
        stage.store(
            f"UID:1\nDTSTART;TZID=Europe/Zurich:{start}\nDURATION:PT1H\nRRULE:{rule}\nSUMMARY:Drinks",
        )
        found = await stage.backend.between(LOCAL, day(1, 10), day(1, 2, 2027))
        assert [f"{entry.start:%m-%d}" for entry in found] == dates
        assert {f"{entry.start:%H:%M}–{entry.end:%H:%M}" for entry in found} == {"17:00–18:00"}

    async def test_a_series_of_years_ago_is_found_today(self, stage: Stage) -> None:
        stage.store(
            "UID:b\nDTSTART;VALUE=DATE:19900117\nRRULE:FREQ=YEARLY\nSUMMARY:Birthday\nTRANSP:TRANSPARENT",
            "UID:r\nDTSTART;TZID=Europe/Zurich:20150105T200000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY\nSUMMARY:Choir",
        )
        found = await stage.backend.between(LOCAL, day(17, 1, 2028), day(18, 1, 2028))
        assert [(entry.name, entry.all_day, entry.free) for entry in found] == [
            ("Birthday", True, True),
            ("Choir", False, False),
        ]

    async def test_a_series_changes_its_hour_when_the_zones_change_apart(self, stage: Stage) -> None:
        stage.store(
            "UID:1\nDTSTART;TZID=America/New_York:20261019T100000\nDURATION:PT45M\nRRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:C"
        )
        found = await stage.backend.between(LOCAL, day(1, 10), day(1, 12))
        assert [f"{entry.start:%d %H:%M}" for entry in found] == ["19 16:00", "26 15:00", "02 16:00", "09 16:00"]

    async def test_an_occurrence_moved_into_the_range_from_far_away_is_found(self, stage: Stage) -> None:
        stage.store(
            "UID:1\nDTSTART:20260101T090000Z\nDTEND:20260101T100000Z\nRRULE:FREQ=MONTHLY;COUNT=6\nSUMMARY:Board",
            "UID:1\nRECURRENCE-ID:20260601T090000Z\nDTSTART:20261117T090000Z\nDTEND:20261117T100000Z\nSUMMARY:Board",
        )
        (entry,) = await stage.backend.between(LOCAL, day(17), day(18))
        assert entry.reference == EventReference("1", "2026-06-01T09:00:00+00:00")

    async def test_what_is_cancelled_is_left_out(self, stage: Stage) -> None:
        stage.store(
            "UID:off\nDTSTART:20261117T090000Z\nDTEND:20261117T100000Z\nSTATUS:CANCELLED\nSUMMARY:Off",
            STANDUP,
            STANDUP_MOVED.replace("SUMMARY:Standup (moved)", "STATUS:CANCELLED\n    SUMMARY:Standup"),
        )
        found = await stage.backend.between(LOCAL, day(16), day(27))
        assert [f"{entry.start:%d}" for entry in found] == ["16", "18"]

    async def test_times_without_zone_are_in_the_zone_of_who_asks(self, stage: Stage) -> None:
        stage.store("UID:1\nDTSTART:20261120T003000\nDTEND:20261120T010000\nSUMMARY:Floating")
        for zone in (ZURICH, TOKYO, NEW_YORK):
            (entry,) = await stage.backend.between(LOCAL, day(20, zone=zone), day(21, zone=zone))
            assert entry.start == datetime(2026, 11, 20, 0, 30, tzinfo=zone)

    ZONES = ("My Office", "W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin")

    @pytest.mark.parametrize("name", ZONES)
    async def test_zones_as_other_programs_write_them(self, stage: Stage, name: str) -> None:
        stage.store(
            OFFICE.replace("My Office", name),
            f"UID:1\nDTSTART;TZID={name}:20261024T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:Lunch",
        )
        found = await stage.backend.between(LOCAL, day(20, 10), day(30, 10))
        assert [f"{entry.start.astimezone(UTC):%d %H}" for entry in found] == ["24 10", "25 11"]

    async def test_one_entry_by_its_reference(self, stage: Stage) -> None:
        stage.store(STANDUP, STANDUP_MOVED, DENTIST)

        async def start(reference: EventReference) -> datetime | None:
            found = await stage.backend.get(LOCAL, reference, NOW)
            return found.start if found is not None else None

        assert await start(EventReference("dentist")) == at(17, 9, 30)
        assert await start(EventReference("standup")) == at(16, 9, 15)
        assert await start(occurrence(23)) == at(24, 14)
        assert await start(occurrence(25)) is None, "it was taken out"
        assert await start(occurrence(26)) is None, "there is none on that day"
        assert await start(EventReference("none")) is None
        assert await start(EventReference("dent")) is None, "a UID is named whole"

    async def test_references_to_nothing(self, stage: Stage) -> None:
        before = stage.stored()
        assert not await stage.backend.remove(LOCAL, EventReference("none"))
        assert not await stage.backend.remove(LOCAL, EventReference("none", "2026-11-17"))
        for reference in (EventReference("none"), EventReference("none", "2026-11-17"), EventReference("")):
            with pytest.raises(NotInCalendar):
                await stage.backend.move(LOCAL, reference, NOW, NOW, all_day=False)
        assert stage.stored() == before
