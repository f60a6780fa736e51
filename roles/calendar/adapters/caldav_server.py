"""Calendars of a CalDAV server (RFC 4791), each owner's in the account that the settings give them.

A UID is the key of what is added: its resource is made under a name derived from it, and only where none is. Changes
are made of the stored text and put back only in the place of the very version they were made of.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from common.clock import Clock
from common.context import Owner
from common.errors import ConfigurationError
from common.health import Reached
from common.owner_keys import DEFAULT_OWNER, owner_of_key
from common.settings import CalDavAccount, CalDavSettings
from roles.calendar.adapters.caldav_answers import (
    Resource,
    entries_of,
    properties_body,
    query_between,
    query_uid,
    refused,
    resources_of,
    uid_is_taken,
)
from roles.calendar.adapters.caldav_connection import Answer, Connection, connected, place_of
from roles.calendar.adapters.caldav_discovery import FoundCalendar, find_calendar
from roles.calendar.adapters.ics_text import BrokenIcs, printable
from roles.calendar.backend import (
    CalendarError,
    CalendarUnclear,
    EventReference,
    NewEvent,
    NotInCalendar,
    Occurrence,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from roles.calendar.adapters.ics_reading import IcsCalendar

__all__ = ["CalDavCalendar"]

Result = TypeVar("Result")

_TRIES = 5
"""How often a change is made anew, because somebody else's came first."""
_DONE = frozenset({200, 201, 204})
_GONE = frozenset({404, 410})
_THREADS = 8
_KEPT_CHARS = 50_000
_KEPT = 512
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_CALENDAR_TYPE = "text/calendar; charset=utf-8"
_XML_HEADERS = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about an owner's account, so that it isn't asked again."""

    calendar: FoundCalendar
    schemes: frozenset[str]


class CalDavCalendar:
    """Implements `CalendarBackend` over a CalDAV server; `clock` stamps what is written."""

    def __init__(self, settings: CalDavSettings, clock: Clock) -> None:
        """Raises `ConfigurationError` where the settings name no server or no account."""
        _check(settings)
        self._settings = settings
        self._clock = clock
        self._known: dict[Owner, _Known] = {}
        self._limiter: anyio.CapacityLimiter | None = None
        self._kept = lru_cache(_KEPT)(_calendar)

    async def between(self, owner: Owner, start: datetime, end: datetime) -> list[Occurrence]:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_reading import PAD

        async with self._opened(owner) as opened:
            answer = await opened.report(query_between(start - PAD, end + PAD))
            return await self._in_thread(lambda: self._entries(answer, start, end))

    async def get(self, owner: Owner, reference: EventReference, like: datetime) -> Occurrence | None:
        """See `CalendarBackend`."""
        async with self._opened(owner) as opened:
            for resource in await self._of_uid(opened, reference.uid):
                found = await self._in_thread(lambda kept=resource: self._read(kept).get(reference, like.tzinfo))
                if found is not None:
                    return found
        return None

    async def add(self, owner: Owner, event: NewEvent) -> bool:
        """See `CalendarBackend`."""
        text = await self._in_thread(lambda: _new_text(event, self._clock.now()))
        async with self._opened(owner) as opened:
            url = f"{opened.calendar.url}{_file_name(event.uid)}"
            for _ in range(_TRIES):
                if await self._of_uid(opened, event.uid):
                    return False
                answer = await opened.put(url, text, {"If-None-Match": "*"})
                if answer.status in _DONE:
                    return True
                if uid_is_taken(answer):
                    return False
                if answer.status != 412:
                    raise _not_done(answer)
                if await self._holds(opened, url, event.uid):
                    return False
        raise _overtaken(url)

    async def move(
        self, owner: Owner, reference: EventReference, start: datetime, end: datetime, *, all_day: bool
    ) -> None:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import with_moved

        now = self._clock.now()
        await self._change(
            owner, reference.uid, lambda calendar: with_moved(calendar, reference, start, end, now, all_day=all_day)
        )

    async def rename(self, owner: Owner, reference: EventReference, name: str) -> None:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import with_renamed

        now = self._clock.now()
        await self._change(owner, reference.uid, lambda calendar: with_renamed(calendar, reference, name, now))

    async def remove(self, owner: Owner, reference: EventReference) -> bool:
        """See `CalendarBackend`."""
        from roles.calendar.adapters.ics_editing import without_entry

        return await self._change(owner, reference.uid, lambda calendar: without_entry(calendar, reference))

    async def probe(self) -> Reached:
        """Ask for the default owner's calendar, or that of the first owner who has an account. See `HealthCheck`."""
        owner = DEFAULT_OWNER
        if self._settings.account is None:
            owner = owner_of_key(next(iter(self._settings.accounts)))
        self._known.pop(owner, None)
        async with self._opened(owner) as opened:
            body = properties_body(["R:version"])
            answer = await opened.connection.ask("PROPFIND", opened.calendar.url, body, {**_XML_HEADERS, "Depth": "0"})
            entries = await self._in_thread(lambda: entries_of(answer))
        radicale = entries[0].text("{http://radicale.org/ns/}version") if entries else ""
        version = f"Radicale {radicale}" if radicale else answer.headers.get("server", "")
        return Reached(
            version=printable(version, 80),
            detail=f"calendar “{opened.calendar.name}” at {place_of(opened.calendar.url)}",
        )

    @asynccontextmanager
    async def _opened(self, owner: Owner) -> AsyncGenerator[_Opened]:
        """A connection to the owner's calendar; what is known of it is forgotten where anything fails."""
        key = self._settings.key_of(owner)
        account = self._settings.account_of(owner)
        if account is None:
            name = printable(f"{owner.tenant}/{owner.user}", 100)
            raise CalendarError(
                f"{name} has no account at the calendar server", where=key, todo="Add one, with username and password."
            )
        known = self._known.get(owner)
        try:
            async with connected(self._settings, account, key, known.schemes if known else frozenset()) as connection:
                if known is None:
                    calendar = await find_calendar(connection, account.calendar, key)
                    known = self._known[owner] = _Known(calendar, connection.schemes)
                yield _Opened(connection, known.calendar)
        except NotInCalendar:
            raise
        except (CalendarError, CalendarUnclear):
            self._known.pop(owner, None)
            raise

    async def _change(self, owner: Owner, uid: str, change: Callable[[IcsCalendar], str | None]) -> bool:
        """Put a changed text in the place of the one it was made of; False where nothing needs to change."""
        from roles.calendar.adapters.ics_editing import EMPTY

        async with self._opened(owner) as opened:
            where = opened.calendar.url
            for _ in range(_TRIES):
                found = await self._of_uid(opened, uid)
                resource = _only(found) or Resource(where, "", EMPTY)
                text, is_empty = await self._in_thread(lambda kept=resource: self._changed(kept, change))
                if text is None:
                    return False
                if await opened.replace(resource, "" if is_empty else text):
                    return True
        raise _overtaken(where)

    def _changed(self, resource: Resource, change: Callable[[IcsCalendar], str | None]) -> tuple[str | None, bool]:
        """The new text, and whether no event is left in it."""
        from roles.calendar.adapters.ics_editing import NoSuchEntry
        from roles.calendar.adapters.ics_text import IcsText

        with _told(resource):
            try:
                text = change(self._read(resource))
            except NoSuchEntry:
                raise NotInCalendar("the event is no longer in the calendar", where=place_of(resource.url)) from None
            return text, text is not None and all(block.name != "VEVENT" for block in IcsText(text).blocks)

    async def _of_uid(self, opened: _Opened, uid: str) -> list[Resource]:
        """The resources of a UID, under whatever names."""
        answer = await opened.report(query_uid(uid))
        return await self._in_thread(lambda: [each for each in resources_of(answer) if self._read(each).of(uid)])

    async def _holds(self, opened: _Opened, url: str, uid: str) -> bool:
        """Whether the event is at this address: for servers that keep it, but find nothing by UID."""
        answer = await opened.connection.ask("GET", url)
        if answer.status in _GONE:
            return False
        resource = Resource(url, "", answer.body.decode("utf-8", "replace"))
        if answer.status == 200 and await self._in_thread(lambda: bool(self._read(resource).of(uid))):
            return True
        raise CalendarError(
            "something else stands where the event is to be stored", where=place_of(url), todo="Take it away."
        )

    def _entries(self, answer: Answer, start: datetime, end: datetime) -> list[Occurrence]:
        """What the answer's events come to in the time; bounded, because a rule may repeat as often as it likes."""
        from roles.calendar.adapters.ics_reading import by_start

        deadline = time.monotonic() + self._settings.timeout
        found: list[Occurrence] = []
        for resource in resources_of(answer):
            with _told(resource):
                found += self._read(resource).between(start, end)
            if time.monotonic() > deadline:
                raise CalendarError(
                    "the calendar takes too long to read", where=place_of(answer.url), todo="Ask about a shorter time."
                )
        return sorted(found, key=by_start)

    def _read(self, resource: Resource) -> IcsCalendar:
        with _told(resource):
            small = len(resource.text) <= _KEPT_CHARS
            return self._kept(resource.text) if small else _calendar(resource.text)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        """Reading texts takes time; whoever stops waiting for it leaves it to end by itself."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_THREADS)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A calendar and the connection to it."""

    connection: Connection
    calendar: FoundCalendar

    async def report(self, query: str) -> Answer:
        return await self.connection.ask("REPORT", self.calendar.url, query, _XML_HEADERS)

    async def put(self, url: str, text: str, condition: dict[str, str]) -> Answer:
        return await self.connection.ask("PUT", url, text, {"Content-Type": _CALENDAR_TYPE, **condition})

    async def replace(self, resource: Resource, text: str) -> bool:
        """Put a text in the place of this version of a resource, or delete it without; False where it changed."""
        if not resource.etag or resource.etag.startswith("W/"):
            raise CalendarError(
                "the calendar server does not say which version of the event it has, so it can't be changed safely",
                where=place_of(resource.url),
                todo="Change it in a calendar program.",
            )
        condition = {"If-Match": resource.etag}
        if text:
            answer = await self.put(resource.url, text, condition)
        else:
            answer = await self.connection.ask("DELETE", resource.url, "", condition)
        if answer.status in _DONE:
            return True
        if answer.status == 412 or (not text and answer.status in _GONE):
            return False
        raise _not_done(answer)


