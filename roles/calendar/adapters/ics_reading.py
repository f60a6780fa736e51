"""Reads the entries of an .ics text: recurring events, exceptions, time zones, all-day events.

The reading is icalendar's and recurring-ical-events'; both are imported only when a calendar is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from roles.calendar.adapters.ics_text import BrokenIcs, IcsText, TextBlock, printable
from roles.calendar.adapters.ics_zones import text_with_own_zones
from roles.calendar.backend import EventReference, Occurrence

if TYPE_CHECKING:
    from recurring_ical_events import CalendarQuery

__all__ = ["PAD", "IcsCalendar", "Stored", "by_start", "iso_of", "moment_of", "value_of_iso"]

_MATTERS = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_STEP_SECONDS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600}
_MAX_STEPS = 400_000
"""Repetitions of one series that are counted through at most."""
_MAX_WORDS = 1_000
PAD = timedelta(days=2)
"""How far around a range is looked, so that days and times without a zone are found wherever they are asked from."""
_UNREADABLE = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, AssertionError)


def moment_of(value: date | datetime, zone: tzinfo | None) -> datetime:
    """A date or time of a calendar as an aware time in `zone`; a date as its midnight there."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=zone)
    return value.astimezone(zone) if value.tzinfo is not None else value.replace(tzinfo=zone)


def iso_of(value: date | datetime, floating: tzinfo | None = None) -> str:
    """A start as `EventReference.occurrence` names it; `floating` is the zone of times that name none."""
    if isinstance(value, datetime):
        if value.tzinfo is None and floating is not None:
            value = value.replace(tzinfo=floating)
        return value.astimezone(UTC).isoformat() if value.tzinfo is not None else value.isoformat()
    return value.isoformat()


def value_of_iso(text: str) -> date | datetime:
    """The way back from `iso_of`. Raises `ValueError`."""
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def by_start(entry: Occurrence) -> tuple[datetime, datetime, str]:
    """The order in which entries are told."""
    return entry.start.astimezone(UTC), entry.end.astimezone(UTC), entry.name


@dataclass(frozen=True, slots=True)
class Stored:
    """One VEVENT as it stands in the text.

    `recurrence` names the occurrence it changes, if it changes one; `floating` is the zone of the calendar's times
    that name none; `steps` how many seconds lie between repetitions, where a rule counts in hours or less.
    """

    block: TextBlock
    uid: str
    start: date | datetime
    recurrence: str | None
    repeats: bool
    onwards: bool
    floating: tzinfo | None
    steps: tuple[tuple[float, float], ...]


