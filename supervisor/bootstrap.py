"""The one composition root: makes every part of a supervisor and wires them by constructor arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from opentelemetry.trace import TracerProvider

from common.clock import Clock, SystemClock
from common.errors import ConfigurationError, StoreError, StoreUnavailable
from common.flags import FlagDeclaration, Flags
from common.flags.watched_file import POLL
from common.hints import AGENT_TYPES
from common.intents import IntentHandler
from common.language.encoders import load_encoder
from common.logs import get_logger
from common.role import Role
from common.settings import Settings
from common.telemetry import Telemetry
from common.tool import Tool
from events.ownership import Ownership
from events.projection import Views
from events.seal import Sealer
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from events.views.builtin import builtin_views
from llm_provider.factory import LLMFactory
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_policy import ToolPolicy
from llm_provider.tool_registry import ToolRegistry
from llm_provider.tools_served import ServedTools
from roles.core_planning import PlanningRole
from roles.resources import RoleResources
from roles.role_registry import RoleRegistry
from roles.route_by_model import RouteByModel
from roles.router import Router
from roles.shipped import shipped_roles
from roles.timer.firing import TimerFirer
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.admission import Admission
from supervisor.agent_switches import AgentSwitches
from supervisor.building import Builds, ImprovementBuilder, wire_building
from supervisor.cancellation import Cancellations
from supervisor.claims import Claims
from supervisor.deployment import DeployedAgents
from supervisor.earlier import EarlierAttempts
from supervisor.ecosystem import Ecosystem, wire_ecosystem
from supervisor.engine import EngineServices
from supervisor.evolution.evolution import MetaAgentEvolution
from supervisor.evolution.wiring import evolution_loops, wire_evolution
from supervisor.flags import open_flags
from supervisor.guidelines import Guidelines
from supervisor.intent_processor import IntentProcessor
from supervisor.learning.integration import Learning
from supervisor.learning.prediction_service import Predictions
from supervisor.learning.wiring import wire_learning
from supervisor.log_metrics import LogMetrics
from supervisor.monitoring.custom import CustomMetrics
from supervisor.monitoring.lead import Lead
from supervisor.monitoring.news import ImprovementNews
from supervisor.monitoring.service import Monitoring
from supervisor.monitoring.wiring import wire_monitoring
from supervisor.notifications import Notifications, Notifier
from supervisor.notifiers.opening import open_outbox
from supervisor.own_runs import OwnRuns
from supervisor.recovery import Recovery
from supervisor.requests import RequestHandler, RequestServices
from supervisor.rollout import Rollout, wire_rollout
from supervisor.runs import Runs
from supervisor.scheduler import Loop
from supervisor.session_turns import SessionTurns
from supervisor.sessions import Sessions
from supervisor.simplified_workflow_engine import SimplifiedWorkflowEngine
from supervisor.specialists.service import Specialists
from supervisor.specialists.wiring import wire_specialists
from supervisor.store_opening import open_store
from supervisor.tuning import Tuning
from supervisor.tuning_wiring import wire_tuning
from supervisor.workflow_engine import WorkflowEngine

if TYPE_CHECKING:
    from openfeature.provider import FeatureProvider
    from prometheus_client import CollectorRegistry
    from strands.models import Model

    from events.keys import KeyService

__all__ = ["HostParts", "Parts", "build"]

_log = get_logger(__name__)
_CATCH_UP = 3_600.0
"""Seconds that views may take to be built from a whole log, after a change of what they hold."""


@dataclass(frozen=True, slots=True)
class HostParts:
    """What a host may bring instead of the defaults."""

    model: Model | None = None
    clock: Clock | None = None
    tracer_provider: TracerProvider | None = None
    notifier: Notifier | None = None
    registry: CollectorRegistry | None = None
    flag_provider: FeatureProvider | None = None
    flags: Sequence[FlagDeclaration] = ()
    roles: Sequence[Role] = ()
    tools: Sequence[Tool] = ()
    handlers: Sequence[IntentHandler] = ()
    custom_metrics: CustomMetrics | None = None
    keys: KeyService | None = None
    allow_missing_keys: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """A wired supervisor, before its loops run."""

    settings: Settings
    clock: Clock
    telemetry: Telemetry
    store: EventStore
    views: Views
    ownership: Ownership
    flags: Flags
    models: LLMFactory
    tools: ToolRegistry
    roles: RoleRegistry
    router: Router
    intents: IntentProcessor
    recovery: Recovery
    notifications: Notifications
    agents: AgentRegistry
    admission: Admission
    handler: RequestHandler
    guidelines: Guidelines
    claims: Claims
    cancellations: Cancellations
    rollout: Rollout
    ecosystem: Ecosystem
    learning: Learning
    predictions: Predictions
    monitoring: Monitoring
    switches: AgentSwitches
    tuning: Tuning
    specialists: Specialists
    telling: ImprovementNews
    deployed: DeployedAgents
    builds: Builds
    evolution: MetaAgentEvolution

    async def close(self) -> None:
        """Let everything go that was opened, the store last."""
        await self.deployed.close()
        await self.notifications.close()
        self.flags.close()
        await self.models.aclose()
        await self.views.close()
        await self.store.close()
        await anyio.to_thread.run_sync(self.ownership.release)


async def build(settings: Settings, host: HostParts) -> Parts:
    """Open the store and wire a supervisor. Raises `ConfigurationError` or `StoreUnavailable`."""
    clock = host.clock or SystemClock()
    telemetry = Telemetry(host.tracer_provider, host.registry)
    await anyio.to_thread.run_sync(_make_folder, settings)
    async with AsyncExitStack() as opened:
        store = await open_store(settings, host.keys, allow_missing_keys=host.allow_missing_keys)
        opened.push_async_callback(store.close)
        ownership = await store.ownership()
        opened.push_async_callback(anyio.to_thread.run_sync, ownership.release)
        views = Views(store, builtin_views())
        opened.push_async_callback(views.close)
        flags = await open_flags(settings, clock, host.flags, host.flag_provider)
        opened.callback(flags.close)
        telemetry.metrics.flag_fault.set_function(lambda: 0.0 if flags.fault() is None else 1.0)
        parts = await _wire(settings, host, clock, telemetry, store, ownership, views, flags)
        opened.pop_all()
    return parts


async def _wire(
    settings: Settings,
    host: HostParts,
    clock: Clock,
    telemetry: Telemetry,
    store: EventStore,
    ownership: Ownership,
    views: Views,
    flags: Flags,
) -> Parts:
    models = LLMFactory(settings.models, settings.model_aliases, model=host.model, breaker=settings.model_breaker)
    models.check()
    encoder = await anyio.to_thread.run_sync(load_encoder, settings.router.encoder)
    tools = ToolRegistry(encoder=encoder)
    agents = _agent_factory(settings, tools, models)
    ecosystem = wire_ecosystem(settings, tools, agents, clock, telemetry)
    resources = RoleResources(settings, store, views, clock, agents)
    roles = _register(settings, host, resources, tools, ecosystem)
    custom = host.custom_metrics or CustomMetrics()
    deployed = DeployedAgents(settings, store, views, clock, roles, tools, resources, custom)
    await deployed.refresh()
    by_model = RouteByModel(roles, models, settings.router.model_tier)
    router = await Router.create(
        roles, settings.router, cache=settings.data_dir / "cache", ask_model=by_model, encoder=encoder
    )
    await router.learn()
    deployed.use(router)
    intents = IntentProcessor(store, ecosystem.with_policies(settings.intents), clock, telemetry, ownership)
    known = _add_handlers(intents, roles, host, ecosystem)
    types = {name: handler.intent_type for name, handler in known.items()}
    guidelines = ActiveGuidelines(store, views)
    await guidelines.refresh()
    predictions = Predictions(store, _prediction_folder(settings))
    await predictions.load()
    calls = ToolPolicy(settings.requests)
    runs = Runs(settings, store, telemetry, guidelines, flags, predictions, calls)
    recovery = Recovery(store, views, ownership, intents)
    planner = PlanningRole(roles, tools, models, router, iteration_cap=settings.requests.limits.turns or 30)
    outbox = await open_outbox(settings.notifications, telemetry.metrics)
    notifications = Notifications(host.notifier, outbox=outbox, redactor=settings.redaction.redactor())
    refused = telemetry.metrics.rejected.labels("overloaded").inc
    admission = Admission(settings.requests.max_concurrent, settings.requests.queue, refused=refused)
    telemetry.metrics.registry.register(LogMetrics(store, views, admission))
    claims = Claims(store, ownership)
    sessions = Sessions(views, SessionTurns(store, known), roles, scores=router.probabilities)
    earlier = EarlierAttempts(settings, store, ownership, recovery, intents, types)
    engine_services = EngineServices(settings, intents, OwnRuns(claims, runs, clock, settings).open)
    task_graph = WorkflowEngine(engine_services, planner, roles)
    meta_planning = SimplifiedWorkflowEngine(engine_services, planner, agents, task_graph)
    request_services = RequestServices(
        settings, store, clock, telemetry, runs, router, roles, task_graph, meta_planning,
        intents, claims, recovery, ownership, earlier, admission, sessions, notifications, by_model,
    )  # fmt: skip
    rollout = wire_rollout(request_services, planner, agents, guidelines, flags, views)
    handler = RequestHandler(rollout.watched(request_services))
    registry = AgentRegistry(store, views)
    await _register_agents(registry, [role for role in roles.all() if role.name not in deployed.known])
    switches = AgentSwitches(store, views, roles)
    await switches.refresh()
    offered = Guidelines(store, views, clock, guidelines, [*roles.names, *AGENT_TYPES])
    learning = wire_learning(request_services, planner, agents, models, guidelines, offered, flags, views, predictions)
    monitoring = wire_monitoring(
        settings, clock, telemetry, store, views, ownership, flags, registry, admission, notifications,
        custom,
    )  # fmt: skip
    tuning = await wire_tuning(settings, store, views, tools, calls, admission, monitoring)
    builds = wire_building(settings, store, views, ownership, models, telemetry, deployed)
    for tool in builds.tools(settings.folder_of):
        tools.register(tool)
    specialists = wire_specialists(
        settings, clock, store, views, ownership, tuning, monitoring, registry, roles, switches, learning, offered,
        ImprovementBuilder(builds.builder),
    )  # fmt: skip
    evolution = wire_evolution(
        settings, clock, telemetry, store, views, ownership, router, roles, deployed, builds, monitoring, specialists
    )
    telling = ImprovementNews(
        store, views, clock, notifications, Lead(store, ownership, monitoring.node), monitoring.node,
        settings.monitoring.notify_every,
    )  # fmt: skip
    monitoring.run_beside(Loop("specialists", 2.0, specialists.step, timeout=3_600.0))
    monitoring.run_beside(Loop("improvements told", 5.0, telling.step))
    monitoring.run_beside(Loop("tools served", 5.0, ServedTools(store, views, tools).keep_up, timeout=600.0))
    return Parts(
        settings, clock, telemetry, store, views, ownership, flags, models, tools, roles, router, intents,
        recovery, notifications, registry, admission, handler,
        offered, claims, Cancellations(store, views, earlier, handler.running), rollout, ecosystem, learning,
        predictions, monitoring, switches, tuning, specialists, telling,
        deployed, builds, evolution,
    )  # fmt: skip


def _add_handlers(
    intents: IntentProcessor, roles: RoleRegistry, host: HostParts, ecosystem: Ecosystem
) -> dict[str, IntentHandler]:
    """Have the processor know every handler; by the type of its intents."""
    handlers = [
        *(handler for role in roles.all() for handler in role.intent_handlers), *host.handlers, *ecosystem.handlers,
    ]  # fmt: skip
    for handler in handlers:
        intents.add_handler(handler)
    return {handler.intent_type.TYPE: handler for handler in handlers}


def _agent_factory(settings: Settings, tools: ToolRegistry, models: LLMFactory) -> RuntimeAgentFactory:
    return RuntimeAgentFactory(
        tools,
        models,
        tool_timeout=settings.requests.tool_timeout,
        tool_output_chars=settings.requests.tool_output_chars,
        max_intents=settings.intents.max_per_request,
    )


def _register(
    settings: Settings, host: HostParts, resources: RoleResources, tools: ToolRegistry, ecosystem: Ecosystem
) -> RoleRegistry:
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


async def _register_agents(registry: AgentRegistry, roles: Sequence[Role]) -> None:
    """Have the log know each role with its current definition."""
    for role in roles:
        try:
            await registry.register(
                role.name, role.description, [tool.name for tool in role.tools], examples=len(role.examples)
            )
        except StoreUnavailable:
            raise
        except StoreError as error:  # a newer version changed it: requests are handled all the same
            _log.warning("the log keeps its own definition of %s: %s", role.name, error)


def _prediction_folder(settings: Settings) -> Path | None:
    """Where predictions are kept; nowhere for a log that is gone with the process."""
    return None if settings.store.url == "memory://" else settings.data_dir / "cache" / "predictions"


def _make_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder can't be made: {error.strerror}",
            where=f"data_dir {settings.data_dir}",
            todo="Name a folder you may write to in config.yaml or by SUPERVISOR_DATA_DIR.",
        ) from None


def loops(parts: Parts) -> list[Loop]:
    """The loops of a running supervisor."""
    firer = TimerFirer(parts.store, parts.views, parts.clock, parts.notifications.timer_fired, parts.settings.timer)
    store = parts.settings.store
    sealer = Sealer(parts.store, seconds=store.seal_every, events=store.seal_events, clock=parts.clock)
    return [
        Loop("timers", parts.settings.timer.poll, firer.fire_due),
        Loop("seal", 30.0, sealer.seal_if_due),
        Loop("guidelines", 0.5, parts.guidelines.refresh),
        Loop("built agents", 0.5, parts.deployed.refresh, timeout=120.0),
        Loop("health of built agents", 600.0, parts.deployed.examine, timeout=600.0, delay=60.0),
        Loop("agents", 0.5, parts.switches.refresh),
        Loop("tuning", 0.5, parts.tuning.refresh),
        Loop("flags", POLL, parts.flags.refresh),
        Loop("views", 30.0, parts.views.catch_up, timeout=_CATCH_UP),
        Loop("recovery", 30.0, lambda: parts.recovery.recover(parts.handler.running)),
        *parts.learning.loops(),
        *evolution_loops(parts.evolution),
        *([Loop("predictions", 5.0, parts.predictions.step, timeout=600.0)] if parts.settings.learning.enabled else []),
    ]


def services(parts: Parts) -> list[Callable[[], Awaitable[None]]]:
    """What is kept going for as long as the supervisor runs: the roles' connections, notifications, the rollout."""
    of_roles = [service for role in parts.roles.all() for service in getattr(role, "services", ())]
    return [*of_roles, *parts.ecosystem.services, *parts.notifications.services(), *parts.rollout.loops()]
