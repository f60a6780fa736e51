"""What is asked of a CalDAV server, and how its answers are read (RFC 4918, RFC 4791)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roles.calendar.adapters.caldav_connection import Answer, joined, place_of
from roles.calendar.adapters.ics_text import printable
from roles.calendar.backend import CalendarError

__all__ = [
    "CALDAV",
    "DAV",
    "Entry",
    "Resource",
    "entries_of",
    "properties_body",
    "query_between",
    "query_uid",
    "refused",
    "resources_of",
    "uid_is_taken",
]

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
MAX_ENTRIES = 10_000
"""The most things one answer may list."""
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:R="http://radicale.org/ns/"'


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that an answer lists: its address, a status of its own (200 without), and the properties it has."""

    url: str
    status: int
    properties: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A property's text, "" where there is none."""
        found = self.properties.get(name)
        return str(found.text or "").strip() if found is not None else ""

    def names(self, name: str) -> list[str]:
        """The tags inside a property, at any depth."""
        found = self.properties.get(name)
        return [str(child.tag) for child in found.iter() if child is not found] if found is not None else []

    def hrefs(self, name: str) -> list[str]:
        """The addresses that a property names."""
        found = self.properties.get(name)
        if found is None:
            return []
        return [joined(self.url, str(child.text).strip()) for child in found.iter(f"{DAV}href") if child.text]


@dataclass(frozen=True, slots=True)
class Resource:
    """One stored calendar text, of one UID as RFC 4791 has it, in the version that `etag` names."""

    url: str
    etag: str
    text: str


def properties_body(names: list[str]) -> str:
    """A PROPFIND for properties, each written with its prefix (D, C or R)."""
    wanted = "".join(f"<{name}/>" for name in names)
    return f"{_HEAD}<D:propfind {_SPACES}><D:prop>{wanted}</D:prop></D:propfind>"


def query_between(start: datetime, end: datetime) -> str:
    """A REPORT for the events that touch the time from `start` to `end`, recurring ones included."""
    first, last = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (start, end))
    return _query(f'<C:time-range start="{first}" end="{last}"/>')


def query_uid(uid: str) -> str:
    """A REPORT for the events of a UID; servers may answer with those whose UID only holds it."""
    match = f'<C:text-match collation="i;octet">{html.escape(uid)}</C:text-match>'
    return _query(f'<C:prop-filter name="UID">{match}</C:prop-filter>')


def _query(condition: str) -> str:
    events = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{condition}</C:comp-filter></C:comp-filter>'
    wanted = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
    return f"{_HEAD}<C:calendar-query {_SPACES}>{wanted}<C:filter>{events}</C:filter></C:calendar-query>"


@dataclass(frozen=True, slots=True)
class _Received:
    """An answer the way the package reads one. It is told to be plain text: on any other that is no XML it logs."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    text: str = ""
    reason: str = ""


def entries_of(answer: Answer) -> list[Entry]:
    """The things that a multistatus answer lists; it can take a while, so call it from a worker thread.

    Raises `CalendarError` for anything else than such an answer.
    """
    from caldav.aio import DAVResponse

    if answer.status != 207:
        raise refused(answer)
    response: Any = DAVResponse(_Received(answer.status, answer.body, {"Content-Type": "text/plain"}))
    tree = response.tree
    if tree is None or tree.tag != f"{DAV}multistatus":
        raise CalendarError(
            "the server's answer is none of a calendar server",
            where=place_of(answer.url),
            todo="Check that calendar.caldav.url is the address for calendar programs, not for browsers.",
        )
    found = tree.findall(f"{DAV}response")
    if len(found) > MAX_ENTRIES:
        raise _too_many(answer)
    return [_entry(answer, element) for element in found]


def _entry(answer: Answer, element: Any) -> Entry:
    properties: dict[str, Any] = {}
    for group in element.findall(f"{DAV}propstat"):
        if _status(group) == 200:
            properties.update({str(item.tag): item for each in group.findall(f"{DAV}prop") for item in each})
    href = str(element.findtext(f"{DAV}href") or "").strip()
    return Entry(joined(answer.url, href), _status(element), properties)


def _status(element: Any) -> int:
    words = str(element.findtext(f"{DAV}status") or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() and len(words[1]) == 3 else 200


def resources_of(answer: Answer) -> list[Resource]:
    """The calendar texts of a REPORT's answer. Raises `CalendarError` where it is none, or not whole."""
    found: list[Resource] = []
    for entry in entries_of(answer):
        if entry.status == 404:
            continue
        if entry.status == 507:
            raise _too_many(answer)
        data = entry.properties.get(f"{CALDAV}calendar-data")
        if entry.status != 200 or data is None or not data.text:
            raise CalendarError("the calendar server did not send an event that it has", where=place_of(entry.url))
        lines = str(data.text).replace("\r\n", "\n").strip("\n").split("\n")
        found.append(Resource(entry.url, entry.text(f"{DAV}getetag"), "\r\n".join([*lines, ""])))
    return found


def _too_many(answer: Answer) -> CalendarError:
    return CalendarError(
        "there is more in the calendar than can be read at once",
        where=place_of(answer.url),
        todo="Ask about a shorter time.",
    )


def uid_is_taken(answer: Answer) -> bool:
    """Whether an event was refused because its UID is in the calendar already, under whatever address."""
    return answer.status in (403, 409) and b"no-uid-conflict" in answer.body


_REASONS = {
    403: ("the account may not do this in the calendar", "Check the account's rights, or choose another calendar."),
    404: ("there is no such calendar on the server", "Check calendar.caldav.url and the account's calendar."),
    410: ("there is no such calendar on the server", "Check calendar.caldav.url and the account's calendar."),
    413: ("the calendar server takes nothing of this size", ""),
    429: ("the calendar server is asked too often", "Try again later."),
}


def refused(answer: Answer) -> CalendarError:
    """What a status says that was not hoped for, in words."""
    reason = (f"the calendar server answered with status {answer.status}", "Check calendar.caldav.url.")
    what, todo = _REASONS.get(answer.status, reason)
    return CalendarError(what, where=printable(place_of(answer.url), 300), todo=todo)