class IcsCalendar:
    """One version of a calendar's text, and what it says.

    Raises `BrokenIcs` when it can't be read, at once or at the first look. Never changed; safe in several threads.
    """

    def __init__(self, text: str) -> None:
        self.text = IcsText(text)
        self._calendars = _parsed(text_with_own_zones(self.text))
        self.stored = tuple(self._stored())
        self._recurring = {entry.uid for entry in self.stored if entry.repeats or entry.recurrence is not None}
        self._onwards = {entry.uid for entry in self.stored if entry.onwards}
        self._queries: Sequence[CalendarQuery] | None = None

    def of(self, uid: str) -> list[Stored]:
        """The VEVENTs of a UID: a single event, or a series with its changed occurrences."""
        return [entry for entry in self.stored if entry.uid == uid] if uid else []

    def _stored(self) -> Iterator[Stored]:
        blocks = [block for block in self.text.blocks if block.name == "VEVENT"]
        events = [(event, zone) for calendar, zone in self._calendars for event in _events_of(calendar)]
        if len(blocks) != len(events):
            raise BrokenIcs(1, "its events can't be told apart")
        for block, (event, zone) in zip(blocks, events, strict=True):
            for name, problem in event.errors:
                if name in _MATTERS:
                    line = block.find(name)
                    number = (line.first if line is not None else block.first) + 1
                    raise BrokenIcs(number, f"{name} can't be read: {str(problem)[:200]}")
            if "DTSTART" not in event or isinstance(event["DTSTART"], list):
                raise BrokenIcs(block.first + 1, "an event needs one DTSTART")
            yield _stored_event(block, event, zone)

    def between(self, start: datetime, end: datetime) -> list[Occurrence]:
        """The entries that overlap the time from `start` to `end`, in the zone of `start`, by start."""
        found = [entry for entry in self._entries(start - PAD, end + PAD, start.tzinfo) if entry.overlaps(start, end)]
        return sorted(found, key=by_start)

    def get(self, reference: EventReference, zone: tzinfo | None) -> Occurrence | None:
        """One entry as it is now, in `zone`; of a series named as a whole, its first."""
        stored = self.of(reference.uid)
        if not stored:
            return None
        if reference.occurrence is None:
            around = min(moment_of(entry.start, zone) for entry in stored)
            return next((entry for entry in self._near(around, zone) if entry.reference.uid == reference.uid), None)
        changed = next((entry.start for entry in stored if entry.recurrence == reference.occurrence), None)
        around = moment_of(changed if changed is not None else value_of_iso(reference.occurrence), zone)
        return next((entry for entry in self._near(around, zone) if entry.reference == reference), None)

    def _near(self, around: datetime, zone: tzinfo | None) -> Iterator[Occurrence]:
        return self._entries(around - PAD, around + PAD, zone)

    def _entries(self, start: datetime, end: datetime, zone: tzinfo | None) -> Iterator[Occurrence]:
        self._refuse_endless(end)
        for query, (_, floating) in zip(self._expanders(), self._calendars, strict=True):
            try:
                events = cast("list[Any]", query.between(start, end))
            except _UNREADABLE as error:
                raise BrokenIcs(1, f"a recurring event can't be read: {str(error)[:200]}") from None
            for event in events:
                if str(event.get("STATUS", "")).upper() != "CANCELLED":
                    yield self._entry(event, floating, zone)

    def _expanders(self) -> Sequence[CalendarQuery]:
        if self._queries is None:
            import recurring_ical_events

            try:
                self._queries = [recurring_ical_events.of(calendar) for calendar, _ in self._calendars]
            except _UNREADABLE as error:
                raise BrokenIcs(1, f"a recurring event can't be read: {str(error)[:200]}") from None
        return self._queries

    def _refuse_endless(self, end: datetime) -> None:
        """A rule such as “every second since 1990” would be counted through one by one."""
        for entry in self.stored:
            for seconds, count in entry.steps:
                passed = (end - moment_of(entry.start, UTC)).total_seconds() / seconds
                if min(passed, count) > _MAX_STEPS:
                    line = entry.block.find("RRULE")
                    number = (line.first if line is not None else entry.block.first) + 1
                    raise BrokenIcs(number, "an event repeats too often to be read")

    def _entry(self, event: Any, floating: tzinfo | None, zone: tzinfo | None) -> Occurrence:
        uid = str(event.get("UID", ""))
        begin, finish = event["DTSTART"].dt, event["DTEND"].dt
        recurring = uid in self._recurring
        fixed = "" if uid else "it has no UID"
        if uid in self._onwards:
            fixed = "its series was changed from one day onwards, which only a calendar program can take apart"
        return Occurrence(
            reference=EventReference(uid, iso_of(event["RECURRENCE-ID"].dt, floating) if recurring else None),
            name=_words(event, "SUMMARY") or "(no title)",
            start=moment_of(begin, zone),
            end=max(moment_of(begin, zone), moment_of(finish, zone)),
            all_day=not isinstance(begin, datetime),
            place=_words(event, "LOCATION"),
            recurring=recurring,
            free=str(event.get("TRANSP", "")).upper() == "TRANSPARENT",
            fixed=fixed,
        )


def _parsed(text: str) -> list[tuple[Any, tzinfo | None]]:
    """The calendars of the text, each with the zone of its times that name none."""
    from icalendar import Calendar

    try:
        found = cast("list[Any]", Calendar.from_ical(text, multiple=True))
        return [(calendar, _floating(calendar)) for calendar in found]
    except _UNREADABLE as error:
        raise BrokenIcs(1, f"it can't be read: {str(error)[:200]}") from None


def _floating(calendar: Any) -> tzinfo | None:
    name = calendar.get("X-WR-TIMEZONE")
    return ZoneInfo(str(name)) if name is not None else None


def _events_of(calendar: Any) -> list[Any]:
    return [component for component in calendar.subcomponents if component.name == "VEVENT"]


def _stored_event(block: TextBlock, event: Any, floating: tzinfo | None) -> Stored:
    recurrence = event.get("RECURRENCE-ID")
    found: Any = event.get("RRULE")
    rules = cast("list[Any]", found) if isinstance(found, list) else [found] if found else []
    return Stored(
        block=block,
        uid=str(event.get("UID", "")),
        start=event["DTSTART"].dt,
        recurrence=iso_of(recurrence.dt, floating) if recurrence is not None else None,
        repeats="RRULE" in event or "RDATE" in event,
        onwards=recurrence is not None and str(recurrence.params.get("RANGE", "")).upper() == "THISANDFUTURE",
        floating=floating,
        steps=tuple(_steps(rule) for rule in rules),
    )


def _steps(rule: Any) -> tuple[float, float]:
    """Seconds between two repetitions (a day where it is more), and how many there are at most."""
    seconds = _STEP_SECONDS.get(str((rule.get("FREQ") or [""])[0]).upper(), 86_400)
    interval = int((rule.get("INTERVAL") or [1])[0] or 1)
    count = (rule.get("COUNT") or [None])[0]
    return float(seconds * max(1, interval)), float(count) if count else float("inf")


def _words(event: Any, name: str) -> str:
    value: Any = event.get(name, "")
    return printable(str(cast("list[Any]", value)[0] if isinstance(value, list) else value), _MAX_WORDS)
