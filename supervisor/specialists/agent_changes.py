"""Agents registered and switched by specialists: as events, to be appended with an assignment."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import ImprovementError
from common.intents import StreamAppend
from events.catalogue.agent import AgentDisabled, AgentRegistered, AgentRestored, AgentRetired
from events.catalogue.base import Event
from events.recorded import refuse_unreadable
from events.store import EventStore, stream_name
from events.views.agent_registry import AgentRegistry
from roles.role_registry import RoleRegistry

__all__ = ["AgentChanges"]

_MAX_NAME = 64


class AgentChanges:
    """Implements `roles.specialists.specialist.Agents`."""

    def __init__(self, store: EventStore, registry: AgentRegistry, roles: RoleRegistry) -> None:
        self._store = store
        self._registry = registry
        self._roles = roles

    def is_enabled(self, name: str) -> bool:
        """Whether requests may be routed to a role."""
        return self._roles.is_enabled(name)

    async def switching(
        self, name: str, *, enabled: bool, by: str, reason: str, improvement: str | None
    ) -> Sequence[StreamAppend]:
        """What switches it on or off; nothing where it is so already. Raises `NotFound`."""
        agent = await self._registry.get(name)
        if agent.enabled == enabled:
            return ()
        event: Event = (
            AgentRestored(name=name, by=by, improvement=improvement)
            if enabled
            else AgentDisabled(name=name, by=by, reason=reason, improvement=improvement)
        )
        return [StreamAppend(stream_name("agent", name), [event], await self._version(name))]

    async def registering(
        self, name: str, description: str, tools: Sequence[str], *, improvement: str
    ) -> Sequence[StreamAppend]:
        """What registers an agent. Raises `ImprovementError` for a name that is taken, or that can't be."""
        if not 0 < len(name) <= _MAX_NAME or not name.isprintable() or not description.strip():
            raise ImprovementError("an agent needs a name and a description", where=improvement)
        if await self._version(name):
            raise ImprovementError(f"there is an agent {name} already", where=improvement)
        event = AgentRegistered(
            name=name, kind="agent", description=description, tools=list(tools), improvement=improvement,
            definition_hash=improvement,
        )  # fmt: skip
        return [StreamAppend(stream_name("agent", name), [event], 0)]

    async def changed_by(self, improvement_id: str, names: Sequence[str]) -> Sequence[str]:
        """Of these agents, those whose stream holds an event of the improvement."""
        return [
            name
            for name in names
            if any(
                getattr(entry.event, "improvement", None) == improvement_id
                for entry in await self._store.read(stream_name("agent", name))
            )
        ]

    async def last_changed_by(self, name: str) -> str | None:
        """The improvement whose switch, or registration, of an agent is the last one. Raises `StoreError`."""
        recorded = await self._store.read(stream_name("agent", name))
        refuse_unreadable(recorded, "this agent is not changed")
        for entry in reversed(recorded):
            match entry.event:
                case AgentDisabled(improvement=by) | AgentRestored(improvement=by) | AgentRetired(improvement=by):
                    return by
                case AgentRegistered(improvement=str(by)):  # else it is a role that began with another definition
                    return by
                case _:
                    pass
        return None

    async def _version(self, name: str) -> int:
        recorded = await self._store.read(stream_name("agent", name))
        refuse_unreadable(recorded, "this agent is not changed")
        return recorded[-1].version if recorded else 0
