"""Finds the calendar that an account means: by its name, its address, or the first that takes events (RFC 6764)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import anyio.to_thread

from roles.calendar.adapters.caldav_answers import CALDAV, DAV, Entry, entries_of, properties_body, refused
from roles.calendar.adapters.caldav_connection import Answer, Connection, joined, place_of
from roles.calendar.adapters.ics_text import printable
from roles.calendar.backend import CalendarError

__all__ = ["FoundCalendar", "find_calendar"]

_ABOUT = properties_body(
    [
        "D:displayname",
        "D:resourcetype",
        "D:current-user-privilege-set",
        "D:current-user-principal",
        "C:supported-calendar-component-set",
        "C:calendar-home-set",
    ]
)
_MAX_HOMES = 5
_MAX_NAME = 80
_WRITES = frozenset({f"{DAV}all", f"{DAV}write", f"{DAV}write-content", f"{DAV}bind"})


@dataclass(frozen=True, slots=True)
class FoundCalendar:
    """A calendar on the server: its address, which ends with a slash, and what it is called there."""

    url: str
    name: str


async def find_calendar(connection: Connection, wanted: str, key: str) -> FoundCalendar:
    """The calendar that `wanted` names, or the first one that takes events where it is empty.

    The first one is the first by address, so that every attempt finds the same. `key` is the setting of the account,
    for messages. Raises `CalendarError`.
    """
    if "://" in wanted or wanted.startswith("/"):
        return await _at(connection, joined(connection.root, wanted), key)
    start = await _entry_point(connection)
    if not wanted and _takes_events(start):
        return _found(start)
    calendars = await _calendars(connection, await _homes(connection, start))
    if wanted:
        return _named(calendars, wanted, key)
    fitting = [calendar for calendar in calendars if _is_writable(calendar)] or calendars
    if not fitting:
        raise CalendarError(
            "the account has no calendar that takes events",
            where=place_of(connection.root),
            todo=f"Make one there, or name the address of one as {key}.calendar.",
        )
    return _found(fitting[0])


async def _ask(connection: Connection, url: str, depth: int) -> Answer:
    headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
    return await connection.ask("PROPFIND", url, _ABOUT, headers)


async def _entries(connection: Connection, url: str, depth: int = 0) -> list[Entry]:
    answer = await _ask(connection, url, depth)
    return await anyio.to_thread.run_sync(entries_of, answer, abandon_on_cancel=True)


async def _at(connection: Connection, url: str, key: str) -> FoundCalendar:
    found = await _entries(connection, url)
    if not found or not _takes_events(found[0]):
        raise CalendarError(
            "this is the address of no calendar that takes events", where=place_of(url), todo=f"Check {key}.calendar."
        )
    return _found(found[0])


async def _entry_point(connection: Connection) -> Entry:
    """What the server says of itself at the configured address, or else at the well-known one."""
    refusal: CalendarError | None = None
    for url in (connection.root, joined(connection.root, "/.well-known/caldav")):
        answer = await _ask(connection, url, 0)
        if answer.status != 207:
            refusal = refusal or refused(answer)
            continue
        found = await anyio.to_thread.run_sync(entries_of, answer, abandon_on_cancel=True)
        if found and (_principals(found[0]) or _home_addresses(found[0]) or _takes_events(found[0])):
            return found[0]
    raise refusal or CalendarError(
        "the calendar server does not say whose calendars it has",
        where=place_of(connection.root),
        todo="Write the calendar's own address as the account's calendar.",
    )


def _principals(entry: Entry) -> list[str]:
    return entry.hrefs(f"{DAV}current-user-principal")


def _home_addresses(entry: Entry) -> list[str]:
    return entry.hrefs(f"{CALDAV}calendar-home-set")[:_MAX_HOMES]


async def _homes(connection: Connection, start: Entry) -> list[str]:
    """The collections that hold the account's calendars."""
    principals = _principals(start)
    if not principals:
        return _home_addresses(start)
    found = await _entries(connection, principals[0])
    return (_home_addresses(found[0]) if found else []) or _home_addresses(start)


async def _calendars(connection: Connection, homes: Sequence[str]) -> list[Entry]:
    """All calendars that take events, by address."""
    found = [entry for home in homes for entry in await _entries(connection, home, 1) if _takes_events(entry)]
    return sorted(found, key=lambda entry: entry.url)


def _takes_events(entry: Entry) -> bool:
    if f"{CALDAV}calendar" not in entry.names(f"{DAV}resourcetype"):
        return False
    components = entry.properties.get(f"{CALDAV}supported-calendar-component-set")
    return components is None or any(str(each.get("name", "")).upper() == "VEVENT" for each in components)


def _is_writable(entry: Entry) -> bool:
    """Whether the account may write there, as far as the server says."""
    privileges = f"{DAV}current-user-privilege-set"
    return privileges not in entry.properties or not _WRITES.isdisjoint(entry.names(privileges))


def _found(entry: Entry) -> FoundCalendar:
    name = printable(entry.text(f"{DAV}displayname"), _MAX_NAME) or _last_part(entry)
    return FoundCalendar(f"{entry.url.rstrip('/')}/", name)


def _last_part(entry: Entry) -> str:
    return printable(unquote(urlsplit(entry.url).path.rstrip("/").rpartition("/")[2]), _MAX_NAME)


def _named(calendars: Sequence[Entry], wanted: str, key: str) -> FoundCalendar:
    """The one calendar of a name: written the same, else but for case, else the last part of its address."""

    def called(entry: Entry) -> str:
        return entry.text(f"{DAV}displayname")

    exact = [entry for entry in calendars if called(entry) == wanted]
    alike = [entry for entry in calendars if called(entry).casefold() == wanted.casefold()]
    fitting = exact or alike or [entry for entry in calendars if _last_part(entry) == wanted]
    if len(fitting) == 1:
        return _found(fitting[0])
    name = printable(wanted, _MAX_NAME)
    if fitting:
        places = ", ".join(place_of(entry.url) for entry in fitting[:5])
        raise CalendarError(
            f"the account has {len(fitting)} calendars called “{name}”",
            where=places,
            todo=f"Write the address of the one as {key}.calendar.",
        )
    there = ", ".join(f"“{_found(entry).name}”" for entry in calendars[:10])
    raise CalendarError(
        f"the account has no calendar called “{name}” that takes events",
        where=f"{key}.calendar",
        todo=f"It has {there}." if there else "It has none at all.",
    )
