"""Which roles are switched off, as the log says: seen by every supervisor on it within half a second."""

from __future__ import annotations

import anyio

from events.projection import Views
from events.store import EventStore
from events.topic_news import TopicNews
from events.views.agent_registry import AgentRegistryView
from roles.role_registry import RoleRegistry

__all__ = ["AgentSwitches"]

_MANY = 100_000


class AgentSwitches:
    """Keeps the registry of roles in step with AgentDisabled and AgentRestored."""

    def __init__(self, store: EventStore, views: Views, roles: RoleRegistry) -> None:
        self._views = views
        self._roles = roles
        self._news = TopicNews(store, AgentRegistryView.topics)
        self._lock = anyio.Lock()

    async def refresh(self) -> None:
        """Take in what was switched since, here or in another process. Raises `StoreError`."""
        async with self._lock:
            position = await self._news.look()
            if position is None:
                return
            rows = await self._views.query(AgentRegistryView.name, limit=_MANY)
            switched = {str(row["name"]): bool(row["enabled"]) for row in rows}
            for name in self._roles.names:
                enabled = switched.get(name, True)
                if enabled != self._roles.is_enabled(name):
                    (self._roles.enable if enabled else self._roles.disable)(name)
            self._news.taken(position)
