"""Asks a role by itself, on a memory store, the way a request reaches it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from common.blob import Blob
from common.clock import SystemClock
from common.context import Owner, TaskContext
from common.intent_collector import IntentCollector
from common.intents import Intent, IntentExecution
from common.limits import Budget, Limits
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.telemetry import Telemetry
from events.catalogue import Event
from events.catalogue.trace import TraceEnded, TraceStarted
from events.projection import Views
from events.store import EventStore, stream_name
from roles.domain_role import DomainRole
from roles.resources import RoleResources

NOW = datetime(2026, 11, 21, 14, 20, tzinfo=ZoneInfo("Europe/Zurich"))  # a Saturday
LOCAL = Owner("default", "local")


class Trace:
    """Gathers what is recorded."""

    trace_id = "t"

    def __init__(self) -> None:
        self.events: list[BaseModel] = []

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        self.events.append(event)


@dataclass
class Asked:
    """What a role answered, and what it registered and recorded on the way."""

    result: RoleResult
    intents: list[Intent]
    details: list[str] = field(default_factory=list[str])

    @property
    def tools(self) -> tuple[str, ...]:
        return self.result.tools_called

    @property
    def text(self) -> str:
        return self.result.text


class Asking:
    """A role on a store. `ask` carries the request out, intents included, and records a whole trace."""

    def __init__(self, role: DomainRole, store: EventStore, views: Views) -> None:
        self.role, self.store, self.views = role, store, views
        self._handlers = {handler.intent_type: handler for handler in role.intent_handlers}
        self._ids = itertools.count(1)

    async def ask(self, request: str, owner: Owner = LOCAL, **context: Any) -> Asked:
        given: dict[str, Any] = {"timezone": "Europe/Zurich", "current_time": NOW, **context}
        task = TaskContext(tenant=owner.tenant, user=owner.user, **given)
        trace, collector = Trace(), IntentCollector()
        result = await self.role.execute(request, RunContext(task, trace, Budget(Limits()), collector, Telemetry()))
        asked = Asked(result, collector.get_intents())
        number = next(self._ids)
        started = TraceStarted(request=request, user=owner.user, request_id=f"{number}", owner="test", context={})
        recorded = [event for event in trace.events if isinstance(event, Event)]
        events = [started, *recorded, TraceEnded(outcome="success", response={})]
        await self.store.append(stream_name("trace", f"t{number}"), events, 0, tenant=owner.tenant)
        for position, intent in enumerate(asked.intents):
            execution = IntentExecution(f"i{number}-{position}", f"k{number}-{position}", 1, task, NOW)
            done = await self._handlers[type(intent)].carry_out(intent, execution)
            if done.appends:
                await self.store.append(list(done.appends), tenant=owner.tenant)
            asked.details.append(done.detail)
        return asked


@asynccontextmanager
async def asking(build: Callable[[RoleResources], DomainRole], folder: Path, **settings: Any) -> AsyncGenerator[Asking]:
    """A role built on a memory store, its files in `folder`."""
    async with await EventStore.open("memory://") as store:
        views = Views(store)
        role = build(
            RoleResources(Settings.model_validate({"data_dir": folder, **settings}), store, views, SystemClock())
        )
        for view in role.views:
            views.add(view)
        try:
            yield Asking(role, store, views)
        finally:
            await views.close()
