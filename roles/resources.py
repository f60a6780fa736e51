"""What a role is built from, handed over by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from common.clock import Clock
from common.settings import Settings
from events.projection import Views
from events.store import EventStore
from llm_provider.runtime_agent_factory import RuntimeAgentFactory

__all__ = ["RoleResources"]


@dataclass(frozen=True, slots=True)
class RoleResources:
    """The services a role may use; nothing else is reachable for it.

    `runtime` makes agents for what a role can't answer from its own reading of the request; None where no agent may
    be made (a test of a role's tools, for example).
    """

    settings: Settings
    store: EventStore
    views: Views
    clock: Clock
    runtime: RuntimeAgentFactory | None = None
