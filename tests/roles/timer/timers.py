"""Timers on a real log, with a clock that is moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.context import Owner, TaskContext
from common.intent_collector import IntentCollector
from common.intents import Intent, IntentExecution, IntentHandler
from common.settings import Settings
from common.tool import Fact, ToolContext, ToolResult
from events.projection import Views
from events.store import EventStore
from roles.timer.firing import FiredTimer, TimerFirer
from roles.timer.handlers import CancelTimerHandler, ChangeTimerHandler, SetTimerHandler
from roles.timer.tools import TimerTools
from roles.timer.view import SetTimerRow, TimersView, running_timers

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 16, 10, 0, tzinfo=ZURICH)  # a Monday
ANNA = Owner("acme", "anna")
TRIP = Fact(kind="event", name="Mountain trip", start="2026-11-21T09:00:00+01:00", end="2026-11-21T10:00:00+01:00")


@dataclass
class HandClock:
    """Shows what it is told."""

    time: datetime

    def now(self) -> datetime:
        return self.time.astimezone(UTC)


class Timers:
    """The tools and handlers of the role over one store."""

    def __init__(self, store: EventStore, views: Views) -> None:
        self.store, self.views = store, views
        self.clock = HandClock(NOW)
        self.fired: list[FiredTimer] = []
        settings = Settings()
        self.firer = TimerFirer(store, views, self.clock, self._notify, settings.timer)
        self._tools = {tool.name.partition(".")[2]: tool for tool in TimerTools(views, settings).tools()}
        handlers: list[IntentHandler] = [
            SetTimerHandler(self.clock),
            ChangeTimerHandler(self.clock, views),
            CancelTimerHandler(views),
        ]
        self._handlers = {handler.intent_type: handler for handler in handlers}
        self._numbers = itertools.count(1)

    async def _notify(self, fired: FiredTimer) -> None:
        self.fired.append(fired)

    def context(self, owner: Owner = ANNA) -> TaskContext:
        return TaskContext(
            tenant=owner.tenant, user=owner.user, timezone="Europe/Zurich", current_time=self.clock.time, session="s1"
        )

    async def call(
        self,
        tool: str,
        *,
        owner: Owner = ANNA,
        facts: Sequence[Fact] = (),
        collector: IntentCollector | None = None,
        **arguments: Any,
    ) -> tuple[ToolResult, list[Intent]]:
        """Call a tool; what it registered is not carried out."""
        gathered = collector or IntentCollector()
        before = len(gathered.get_intents())
        found = self._tools[tool]
        context = ToolContext(self.context(owner), gathered, facts=facts)
        result = await found.handler(found.arguments.model_validate(arguments), context)
        return result, gathered.get_intents()[before:]

    async def carry_out(self, intent: Intent, owner: Owner = ANNA, key: str = "") -> str:
        """Carry an intent out as the processor does: from its stored form, its events in one append."""
        stored = type(intent).model_validate(intent.model_dump(mode="json"))
        key = key or f"key{next(self._numbers)}"
        execution = IntentExecution(key, key, 1, self.context(owner), self.clock.now())
        result = await self._handlers[type(intent)].carry_out(stored, execution)
        await self.store.append(list(result.appends), tenant=owner.tenant)
        return result.detail

    async def done(self, tool: str, *, owner: Owner = ANNA, facts: Sequence[Fact] = (), **arguments: Any) -> str:
        """Call a tool that must succeed and carry out what it registered."""
        result, intents = await self.call(tool, owner=owner, facts=facts, **arguments)
        assert result.ok, result.text
        return " ".join([await self.carry_out(intent, owner) for intent in intents])

    async def running(self, owner: Owner = ANNA) -> list[SetTimerRow]:
        return await running_timers(self.views, owner)


@asynccontextmanager
async def timers(url: str = "memory://") -> AsyncGenerator[Timers]:
    async with await EventStore.open(url) as store:
        views = Views(store, [TimersView()])
        try:
            yield Timers(store, views)
        finally:
            await views.close()
