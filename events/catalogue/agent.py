"""agent/<name>: roles and agents that requests can be routed to."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from events.catalogue.base import Event

__all__ = ["AgentDisabled", "AgentRegistered", "AgentRestored"]


class AgentRegistered(Event):
    """A role or agent is there, with this definition (registered anew when its definition changes).

    `improvement` is the approved improvement that this carries out, if any.
    """

    TOPIC: ClassVar[str] = "agent.registered"
    PERSONAL: ClassVar[bool] = False
    name: str
    kind: str = "role"
    description: str
    tools: list[str] = Field(default_factory=list)
    examples: int = 0
    definition_hash: str = ""
    improvement: str | None = None


class AgentDisabled(Event):
    """Requests are no longer routed to it; `improvement` as in `AgentRegistered`."""

    TOPIC: ClassVar[str] = "agent.disabled"
    PERSONAL: ClassVar[bool] = False
    name: str
    reason: str = ""
    by: str = ""
    improvement: str | None = None


class AgentRestored(Event):
    """Requests are routed to it again; `improvement` as in `AgentRegistered`."""

    TOPIC: ClassVar[str] = "agent.restored"
    PERSONAL: ClassVar[bool] = False
    name: str
    by: str = ""
    improvement: str | None = None
