"""Reads the point in time of one expression against a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from common.language.time_words.facts import anchor_of, fact_for
from common.language.time_words.model import (
    Clock,
    DateSpec,
    Daypart,
    Expression,
    FixedDate,
    Length,
    Moment,
    MonthDay,
    Period,
    Window,
)
from common.language.time_words.resolve import Days, Reader, add_length, at_wall, day_words
from common.tool import Fact

__all__ = ["Reading", "read_moment"]

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_SMALL_HOURS = 5
"""Before this hour "tonight" is the night that runs."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What expressions are read against: the clock, facts, and the time of day where none was said."""

    reader: Reader
    facts: Sequence[Fact] = ()
    default_time: time | None = None

    @property
    def now(self) -> datetime:
        """The clock, aware."""
        return self.reader.now


def read_moment(expression: Expression, reading: Reading, hints: frozenset[str]) -> Moment | None:
    """The point in time of one expression; None where it has none. Its `span` is left empty."""
    now = reading.now
    if expression.instant is not None:
        start, note = expression.instant, ""
        if start.tzinfo is None:
            start, note = at_wall(start.date(), start.time(), now.tzinfo)
        return _moment(start.astimezone(now.tzinfo), expression, has_time=True, notes=[note])
    if expression.shift is not None and (expression.anchor is not None or expression.anchor_text is not None):
        return _offset(expression, reading, hints)
    if expression.shift is not None and expression.shift.by_clock:
        start = add_length(now, expression.shift, expression.sign)[0]
        return _moment(start, expression, has_time=True, notes=[expression.shift.note])
    days = reading.reader.days(expression.date) if expression.date is not None else None
    if expression.date is not None and days is None:
        return None
    if expression.same_clock:
        return _same_clock(expression, days, reading)
    if isinstance(expression.date, Window) and expression.date.length.by_clock:
        start = add_length(now, expression.date.length, expression.date.sign)[0]
        return _moment(start, expression, has_time=True, notes=[expression.date.length.note])
    if expression.clock is not None:
        return _clocked(expression, expression.clock, days, reading, hints)
    if expression.daypart is not None:
        return _parted(expression, expression.daypart, days, reading)
    return _dated(expression, days, reading) if days is not None else None


def _same_clock(expression: Expression, days: Days | None, reading: Reading) -> Moment:
    """This time tomorrow, same time next week."""
    day = reading.reader.today
    if isinstance(expression.date, Period) and expression.date.unit == "week":
        day += timedelta(days=7 * expression.date.offset)
    elif days is not None:
        day = days.first
    start, changed = at_wall(day, reading.now.time().replace(second=0, microsecond=0), reading.now.tzinfo)
    return _moment(start, expression, has_time=True, notes=[days.note if days is not None else "", changed])


def _moment(
    start: datetime,
    expression: Expression,
    *,
    has_time: bool,
    end: datetime | None = None,
    notes: Sequence[str] = (),
) -> Moment:
    repeated = "took only the next one of these" if expression.repeats else ""
    length = expression.duration
    if end is None and length is not None and length != Length() and has_time:
        end = add_length(start, length, 1)[0]
        notes = [*notes, length.note]
    said = dict.fromkeys(note for note in [*notes, repeated] if note)
    return Moment(start, end, has_time, "", "; ".join(said))


def _offset(expression: Expression, reading: Reading, hints: frozenset[str]) -> Moment | None:
    """An hour before noon, the day before an event at six."""
    counted = _counted_from(expression, reading, hints)
    if counted is None:
        return None
    anchor, timed, note = counted
    shift = expression.shift or Length()
    start, changed = add_length(anchor, shift, expression.sign)
    part = expression.daypart
    if expression.clock is not None:
        clock = _dial(expression.clock, part, hints, None)[0]
        start, changed = _on(start.date(), clock, reading)
    elif part is not None:
        start, changed = at_wall(start.date(), time(part.usual % 24), reading.now.tzinfo)
    elif not timed and not shift.seconds and reading.default_time is not None:
        start, changed = at_wall(start.date(), reading.default_time, reading.now.tzinfo)
    timed = timed or part is not None or expression.clock is not None
    return _moment(start, expression, has_time=timed, notes=[note, shift.note, changed])


def _counted_from(expression: Expression, reading: Reading, hints: frozenset[str]) -> tuple[datetime, bool, str] | None:
    """What an offset counts from: the instant, whether it has a time of day, and a note."""
    if expression.anchor is not None:
        found = read_moment(expression.anchor, reading, hints)
        return (found.start, found.has_time, found.note) if found is not None else None
    fact = fact_for(expression.anchor_text or "", reading.facts)
    instant = anchor_of(fact, reading.now.tzinfo, expression.sign) if fact is not None else None
    return (instant, True, "") if instant is not None else None


