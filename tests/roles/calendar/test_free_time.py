"""Free time, as a rule for all calendars and by hand over clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from roles.calendar.free_time import Slot, day_windows, free_slots
from tests.roles.calendar.calendars import ZURICH

MONDAY = datetime(2026, 11, 16, tzinfo=ZURICH)
minutes = st.integers(0, 3 * 24 * 60)
busy_slots = st.lists(st.tuples(minutes, st.integers(0, 600)), max_size=12)


def after(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


@given(busy_slots, st.integers(1, 600), st.integers(0, 600), st.integers(601, 3 * 24 * 60))
def test_free_slots_are_all_the_free_time_there_is(
    spans: list[tuple[int, int]], length: int, first: int, last: int
) -> None:
    busy = [Slot(after(start), after(start + size)) for start, size in spans]
    windows = list(day_windows(after(first), after(last), time(8), time(18)))
    wanted = timedelta(minutes=length)
    found = free_slots(windows, busy, wanted)
    taken = {minute for start, size in spans for minute in range(start, start + size)}
    open_minutes = {minute for minute in range(first, last) if 8 <= (minute % 1440) // 60 < 18 and minute not in taken}
    offered: set[int] = set()
    for slot in found:
        begin, end = ((moment - MONDAY) // timedelta(minutes=1) for moment in slot)
        assert end - begin >= length
        inside = set(range(begin, end))
        assert inside <= open_minutes
        assert not inside & offered
        offered |= inside
    for minute in open_minutes - offered:
        run = {minute}
        for step in (1, -1):
            at = minute + step
            while at in open_minutes and at // 1440 == minute // 1440:
                run.add(at)
                at += step
        assert len(run) < length, "a stretch that is long enough was not offered"


def test_a_day_on_which_clocks_skip_an_hour_has_one_less() -> None:
    """28 March 2027, 02:00 to 03:00 does not exist in Zurich."""
    day = datetime(2027, 3, 28, tzinfo=ZURICH)
    (window,) = day_windows(day, datetime(2027, 3, 29, tzinfo=ZURICH), time(1), time(5))
    assert window.end.astimezone(UTC) - window.start.astimezone(UTC) == timedelta(hours=3)
    assert free_slots([window], [], timedelta(hours=3, minutes=1)) == []
    assert free_slots([window], [], timedelta(hours=3)) == [window]


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    windows = list(day_windows(MONDAY, MONDAY + timedelta(days=1), time(20), time(2)))
    assert [(f"{slot.start:%d %H:%M}", f"{slot.end:%d %H:%M}") for slot in windows] == [
        ("16 00:00", "16 02:00"),
        ("16 20:00", "17 00:00"),
    ]


def test_what_takes_no_time_blocks_none() -> None:
    window = Slot(after(0), after(60))
    assert free_slots([window], [Slot(after(30), after(30))], timedelta(hours=1)) == [window]
