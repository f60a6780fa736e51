"""The roles and agents that requests can be routed to, as the log knows them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.errors import NotFound, StreamConflict
from events.catalogue.agent import (
    AgentDeployed,
    AgentDisabled,
    AgentRegistered,
    AgentRestored,
    AgentRetired,
    AgentTrialEnded,
    AgentTrialStarted,
)
from events.catalogue.base import Event
from events.projection import Column, RecordedEvent, Row, Views
from events.recorded import refuse_unreadable
from events.store import EventStore, stream_name

__all__ = ["AgentRecord", "AgentRegistry", "AgentRegistryView"]

_ATTEMPTS = 10
_MANY = 100_000


class AgentRegistryView:
    """View `agents`; shared by all tenants."""

    name = "agents"
    version = 3
    key = (Column("name", "text"),)
    columns = (
        Column("kind", "text"),
        Column("description", "text"),
        Column("tools", "json"),
        Column("examples", "integer"),
        Column("definition_hash", "text"),
        Column("enabled", "boolean"),
        Column("reason", "text"),
        Column("registered_at", "time"),
        Column("position", "integer"),
        Column("state", "text"),
        Column("version", "text"),
        Column("deployment", "json"),
        Column("trial", "json"),
    )
    indexes = ()
    topics = frozenset(
        kind.TOPIC
        for kind in (
            AgentRegistered,
            AgentDeployed,
            AgentDisabled,
            AgentRestored,
            AgentRetired,
            AgentTrialStarted,
            AgentTrialEnded,
        )
    )

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The agent that the event names."""
        match event.event:
            case AgentRegistered(name=name) | AgentDisabled(name=name) | AgentRestored(name=name):
                return ((name,),)
            case AgentDeployed(name=name) | AgentRetired(name=name):
                return ((name,),)
            case AgentTrialStarted(name=name) | AgentTrialEnded(name=name):
                return ((name,),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The agent after the event; a new definition does not enable one that was disabled."""
        match event.event:
            case AgentRegistered() as agent:
                return {
                    "kind": agent.kind,
                    "description": agent.description,
                    "tools": agent.tools,
                    "examples": agent.examples,
                    "definition_hash": agent.definition_hash,
                    "enabled": row is None or row["enabled"],
                    "reason": None if row is None else row["reason"],
                    "registered_at": event.recorded_at,
                    "position": event.position,
                    "state": "registered" if row is None else row["state"],
                    "version": None if row is None else row["version"],
                    "deployment": None if row is None else row["deployment"],
                    "trial": None if row is None else row["trial"],
                }
            case AgentTrialStarted() as trial:
                about = {**trial.model_dump(mode="json", exclude={"name"}), "at": event.recorded_at.isoformat()}
                return None if row is None else {**row, "trial": about}
            case AgentTrialEnded():
                return None if row is None else {**row, "trial": None}
            case AgentDeployed() as deployed:
                return None if row is None else {**row, **_deployed(deployed, row, event)}
            case AgentRetired(reason=reason):
                gone = {"state": "retired", "enabled": False, "reason": reason, "trial": None}
                return None if row is None else {**row, **gone}
            case AgentDisabled(reason=reason):
                return None if row is None else {**row, "enabled": False, "reason": reason}
            case AgentRestored():
                return None if row is None else {**row, "state": _alive(row), "enabled": True, "reason": None}
            case _:
                return row


def _alive(row: Row) -> str:
    return "registered" if row["deployment"] is None else "deployed"


def _deployed(deployed: AgentDeployed, row: Row, event: RecordedEvent) -> Row:
    """What a deployment changes of a row: it brings a retired agent back, not one that was disabled."""
    back = {"enabled": True, "reason": None} if row["state"] == "retired" else {}
    kept = deployed.model_dump(mode="json", exclude={"name", "version"})
    about = {**kept, "deployed_at": event.recorded_at.isoformat()}
    return {"state": "deployed", "version": deployed.version, "deployment": about, "trial": None, **back}


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """A registered agent. `definition_hash` names what it is made of; `position` is that of its last registration.

    `state` is ``registered``, ``deployed`` or ``retired``. Of a built agent, `version` is the one that serves, and
    `deployment` what its AgentDeployed says, with the time (`deployed_at`); both stay known while it is retired.
    `trial` is what the AgentTrialStarted of a version says that has a share of its requests, with the time (`at`).
    """

    name: str
    kind: str
    description: str
    tools: tuple[str, ...]
    examples: int
    definition_hash: str
    enabled: bool
    reason: str | None
    registered_at: datetime
    position: int
    state: str
    version: str | None
    deployment: dict[str, Any] | None
    trial: dict[str, Any] | None = None


class AgentRegistry:
    """Registers agents as events and reads them from the view `agents`, which `views` must hold."""

    def __init__(self, store: EventStore, views: Views) -> None:
        self._store = store
        self._views = views

    async def register(
        self,
        name: str,
        description: str,
        tools: Sequence[str] = (),
        *,
        kind: str = "role",
        examples: int = 0,
        definition_hash: str = "",
    ) -> AgentRecord:
        """Register an agent; nothing is appended when the log has it with the same definition.

        Raises `StoreError` when an event of the agent can't be read, which a newer version may have written.
        An empty `definition_hash` is computed from the other arguments.
        """
        agent = AgentRegistered(
            name=name,
            kind=kind,
            description=description,
            tools=list(tools),
            examples=examples,
            definition_hash=definition_hash or _hash(kind, description, tools, examples),
        )
        for attempt in range(_ATTEMPTS):
            known, version = await self._last(name)
            if known is not None and known.definition_hash == agent.definition_hash:
                break
            try:
                await self._store.append(stream_name("agent", name), [agent], version)
            except StreamConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
        return await self.get(name)

    async def update(
        self,
        name: str,
        *,
        description: str | None = None,
        tools: Sequence[str] | None = None,
        examples: int | None = None,
        definition_hash: str = "",
    ) -> AgentRecord:
        """Give an agent another definition; what is left out stays. Raises `NotFound`."""
        agent = await self.get(name)
        return await self.register(
            name,
            agent.description if description is None else description,
            agent.tools if tools is None else tools,
            kind=agent.kind,
            examples=agent.examples if examples is None else examples,
            definition_hash=definition_hash,
        )

    async def disable(self, name: str, *, reason: str = "", by: str = "") -> AgentRecord:
        """Take an agent out of routing. Raises `NotFound`."""
        return await self._change(name, AgentDisabled(name=name, reason=reason, by=by), enabled=False)

    async def restore(self, name: str, *, by: str = "") -> AgentRecord:
        """Put an agent back into routing. Raises `NotFound`."""
        return await self._change(name, AgentRestored(name=name, by=by), enabled=True)

    async def get(self, name: str) -> AgentRecord:
        """An agent. Raises `NotFound`."""
        row = await self._views.get(AgentRegistryView.name, (name,))
        if row is None:
            raise NotFound(f"no agent is called {name!r}", where="agents", todo="List them with agents list.")
        return _record(row)

    async def get_all_agents(self) -> list[AgentRecord]:
        """All agents, by name; disabled ones too."""
        rows = await self._views.query(AgentRegistryView.name, order_by="name", limit=_MANY)
        return [_record(row) for row in rows]

    async def at(self, position: int) -> list[AgentRecord]:
        """All agents as they were when the log ended at a position."""
        rows = await self._views.query_at(AgentRegistryView.name, position, order_by="name", limit=_MANY)
        return [_record(row) for row in rows]

    async def _change(self, name: str, event: Event, *, enabled: bool) -> AgentRecord:
        agent = await self.get(name)
        if agent.enabled == enabled:
            return agent
        await self._last(name)
        await self._store.append(stream_name("agent", name), [event])
        return await self.get(name)

    async def _last(self, name: str) -> tuple[AgentRegistered | None, int]:
        """The last definition in the agent's stream, and the stream's version."""
        recorded = await self._store.read(stream_name("agent", name))
        refuse_unreadable(recorded, "this agent is not changed")
        known = [entry.event for entry in recorded if isinstance(entry.event, AgentRegistered)]
        return (known[-1] if known else None), (recorded[-1].version if recorded else 0)


def _hash(kind: str, description: str, tools: Sequence[str], examples: int) -> str:
    parts = json.dumps([kind, description, sorted(tools), examples])
    return hashlib.sha256(parts.encode()).hexdigest()


def _record(row: Row) -> AgentRecord:
    values: dict[str, Any] = {**row, "tools": tuple(row["tools"])}
    return AgentRecord(**values)
