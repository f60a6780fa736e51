"""The tools and agents of others that the settings name: what of them goes where in a supervisor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from common.clock import Clock
from common.errors import ConfigurationError
from common.health import HealthCheck
from common.intents import IntentHandler
from common.role import Role
from common.settings import IntentSettings, Settings
from common.telemetry import Telemetry
from common.tool import Tool
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry

if TYPE_CHECKING:
    from llm_provider.a2a_agents import A2AAgents
    from llm_provider.mcp_tools import McpServers

__all__ = ["Ecosystem", "wire_ecosystem"]

_FIRST_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """Nothing of it is imported or connected where the settings name nobody."""

    mcp: McpServers | None = None
    a2a: A2AAgents | None = None
    roles: Sequence[Role] = ()

    @property
    def tools(self) -> list[Tool]:
        """The tools that are there from the start; those of MCP servers come with their connections."""
        return [] if self.a2a is None else self.a2a.tools()

    @property
    def handlers(self) -> list[IntentHandler]:
        """The handlers of what may change something."""
        return [handler for part in self._parts for handler in part.handlers()]

    def with_policies(self, settings: IntentSettings) -> IntentSettings:
        """The settings of intents, with the policies of these where they name none for a type."""
        policies = {kind: policy for part in self._parts for kind, policy in part.policies().items()}
        return settings.model_copy(update={"policies": {**policies, **settings.policies}}) if policies else settings

    @property
    def health_checks(self) -> list[HealthCheck]:
        """One check for each of them."""
        return [check for part in self._parts for check in part.health_checks()]

    @property
    def services(self) -> list[Callable[[], Awaitable[None]]]:
        """The connections that are kept."""
        return [] if self.mcp is None else self.mcp.services()

    async def first_tries(self) -> None:
        """Wait until every connection was made or could not be, while the services run."""
        if self.mcp is not None:
            with anyio.move_on_after(_FIRST_SECONDS):
                await self.mcp.first_tries()

    def check_free(self, taken: Iterable[str]) -> None:
        """Raise `ConfigurationError` where a name is the category of other tools."""
        known = set(taken)
        for part in self._parts:
            for name in part.names:
                if name in known:
                    raise ConfigurationError(
                        f"{name!r} is the name of other tools already",
                        where=f"{part.setting}.{name}",
                        todo="Give it another name.",
                    )
                known.add(name)

    @property
    def _parts(self) -> list[McpServers | A2AAgents]:
        return [part for part in (self.mcp, self.a2a) if part is not None]


def wire_ecosystem(
    settings: Settings, tools: ToolRegistry, agents: RuntimeAgentFactory, clock: Clock, telemetry: Telemetry
) -> Ecosystem:
    """What the settings name, not connected yet. Raises `ConfigurationError`."""
    mcp: McpServers | None = None
    a2a: A2AAgents | None = None
    roles: list[Role] = []
    if settings.mcp_servers:
        from llm_provider.mcp_tools import McpServers
        from roles.foreign import ToolsRole

        mcp = McpServers(settings.mcp_servers, tools, clock, telemetry)
        roles = [
            ToolsRole(name, server.role.description, server.role.examples, tools, agents)
            for name, server in settings.mcp_servers.items()
            if server.role is not None
        ]
    if settings.a2a_agents:
        from llm_provider.a2a_agents import A2AAgents

        a2a = A2AAgents(settings.a2a_agents, clock)
    return Ecosystem(mcp, a2a, roles)
