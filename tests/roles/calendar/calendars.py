"""Calendars in files, hand-written .ics texts, and the calendar role's tools over them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.context import Owner, TaskContext
from common.intent_collector import IntentCollector
from common.intents import Intent, IntentExecution, IntentHandler
from common.settings import Settings
from common.tool import Fact, ToolContext, ToolResult
from roles.calendar.adapters.ics_reading import IcsCalendar
from roles.calendar.adapters.local_file import LocalCalendar
from roles.calendar.backend import CalendarBackend, Occurrence
from roles.calendar.handlers import AddEventHandler, CancelEventHandler, MoveEventHandler
from roles.calendar.tools import CalendarTools

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 16, 10, 0, tzinfo=ZURICH)  # a Monday
LOCAL = Owner("default", "local")
OFFICE = """
BEGIN:VTIMEZONE
TZID:My Office
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""
"""A zone that only a file knows, of the office's own making."""


def ics(*components: str, head: str = "") -> str:
    """A calendar of components written without BEGIN:VEVENT where they are plain events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", *head.split()]
    for component in components:
        inner = [line.strip() for line in component.strip().splitlines()]
        lines += inner if inner[0].startswith("BEGIN:") else ["BEGIN:VEVENT", *inner, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def entries(text: str, first: datetime, last: datetime) -> list[Occurrence]:
    return IcsCalendar(text).between(first, last)


def starts(text: str, first: datetime, last: datetime) -> list[str]:
    """The starts of the entries in UTC."""
    return [f"{entry.start.astimezone(UTC):%Y-%m-%dT%H:%M}" for entry in entries(text, first, last)]


@dataclass
class HandClock:
    """Shows what it is told."""

    time: datetime

    def now(self) -> datetime:
        return self.time.astimezone(UTC)


class Desk:
    """The tools and handlers of the calendar role, over the files of a folder where no other backend is given."""

    def __init__(self, folder: Path, backend: CalendarBackend | None = None, **settings: Any) -> None:
        self.settings = Settings.model_validate({"data_dir": folder, **settings})
        self.clock = HandClock(NOW)
        self.backend = backend or LocalCalendar(self.settings, self.clock, lock_timeout=2.0)
        self._tools = {t.name.partition(".")[2]: t for t in CalendarTools(self.backend, self.settings).tools()}
        handlers: list[IntentHandler] = [
            AddEventHandler(self.backend),
            MoveEventHandler(self.backend),
            CancelEventHandler(self.backend),
        ]
        self._handlers = {handler.intent_type: handler for handler in handlers}
        self._numbers = itertools.count(1)

    def path(self, owner: Owner = LOCAL) -> Path:
        return self.settings.calendar_path(owner)

    def write(self, text: str, owner: Owner = LOCAL) -> None:
        self.path(owner).parent.mkdir(parents=True, exist_ok=True)
        self.path(owner).write_bytes(text.encode())

    def text(self, owner: Owner = LOCAL) -> str:
        return self.path(owner).read_bytes().decode()

    def context(self, owner: Owner = LOCAL, timezone: str = "Europe/Zurich") -> TaskContext:
        return TaskContext(tenant=owner.tenant, user=owner.user, timezone=timezone, current_time=self.clock.time)

    async def call(
        self,
        tool: str,
        *,
        owner: Owner = LOCAL,
        facts: Sequence[Fact] = (),
        collector: IntentCollector | None = None,
        timezone: str = "Europe/Zurich",
        **arguments: Any,
    ) -> tuple[ToolResult, list[Intent]]:
        """Call a tool; what it registered is not carried out."""
        gathered = collector or IntentCollector()
        before = len(gathered.get_intents())
        found = self._tools[tool]
        context = ToolContext(self.context(owner, timezone), gathered, facts=facts)
        result = await found.handler(found.arguments.model_validate(arguments), context)
        return result, gathered.get_intents()[before:]

    async def carry_out(self, intent: Intent, owner: Owner = LOCAL, key: str = "", attempt: int = 1) -> str:
        """Carry an intent out from its stored form."""
        stored = type(intent).model_validate(intent.model_dump(mode="json"))
        key = key or f"key{next(self._numbers)}"
        execution = IntentExecution(key, key, attempt, self.context(owner), self.clock.now())
        return (await self._handlers[type(intent)].carry_out(stored, execution)).detail

    async def done(self, tool: str, *, owner: Owner = LOCAL, facts: Sequence[Fact] = (), **arguments: Any) -> str:
        """Call a tool that must succeed and carry out what it registered."""
        result, intents = await self.call(tool, owner=owner, facts=facts, **arguments)
        assert result.ok, result.text
        return " ".join([await self.carry_out(intent, owner) for intent in intents])

    async def all(self, owner: Owner = LOCAL) -> list[Occurrence]:
        """Everything from a month ago to two years ahead."""
        return await self.backend.between(owner, NOW.replace(month=10), NOW.replace(year=2028))
