"""Puts changes into an .ics text; pure functions from one text to the next, everything else stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from roles.calendar.adapters.ics_reading import IcsCalendar, Stored, moment_of, value_of_iso
from roles.calendar.adapters.ics_text import IcsText, folded, value_start
from roles.calendar.adapters.ics_zone_writing import FIRST_YEAR, LAST_YEAR, zone_lines
from roles.calendar.backend import EventReference, NewEvent, Occurrence

__all__ = ["EMPTY", "NoSuchEntry", "with_event", "with_moved", "with_renamed", "without_entry"]

EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//agent-supervisor//calendar//EN\r\nEND:VCALENDAR\r\n"
_REPEATING = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE"})
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "Universal"})
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class NoSuchEntry(Exception):
    """What is to be changed is not in the calendar."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How times are written: as dates, in UTC, or as clock times of `zone` with these parameters.

    Without zone a clock time is written as it is given.
    """

    parameters: str = ""
    zone: tzinfo | None = None
    dates: bool = False

    def line(self, name: str, moment: datetime) -> str:
        """A property with this moment."""
        if self.dates:
            return f"{name};VALUE=DATE:{moment:%Y%m%d}"
        if self.zone is UTC:
            return f"{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        local = moment.astimezone(self.zone) if self.zone is not None else moment
        return f"{name}{self.parameters}:{local:%Y%m%dT%H%M%S}"


_IN_UTC = _Form(zone=UTC)
_AS_DATES = _Form(dates=True)


def _zone_name(moment: datetime) -> str | None:
    """The IANA name of a moment's zone; None for UTC and for zones without a name."""
    name = moment.tzinfo.key if isinstance(moment.tzinfo, ZoneInfo) else None
    return None if name in _UTC_NAMES else name


def _said_by_clock(moment: datetime) -> bool:
    """Whether clock time and zone name this moment: not the second pass of an hour that clocks go back over, and
    not in years that the definition of a zone does not cover.
    """
    return moment.replace(fold=0).astimezone(UTC) == moment.astimezone(UTC) and (FIRST_YEAR <= moment.year <= LAST_YEAR)


def _new_form(start: datetime, end: datetime, *, all_day: bool) -> _Form:
    """The form of times that are written for the first time: in their own zone where that can say them."""
    if all_day:
        return _AS_DATES
    name = _zone_name(start)
    if name is None or not (_said_by_clock(start) and _said_by_clock(end)):
        return _IN_UTC
    return _Form(f";TZID={name}", start.tzinfo)


def _form_of(stored: Stored) -> _Form:
    """How the times of an event are written."""
    line = stored.block.find("DTSTART")
    if line is None or not isinstance(stored.start, datetime):
        return _AS_DATES
    if stored.block.value("DTSTART").strip().upper().endswith("Z"):
        return _IN_UTC
    parameters = line.text[len("DTSTART") : value_start(line.text) - 1]
    return _Form(parameters, stored.start.tzinfo or stored.floating)


def _changed_form(stored: Stored, start: datetime, end: datetime, *, all_day: bool) -> _Form:
    """The form of an event's new times: its own where that can say them."""
    form = _form_of(stored)
    if all_day or form.dates:
        return _new_form(start, end, all_day=all_day)
    if form.zone is None or form.zone is UTC:
        return form
    local = (start.astimezone(form.zone), end.astimezone(form.zone))
    return form if all(_said_by_clock(moment) for moment in local) else _IN_UTC


def with_event(calendar: IcsCalendar, event: NewEvent, now: datetime) -> str | None:
    """The text with the event in it; None where its UID is there already."""
    if calendar.of(event.uid):
        return None
    form = _new_form(event.start, event.end, all_day=event.all_day)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(event.uid)}",
        f"DTSTAMP:{stamp}",
        f"CREATED:{stamp}",
        form.line("DTSTART", event.start),
        form.line("DTEND", event.end),
        f"SUMMARY:{_escaped(event.name)}",
        *([f"LOCATION:{_escaped(event.place)}"] if event.place else []),
        "END:VEVENT",
    ]
    physical = [part for line in lines for part in folded(line)]
    return _with_zone(calendar.text.with_added(physical), form, event.start)


