"""Keeps a registry up to date: with the log, from which it learns what served past requests, and with its encoder."""

from __future__ import annotations

import anyio
from anyio import to_thread

from events.projection import Views
from events.store import EventStore
from events.topic_news import TopicNews
from events.views.tools_served import ToolsServed
from llm_provider.tool_registry import ToolRegistry

__all__ = ["ServedTools"]

_PAGE = 500
_MOST_AT_START = 20_000
"""Traces that are looked back at when a process starts, the newest ones."""


class ServedTools:
    """Learns from the view `tools_served`, each trace once; `refresh` takes in what came since."""

    def __init__(self, store: EventStore, views: Views, registry: ToolRegistry) -> None:
        self._views = views
        self._registry = registry
        self._news = TopicNews(store, ToolsServed.topics)
        self._lock = anyio.Lock()
        self._position: int | None = None

    async def keep_up(self) -> None:
        """For a loop: take in what came since, and have tools encoded that are not yet. Raises `StoreError`."""
        await self.refresh()
        if self._registry.encodes:
            await to_thread.run_sync(self._registry.encode)

    async def refresh(self) -> None:
        """Take in the traces that ended since, here or in another process. Raises `StoreError`."""
        async with self._lock:
            head = await self._news.look()
            if head is None:
                return
            if self._position is None:
                self._position = await self._start()
            while rows := await self._views.query(
                ToolsServed.name, {"position >": self._position}, order_by="position", limit=_PAGE
            ):
                for row in rows:
                    for request, tools in row["served"]:
                        self._registry.evidence.learn(str(request), [str(tool) for tool in tools])
                    self._position = int(row["position"])
            self._news.taken(head)

    async def _start(self) -> int:
        """The position before the oldest trace that is looked at."""
        last = await self._views.query(ToolsServed.name, {"position >": 0}, order_by="-position", limit=_MOST_AT_START)
        return int(last[-1]["position"]) - 1 if last else 0
