"""Wires the roles and what they stand on: models, tools, other systems, built agents, the router."""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread

from common.language.encoders import load_encoder
from common.settings import Settings
from llm_provider.factory import LLMFactory
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry
from llm_provider.word_vectors import WordVectors
from roles.resources import RoleResources
from roles.role_registry import RoleRegistry
from roles.route_by_model import RouteByModel
from roles.router import Router
from roles.shipped import shipped_roles
from supervisor.deployment import DeployedAgents
from supervisor.ecosystem import Ecosystem, wire_ecosystem
from supervisor.monitoring.custom import CustomMetrics
from supervisor.wiring.opened import HostParts, Opened

__all__ = ["RoleParts", "wire_roles"]


@dataclass(frozen=True, slots=True)
class RoleParts:
    """Who can be asked, and what picks among them."""

    models: LLMFactory
    tools: ToolRegistry
    agents: RuntimeAgentFactory
    ecosystem: Ecosystem
    roles: RoleRegistry
    custom: CustomMetrics
    deployed: DeployedAgents
    by_model: RouteByModel
    router: Router


async def wire_roles(opened: Opened) -> RoleParts:
    """Register every role and tool, start with the built agents in service, and have the router learn them.

    Raises `ConfigurationError` where a model, an encoder or a role can't be had as configured.
    """
    settings, host, clock = opened.settings, opened.host, opened.clock
    models = LLMFactory(settings.models, settings.model_aliases, model=host.model, breaker=settings.model_breaker)
    models.check()
    encoder = await anyio.to_thread.run_sync(load_encoder, settings.router.encoder)
    tools = ToolRegistry(encoder=encoder or WordVectors())
    agents = _agent_factory(settings, tools, models)
    ecosystem = wire_ecosystem(settings, tools, agents, clock, opened.telemetry)
    resources = RoleResources(settings, opened.store, opened.views, clock, agents)
    roles = _register(host, resources, tools, ecosystem)
    custom = host.custom_metrics or CustomMetrics()
    deployed = DeployedAgents(settings, opened.store, opened.views, clock, roles, tools, resources, custom)
    await deployed.refresh()
    by_model = RouteByModel(roles, models, settings.router.model_tier)
    router = await Router.create(
        roles, settings.router, cache=settings.data_dir / "cache", ask_model=by_model, encoder=encoder
    )
    await router.learn()
    deployed.use(router)
    return RoleParts(models, tools, agents, ecosystem, roles, custom, deployed, by_model, router)


def _agent_factory(settings: Settings, tools: ToolRegistry, models: LLMFactory) -> RuntimeAgentFactory:
    return RuntimeAgentFactory(
        tools,
        models,
        tool_timeout=settings.requests.tool_timeout,
        tool_output_chars=settings.requests.tool_output_chars,
        max_intents=settings.intents.max_per_request,
    )


def _register(host: HostParts, resources: RoleResources, tools: ToolRegistry, ecosystem: Ecosystem) -> RoleRegistry:
    roles = RoleRegistry()
    for role in (*shipped_roles(resources), *host.roles, *ecosystem.roles):
        roles.add(role)
        for tool in role.tools:
            tools.register(tool)
        for view in getattr(role, "views", ()):
            resources.views.add(view)
    for tool in host.tools:
        tools.register(tool)
    own = {role.name for role in ecosystem.roles}
    ecosystem.check_free({*tools.categories, *(name for name in roles.names if name not in own)})
    for tool in ecosystem.tools:
        tools.register(tool)
    return roles