def with_moved(
    calendar: IcsCalendar, reference: EventReference, start: datetime, end: datetime, now: datetime, *, all_day: bool
) -> str | None:
    """The text with the entry at another time, of a series the one occurrence; None where it is there already.

    Raises `NoSuchEntry` when it is gone.
    """
    current = calendar.get(reference, start.tzinfo)
    if current is None:
        raise NoSuchEntry
    if (current.start, current.end, current.all_day) == (start, end, all_day):
        return None
    stored = _standing_for(calendar, reference)
    form = _changed_form(stored, start, end, all_day=all_day)
    changes = _times(stored, form, start, end, now)
    if reference.occurrence is None or stored.recurrence is not None:
        text = calendar.text.with_replaced(stored.block, calendar.text.edited(stored.block, changes))
    else:
        own = _form_of(stored)
        original = moment_of(value_of_iso(reference.occurrence), own.zone or start.tzinfo)
        changes = {**changes, "RECURRENCE-ID": own.line("RECURRENCE-ID", original)}
        lines = calendar.text.edited(stored.block, changes, drop=_REPEATING)
        text = calendar.text.with_behind(stored.block, lines)
    return _with_zone(text, form, start)


def with_renamed(calendar: IcsCalendar, reference: EventReference, name: str, now: datetime) -> str | None:
    """The text with the entry under another name, of a series the one occurrence; None where it is called so already.

    Raises `NoSuchEntry` when it is gone.
    """
    current = calendar.get(reference, UTC)
    if current is None:
        raise NoSuchEntry
    if current.name == name:
        return None
    stored = _standing_for(calendar, reference)
    changes = {**_stamps(stored, now), "SUMMARY": f"SUMMARY:{_escaped(name)}"}
    if reference.occurrence is None or stored.recurrence is not None:
        return calendar.text.with_replaced(stored.block, calendar.text.edited(stored.block, changes))
    return _with_own_occurrence(calendar, stored, reference, current, changes)


def _with_own_occurrence(
    calendar: IcsCalendar,
    stored: Stored,
    reference: EventReference,
    current: Occurrence,
    changes: dict[str, str | None],
) -> str:
    """The text in which an occurrence stands for itself from now on, at the time of before."""
    form = _form_of(stored)
    zone = form.zone or UTC
    original = moment_of(value_of_iso(str(reference.occurrence)), zone)
    own = {
        **changes,
        "DTSTART": form.line("DTSTART", current.start.astimezone(zone)),
        "DTEND": form.line("DTEND", current.end.astimezone(zone)),
        "DURATION": None,
        "RECURRENCE-ID": form.line("RECURRENCE-ID", original),
    }
    return calendar.text.with_behind(stored.block, calendar.text.edited(stored.block, own, drop=_REPEATING))


def without_entry(calendar: IcsCalendar, reference: EventReference) -> str | None:
    """The text without the entry, of a series the one occurrence; None where it is gone already."""
    stored = calendar.of(reference.uid)
    if not stored:
        return None
    if reference.occurrence is None:
        return calendar.text.without([entry.block for entry in stored])
    if calendar.get(reference, UTC) is None:
        return None
    changed = [entry.block for entry in stored if entry.recurrence == reference.occurrence]
    text = calendar.text.without(changed)
    left = IcsCalendar(text)
    master = next((entry for entry in left.of(reference.uid) if entry.recurrence is None), None)
    if master is None:
        return text
    form = _form_of(master)
    moment = moment_of(value_of_iso(reference.occurrence), form.zone or UTC)
    lines = left.text.edited(master.block, {}, add=(form.line("EXDATE", moment),))
    return left.text.with_replaced(master.block, lines)


def _standing_for(calendar: IcsCalendar, reference: EventReference) -> Stored:
    """The VEVENT that says when an entry is: its own, or that of its series."""
    stored = calendar.of(reference.uid)
    own = [entry for entry in stored if entry.recurrence == reference.occurrence]
    of_all = [entry for entry in stored if entry.recurrence is None]
    found = own or of_all
    if not found:
        raise NoSuchEntry
    return found[0]


def _times(stored: Stored, form: _Form, start: datetime, end: datetime, now: datetime) -> dict[str, str | None]:
    times = {"DTSTART": form.line("DTSTART", start), "DTEND": form.line("DTEND", end), "DURATION": None}
    return {**times, **_stamps(stored, now)}


def _stamps(stored: Stored, now: datetime) -> dict[str, str | None]:
    """What tells other programs that an event was changed."""
    number = stored.block.value("SEQUENCE").strip()
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return {
        "SEQUENCE": f"SEQUENCE:{int(number) + 1 if number.isdecimal() and len(number) < 9 else 1}",
        "DTSTAMP": f"DTSTAMP:{stamp}",
        "LAST-MODIFIED": f"LAST-MODIFIED:{stamp}",
    }


def _with_zone(text: str, form: _Form, start: datetime) -> str:
    """The text with the definition of the zone that newly written times name, where it is not there yet."""
    name = _zone_name(start)
    if name is None or form.parameters != f";TZID={name}":
        return text
    found = IcsText(text)
    return text if found.has_zone(name) else found.with_first(zone_lines(name))


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", text).replace("\n", "\\n")