def _check(settings: CalDavSettings) -> None:
    """Raise `ConfigurationError` where no account could ever be reached."""
    if not settings.url:
        raise ConfigurationError(
            "no calendar server is named",
            where="calendar.caldav.url",
            todo="Write its address, such as https://dav.example.org/, or set calendar.backend to local.",
        )
    if settings.account is None and not settings.accounts:
        raise ConfigurationError(
            "no account at the calendar server is named",
            where="calendar.caldav.account",
            todo="Write its username and password.",
        )
    own: dict[str, CalDavAccount] = {"account": settings.account} if settings.account is not None else {}
    others = {f"accounts.{name}": account for name, account in settings.accounts.items()}
    for key, account in {**own, **others}.items():
        if not account.username and account.password is None:
            raise ConfigurationError(
                "the account at the calendar server has no user name",
                where=f"calendar.caldav.{key}.username",
                todo="Write the name that the server knows.",
            )


def _calendar(text: str) -> IcsCalendar:
    from roles.calendar.adapters.ics_reading import IcsCalendar

    return IcsCalendar(text)


def _new_text(event: NewEvent, now: datetime) -> str:
    from roles.calendar.adapters.ics_editing import EMPTY, with_event

    return with_event(_calendar(EMPTY), event, now) or ""


def _file_name(uid: str) -> str:
    """The name of a UID's resource: the UID itself where that is a plain name, else its digest."""
    plain = _PLAIN_NAME.fullmatch(uid) is not None
    return f"{uid if plain else hashlib.sha256(uid.encode('utf-8', 'replace')).hexdigest()}.ics"


def _only(found: list[Resource]) -> Resource | None:
    if len(found) > 1:
        raise CalendarError(
            "the event is stored more than once, so it can't be changed safely",
            where=", ".join(place_of(resource.url) for resource in found[:3]),
            todo="Remove all but one of them in a calendar program.",
        )
    return found[0] if found else None


@contextmanager
def _told(resource: Resource) -> Generator[None]:
    try:
        yield
    except BrokenIcs as error:
        raise CalendarError(
            f"an event on the calendar server can't be read: {error.reason}",
            where=f"{place_of(resource.url)}, line {error.line}",
            todo="Repair or remove it in a calendar program.",
        ) from None


def _not_done(answer: Answer) -> CalendarError | CalendarUnclear:
    """What a write's answer means that is neither success nor a conflict."""
    if 300 <= answer.status < 500 and answer.status not in (408, 425):
        return refused(answer)
    return CalendarUnclear(
        f"the calendar server answered with status {answer.status}, which does not say whether it was done",
        where=place_of(answer.url),
    )


def _overtaken(url: str) -> CalendarError:
    return CalendarError(
        "others kept changing the event at the same moment", where=place_of(url), todo="Try again in a moment."
    )
