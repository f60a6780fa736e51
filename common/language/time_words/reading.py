"""Reads one point or one range of time from the expressions of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from common.language.time_words.facts import anchor_of, fact_for
from common.language.time_words.model import Clock, Daypart, Expression, Length, Moment, Period, Window
from common.language.time_words.resolve import Days, Reader, add_length, at_wall, day_words
from common.tool import Fact

__all__ = ["Reading", "merge", "read_moment", "read_span"]

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


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


def merge(expressions: Sequence[Expression]) -> Expression | None:
    """One expression of those in a text: the first that says when, with what others add to it."""
    whens = [expression for expression in expressions if expression.kind != "duration"]
    if not whens:
        return None
    if target := _target(whens):
        return target
    first = replace(whens[0])
    offset = next((expression for expression in whens if expression.anchor_text is not None), None)
    if offset is not None:
        dated = [expression for expression in whens if expression is not offset and expression.anchor_text is None]
        if dated and _only_hour(offset, dated):
            return replace(offset, clock=dated[0].clock, daypart=offset.daypart or dated[0].daypart)
        if dated and (offset.anchor_text or dated[0].clock is not None) and (anchor := merge(dated)):
            return replace(offset, anchor=anchor, anchor_text=None)
        return offset
    for other in whens[1:]:
        _complete(first, other)
    if first.duration is None:
        lengths = [expression for expression in expressions if expression.kind == "duration"]
        first.duration = lengths[0].duration if lengths else None
    return first


def _only_hour(offset: Expression, others: Sequence[Expression]) -> bool:
    """Whether what else is said is but the hour of an offset in days ("the day before the trip at 6pm")."""
    by_clock = offset.shift is not None and offset.shift.by_clock
    return not by_clock and all(other.date is None and other.instant is None for other in others)


def _target(whens: Sequence[Expression]) -> Expression | None:
    """Where something is moved to: of "from Friday … to Monday at 3" the latter."""
    moved = next((expression for expression in whens[1:] if expression.bound == "to"), None)
    if moved is None:
        return None
    target = replace(moved)
    for other in whens[list(whens).index(moved) + 1 :]:
        _complete(target, other)
    return target


def _complete(first: Expression, other: Expression) -> None:
    """Give `first` the parts of `other` that it lacks."""
    if first.instant is not None or other.instant is not None or other.shift is not None:
        return
    if first.shift is not None and first.shift.by_clock:
        return
    first.bound = first.bound or other.bound
    if first.date is None and other.date is not None and other.clock is None:
        first.date, first.date_end = other.date, other.date_end
        first.daypart = first.daypart or other.daypart
    elif first.clock is None and other.clock is not None and other.date is None:
        if first.date_end is None and not isinstance(first.date, Window):
            first.clock, first.clock_end = other.clock, other.clock_end
            first.daypart = first.daypart or other.daypart
    elif first.daypart is None and other.daypart is not None and other.date is None and other.clock is None:
        first.daypart = other.daypart


def read_moment(expression: Expression, reading: Reading, hints: frozenset[str]) -> tuple[Moment, bool] | None:
    """The point in time of one expression and whether it counts from elapsed time; None where it has none."""
    now = reading.now
    if expression.instant is not None:
        start = expression.instant
        start = start.astimezone(now.tzinfo) if start.tzinfo else at_wall(start.date(), start.time(), now.tzinfo)[0]
        return _moment(start, expression, has_time=True)
    if expression.shift is not None and (expression.anchor is not None or expression.anchor_text is not None):
        return _offset(expression, reading, hints)
    if expression.shift is not None and expression.shift.by_clock:
        return _moment(add_length(now, expression.shift, expression.sign), expression, has_time=True)
    days = reading.reader.days(expression.date) if expression.date is not None else None
    if expression.date is not None and days is None:
        return None
    if expression.same_clock:
        return _same_clock(expression, reading)
    if isinstance(expression.date, Window) and expression.date.length.by_clock:
        return _moment(add_length(now, expression.date.length, expression.date.sign), expression, has_time=True)
    if expression.clock is not None:
        return _clocked(expression, expression.clock, days, reading, hints)
    if expression.daypart is not None:
        return _parted(expression, expression.daypart, days, reading)
    return _dated(expression, days, reading) if days is not None else None


def _same_clock(expression: Expression, reading: Reading) -> tuple[Moment, bool] | None:
    """This time tomorrow, same time next week."""
    day = reading.reader.today
    if isinstance(expression.date, Period) and expression.date.unit == "week":
        day += timedelta(days=7 * expression.date.offset)
    elif expression.date is not None:
        days = reading.reader.days(expression.date)
        if days is None:
            return None
        day = days.first
    start, note = at_wall(day, reading.now.time().replace(second=0, microsecond=0), reading.now.tzinfo)
    return _moment(start, expression, has_time=True, note=note)


def _moment(
    start: datetime, expression: Expression, *, has_time: bool, end: datetime | None = None, note: str = ""
) -> tuple[Moment, bool]:
    if expression.repeats:
        note = "; ".join(filter(None, (note, "took only the next one of these")))
    if end is None and expression.duration is not None and expression.duration != Length() and has_time:
        end = add_length(start, expression.duration, 1)
    return Moment(start, end, has_time, "", note), has_time


def _offset(expression: Expression, reading: Reading, hints: frozenset[str]) -> tuple[Moment, bool] | None:
    """An hour before noon, the day before an event at six."""
    timed = True
    if expression.anchor is not None:
        found = read_moment(expression.anchor, reading, hints)
        if found is None:
            return None
        anchor, timed = found[0].start, found[0].has_time
        note = found[0].note
    else:
        fact = fact_for(expression.anchor_text or "", reading.facts)
        instant = anchor_of(fact, reading.now.tzinfo, expression.sign) if fact is not None else None
        if instant is None:
            return None
        anchor, note = instant, ""
    shift = expression.shift or Length()
    start = add_length(anchor, shift, expression.sign)
    part = expression.daypart
    if expression.clock is not None:
        clock, _ = _dial(expression.clock, part, hints, None)
        start, _ = _on(start.date(), clock, reading)
    elif part is not None:
        start, _ = at_wall(start.date(), time(part.usual % 24), reading.now.tzinfo)
    elif not timed and not shift.seconds and reading.default_time is not None:
        start, _ = at_wall(start.date(), reading.default_time, reading.now.tzinfo)
    return _moment(start, expression, has_time=timed or part is not None or expression.clock is not None, note=note)


def _on(day: date, clock: Clock, reading: Reading) -> tuple[datetime, str]:
    """A clock time on a day; 24:00 and later hours belong to the next."""
    extra, minutes = divmod(clock.minutes, 1440)
    wall = time(minutes // 60, minutes % 60, clock.second)
    return at_wall(day + timedelta(days=extra), wall, reading.now.tzinfo)


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
    if "morning" in part or part == "first thing":
        return hour % 12
    if part.endswith("night") or part == "late evening":
        if hour == 12:
            return 24
        return hour + 24 if hour < 5 else hour + 12
    return hour if hour == 12 else hour + 12


def _clocked(
    expression: Expression, clock: Clock, days: Days | None, reading: Reading, hints: frozenset[str]
) -> tuple[Moment, bool] | None:
    """A time of day, on the day that was said or the next one it comes."""
    notes: list[str] = [days.note] if days is not None and days.note else []
    clock = _from_end(clock, expression.clock_end)
    today = reading.reader.today
    if days is not None and (days.first != today or not days.single):
        clock, doubtful = _dial(clock, expression.daypart, hints, days.first)
        start, skipped = _on(days.first, clock, reading)
        if doubtful:
            notes.append(
                f"took {clock.hour % 12 or 12}{f':{clock.minute:02}' if clock.minute else ''} as {start:%H:%M}"
            )
        if expression.clock is not None and expression.clock.hour == 24:
            notes.append(f"took midnight as the end of {day_words(days.first)}")
    else:
        start, skipped = _next(clock, expression, reading, hints, fixed=days is not None, notes=notes)
    if skipped:
        notes.append(skipped)
    end = _range_end(expression, start, reading)
    return _moment(start, expression, has_time=True, end=end, note="; ".join(notes))


def _next(
    clock: Clock, expression: Expression, reading: Reading, hints: frozenset[str], *, fixed: bool, notes: list[str]
) -> tuple[datetime, str]:
    """The next time the clock shows this; with `fixed` only today."""
    now, today = reading.now, reading.reader.today
    part = expression.daypart
    if expression.clock_end is not None and clock.open and part is None:
        clock, _ = _dial(clock, None, hints, None)
    choices = [clock]
    if clock.open:
        settled, _ = _dial(clock, part, hints, None)
        leaning = part is not None or hints & {"morning", "evening", "midday"}
        other = settled.hour % 12 if settled.hour >= 12 else settled.hour + 12
        leaning = leaning or expression.repeats
        choices = [settled] if leaning else sorted((settled, replace(settled, hour=other)), key=lambda c: c.hour)
    options = [_on(today, choice, reading) for choice in choices]
    future = [option for option in options if option[0] > now]
    if len(choices) > 1 and (future or not fixed):
        chosen = future[0] if future else _on(today + _DAY, choices[0], reading)
        day = "" if chosen[0].date() == today else f" on {day_words(chosen[0].date())}"
        notes.append(f"took {clock.hour}{f':{clock.minute:02}' if clock.minute else ''} as {chosen[0]:%H:%M}{day}")
        return chosen
    if future or fixed:
        return future[0] if future else options[-1]
    chosen = _on(today + _DAY, choices[-1], reading)
    notes.append(f"{options[-1][0]:%H:%M} has passed today, took {day_words(chosen[0].date())}")
    return chosen


def _from_end(clock: Clock, end: Clock | None) -> Clock:
    """The start of "2 to 4 pm": on the half of the day that its end says."""
    if end is None or not clock.open or end.open:
        return clock
    late = clock.minutes % 720 + 720
    return replace(clock, hour=late // 60 if late < end.minutes else clock.hour % 12, open=False)


def _range_end(expression: Expression, start: datetime, reading: Reading) -> datetime | None:
    end = expression.clock_end
    if end is None:
        return None
    day = start.date()
    minutes = end.minutes
    at = start.hour * 60 + start.minute
    if end.open:
        minutes = next((m for m in (minutes % 720, minutes % 720 + 720) if m > at), minutes % 720)
    if minutes <= at:
        minutes += 1440
    return _on(day, Clock(minutes // 60, minutes % 60), reading)[0]


def _parted(expression: Expression, part: Daypart, days: Days | None, reading: Reading) -> tuple[Moment, bool] | None:
    """A part of a day: its usual hour, or the next full hour where that has passed and the part is not over."""
    now, today = reading.now, reading.reader.today
    day = days.first if days is not None else today
    start, _ = at_wall(day, time(part.usual % 24), now.tzinfo)
    note = days.note if days is not None else ""
    if days is None and start <= now:
        start, _ = at_wall(today + _DAY, time(part.usual % 24), now.tzinfo)
    elif day == today and start <= now and now.hour < part.last:
        start = (now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR).astimezone(now.tzinfo)
        start = start - timedelta(minutes=start.minute)
    article = "" if part.name == "first thing" or part.name.endswith("tonight") else "the "
    took = f"took {article}{part.name} as {start:%H:%M}"
    return _moment(start, expression, has_time=True, note="; ".join(filter(None, (note, took))))


def _dated(expression: Expression, days: Days, reading: Reading) -> tuple[Moment, bool]:
    zone = reading.now.tzinfo
    start, skipped = at_wall(days.first, reading.default_time or time(0), zone)
    end = None
    note = days.note or (skipped if reading.default_time else "")
    if expression.date_end is not None:
        last = _last_day(expression, days, reading)
        end = at_wall(last, time(0), zone)[0]
    elif not days.single:
        end = at_wall(days.last, time(0), zone)[0]
    return Moment(start, end, False, "", note), False


def _last_day(expression: Expression, days: Days, reading: Reading) -> date:
    """The day after the last of a range of dates."""
    end = reading.reader.days(expression.date_end) if expression.date_end is not None else None
    if end is None:
        return days.last
    last = end.last
    while last <= days.first:
        last += timedelta(days=7)
    return last


def read_span(expression: Expression, reading: Reading, hints: frozenset[str]) -> tuple[datetime, datetime] | None:
    """The range of time of one expression; see `read_range`."""
    now, zone = reading.now, reading.now.tzinfo
    window = expression.date if isinstance(expression.date, Window) else None
    if window is not None and window.length.by_clock:
        other = add_length(now, window.length, window.sign)
        return (now, other) if window.sign > 0 else (other, now)
    moment = read_moment(expression, reading, hints)
    if moment is None:
        return None
    start = moment[0].start
    if expression.bound == "within" and start > now:
        return now, start
    days = reading.reader.days(expression.date) if expression.date is not None else None
    if expression.clock is None and expression.daypart is None and expression.shift is None and days is not None:
        first = at_wall(days.first, time(0), zone)[0]
        end = moment[0].end or at_wall(days.last, time(0), zone)[0]
        return _bounded(expression.bound, first, end, now)
    if expression.clock is None and expression.daypart is not None and expression.shift is None:
        day = days.first if days is not None else start.date()
        part = expression.daypart
        first = at_wall(day, time(part.first), zone)[0]
        last = at_wall(day + timedelta(days=part.last // 24), time(part.last % 24), zone)[0]
        return _bounded(expression.bound, first, last, now)
    if expression.bound in ("before", "until", "by") and moment[0].end is None:
        day = (start - timedelta(microseconds=1)).date()
        opening = at_wall(day, time(0), zone)[0]
        return (max(opening, now) if day == now.date() and now < start else opening), start
    if expression.bound in ("after", "since", "from") and moment[0].end is None:
        return start, at_wall(start.date() + _DAY, time(0), zone)[0]
    return start, moment[0].end or start + _HOUR


def _bounded(bound: str, first: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    if bound in ("until", "by") and end > now:
        return now, end
    if bound == "before" and first > now:
        return now, first
    if bound == "since" and first < now:
        return first, now
    return first, end