def _on(day: date, clock: Clock, reading: Reading) -> tuple[datetime, str]:
    """A clock time on a day; 24:00 and later hours belong to the next."""
    extra, minutes = divmod(clock.minutes, 1440)
    wall = time(minutes // 60, minutes % 60, clock.second)
    return at_wall(day + timedelta(days=extra), wall, reading.now.tzinfo, second_time=clock.second_time)


def _dial(clock: Clock, part: Daypart | None, hints: frozenset[str], day: date | None) -> tuple[Clock, bool]:
    """The hour of an open clock on a day that is not today, and whether the other reading was likely too."""
    if not clock.open:
        return clock, False
    hour = clock.hour
    if part is not None:
        return replace(clock, hour=_by_part(hour, part.name), open=False), False
    early = "morning" in hints or ("alarm" in hints and day is not None and not hints & {"evening", "midday"})
    if early and 3 <= hour <= 11:
        return replace(clock, open=False), False
    if "evening" in hints and 4 <= hour <= 11:
        return replace(clock, hour=hour + 12, open=False), False
    if "midday" in hints:
        return replace(clock, hour=hour + 12 if hour < 6 else hour, open=False), False
    later = 1 <= hour <= 6
    return replace(clock, hour=hour + 12 if later else hour, open=False), 5 <= hour <= 9 and day is not None


def _by_part(hour: int, part: str) -> int:
    if "morning" in part or part in ("first thing", "early hours", "middle of the night"):
        return hour % 12
    if part.endswith("night") or part in ("late evening", "last thing"):
        if hour == 12:
            return 24
        return hour + 24 if hour < 5 else hour + 12
    return hour if hour == 12 else hour + 12


def _clocked(
    expression: Expression, clock: Clock, days: Days | None, reading: Reading, hints: frozenset[str]
) -> Moment | None:
    """A time of day, on the day that was said or the next one it comes."""
    notes: list[str] = [days.note] if days is not None else []
    clock = _from_end(clock, expression.clock_end) if expression.date_end is None else clock
    today = reading.reader.today
    if clock.any_hour:
        if days is not None and days.first != today:
            return None
        start, changed = _within_the_hour(clock, reading.now), ""
        notes.append(f"took {clock.words} as {start:%H:%M}")
    elif days is not None and (days.first != today or not days.single or _written_out(expression.date)):
        start, changed = _on_day(expression, clock, days.first, reading, hints, notes)
    else:
        start, changed = _next(clock, expression, reading, hints, fixed=days is not None, notes=notes)
    end, late = _range_end(expression, start, reading)
    return _moment(start, expression, has_time=True, end=end, notes=[*notes, changed, late])


def _written_out(spec: DateSpec | None) -> bool:
    """Whether a date is told with its year, so that "11:00" on it is no hour still to come today."""
    return isinstance(spec, FixedDate) or (isinstance(spec, MonthDay) and (spec.year or 0) > 1)


def _within_the_hour(clock: Clock, now: datetime) -> datetime:
    """The next time that clocks show these minutes, whatever the hour."""
    zone = now.tzinfo
    shown = now.replace(minute=clock.minute % 60, second=0, microsecond=0)
    shown = shown.astimezone(UTC)
    return (shown if shown > now else shown + _HOUR).astimezone(zone)


def _on_day(
    expression: Expression, said: Clock, day: date, reading: Reading, hints: frozenset[str], notes: list[str]
) -> tuple[datetime, str]:
    """A time of day on a day that was named."""
    clock, doubtful = _dial(said, expression.daypart, hints, day)
    start, changed = _on(day, clock, reading)
    if said.hour == 24:
        notes.append(f"took midnight as the end of {day_words(day)}")
    elif said.said == "12 am":
        notes.append(f"took 12 am as the start of {day_words(day)}")
    elif clock.hour > 24 or (clock.hour == 24 and clock.minute):
        notes.append(f"took {said.words} as {start:%H:%M} on {day_words(start.date())}")
    elif doubtful or said.said:
        notes.append(f"took {said.words} as {start:%H:%M}")
    return start, changed


def _next(
    said: Clock, expression: Expression, reading: Reading, hints: frozenset[str], *, fixed: bool, notes: list[str]
) -> tuple[datetime, str]:
    """The next time the clock shows this; with `fixed` only today."""
    now, today = reading.now, reading.reader.today
    choices = _choices(said, expression, hints)
    options = [_on(today, choice, reading) for choice in choices]
    if expression.past:
        gone = [option for option in options if option[0] <= now]
        return gone[-1] if gone else options[0]
    if fixed and hints and expression.daypart is None and all(option[0] <= now for option in options):
        choices = _choices(said, expression, frozenset())  # school speaks for the morning, but that has passed
        options = [_on(today, choice, reading) for choice in choices]
    if len(choices) == 1 and choices[0].hour >= 24 and now.hour < _SMALL_HOURS and choices[0].minutes > 1440:
        options.insert(0, _on(today - _DAY, choices[0], reading))
    future = [option for option in options if option[0] > now or (fixed and option[0] == now.replace(microsecond=0))]
    if len(choices) > 1 and (future or not fixed):
        chosen = future[0] if future else _on(today + _DAY, choices[0], reading)
        notes.append(_taken(said, chosen[0], today))
        return chosen
    if future or fixed:
        chosen = future[0] if future else options[-1]
        if said.said not in ("", "12 am") or choices[0].minutes > 1440:
            notes.append(_taken(said, chosen[0], today))
        return chosen
    chosen = _on(today + _DAY, choices[-1], reading)
    if said.said not in ("", "12 am"):
        notes.append(_taken(said, chosen[0], today))
    elif choices[-1].hour >= 12 or now.hour < 12:
        notes.append(f"{options[-1][0]:%H:%M} has passed today, took {day_words(chosen[0].date())}")
    return chosen


def _taken(said: Clock, start: datetime, today: date) -> str:
    day = "" if start.date() == today else f" on {day_words(start.date())}"
    return f"took {said.words} as {start:%H:%M}{day}"


def _choices(clock: Clock, expression: Expression, hints: frozenset[str]) -> list[Clock]:
    """The one time of day that is meant, or both halves of the day in order."""
    part = expression.daypart
    if expression.clock_end is not None and clock.open and part is None:
        clock = _dial(clock, None, hints, None)[0]
    if not clock.open:
        return [clock]
    settled = _dial(clock, part, hints, None)[0]
    if part is not None or hints & {"morning", "evening", "midday"} or expression.repeats:
        return [settled]
    other = settled.hour % 12 if settled.hour >= 12 else settled.hour + 12
    return sorted((settled, replace(settled, hour=other)), key=lambda choice: choice.hour)


def _from_end(clock: Clock, end: Clock | None) -> Clock:
    """The start of "2 to 4 pm" is on the half of the day that its end says, that of "10:00–23:00" as it stands."""
    if end is None or not clock.open or end.open:
        return clock
    if not end.marked:
        return replace(clock, open=False)
    late = clock.minutes % 720 + 720
    return replace(clock, hour=late // 60 if late < end.minutes else clock.hour % 12, open=False)


def _range_end(expression: Expression, start: datetime, reading: Reading) -> tuple[datetime | None, str]:
    end = expression.clock_end
    if end is None:
        return None, ""
    day, at = start.date(), start.hour * 60 + start.minute
    if expression.date_end is not None:
        last = reading.reader.days(expression.date_end)
        if last is None:
            return None, ""
        day = last.first + timedelta(days=7 * max(0, -((last.first - day).days // 7)))
        if day != start.date():
            clock = _dial(end, None, frozenset(), None)[0]
            return _on(day, clock, reading)
    minutes = end.minutes
    if end.open:
        minutes = next((m for m in (minutes % 720, minutes % 720 + 720) if m > at), minutes % 720)
    if minutes <= at:
        minutes += 1440
    return _on(day, replace(end, hour=minutes // 60, minute=minutes % 60), reading)


def _parted(expression: Expression, part: Daypart, days: Days | None, reading: Reading) -> Moment:
    """A part of a day: its usual hour, or the next full hour where that has passed and the part is not over."""
    now, today = reading.now, reading.reader.today
    day = days.first if days is not None else today
    start, changed = at_wall(day, time(part.usual % 24), now.tzinfo)
    if days is None and start <= now:
        start, changed = at_wall(today + _DAY, time(part.usual % 24), now.tzinfo)
    elif day == today and start <= now and now.hour < part.last and not expression.past:
        start, changed = _full_hour_after(now), ""
    rolled = f" on {day_words(start.date())}" if days is None and start.date() != today else ""
    took = f"took {part.words} as {start:%H:%M}{rolled}"
    noted = days.note if days is not None else ""
    end = None
    if expression.date_end is not None and days is not None:
        end = at_wall(_last_day(expression, days, reading), time(0), now.tzinfo)[0]
    return _moment(start, expression, has_time=True, end=end, notes=[noted, took, changed])


def _full_hour_after(now: datetime) -> datetime:
    """The next time that clocks show a full hour."""
    hour = now.replace(minute=0, second=0, microsecond=0).astimezone(UTC) + _HOUR
    return hour.astimezone(now.tzinfo)


def _dated(expression: Expression, days: Days, reading: Reading) -> Moment:
    zone = reading.now.tzinfo
    start, changed = at_wall(days.first, reading.default_time or time(0), zone)
    end = None
    if expression.date_end is not None:
        end = at_wall(_last_day(expression, days, reading), time(0), zone)[0]
    elif not days.single:
        end = at_wall(days.last, time(0), zone)[0]
    notes = [days.note, changed if reading.default_time else ""]
    return _moment(start, expression, has_time=False, end=end, notes=notes)


def _last_day(expression: Expression, days: Days, reading: Reading) -> date:
    """The day after the last of a range of dates."""
    end = reading.reader.days(expression.date_end) if expression.date_end is not None else None
    if end is None:
        return days.last
    last = end.last
    while last <= days.first:
        last += timedelta(days=7)
    return last
