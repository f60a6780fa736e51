"""The guidelines in service, in memory: a request takes what is there and waits for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import anyio

from common.hints import PlanningHints
from events.projection import Views
from events.state.guideline import GuidelineStatus
from events.store import EventStore
from events.views.guidelines import GuidelineView

__all__ = ["ActiveGuidelines"]

_MANY = 100_000


class ActiveGuidelines:
    """A snapshot of the view `guidelines`: the rules in service by agent type.

    `refresh` costs a look at the new events' kinds, and reads the view when guidelines are among them. The mapping is
    replaced, never changed: a request keeps the one that it began with.
    """

    def __init__(self, store: EventStore, views: Views) -> None:
        self._store = store
        self._views = views
        self._position: int | None = None
        self._lock = anyio.Lock()
        self.current: Mapping[str, PlanningHints] = MappingProxyType({})

    async def refresh(self) -> None:
        """Take in what was decided since, here or in another process. Raises `StoreError`."""
        async with self._lock:
            position = await self._store.run(self._look)
            if position is None:
                return
            rows = await self._views.query(GuidelineView.name, {"status": GuidelineStatus.ACTIVE}, limit=_MANY)
            self.current = MappingProxyType(
                {
                    str(row["agent_type"]): PlanningHints(
                        guideline=tuple(str(rule["text"]) for rule in row["rules"]), guideline_version=row["version"]
                    )
                    for row in rows
                }
            )
            self._position = position

    def _look(self) -> int | None:
        """Where the log ends, if the view has to be read; None where nothing new is about guidelines. Blocks."""
        head = self._store.head_now()
        if self._position is None:
            return head
        events, reached = self._store.read_page(self._position, GuidelineView.topics, 1, head)
        if events:
            return head
        self._position = reached
        return None
