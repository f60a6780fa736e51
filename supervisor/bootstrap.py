"""The one composition root: makes every part of a supervisor and wires them by constructor arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from opentelemetry.trace import TracerProvider

from common.clock import Clock, SystemClock
from common.errors import ConfigurationError, StoreError, StoreUnavailable
from common.flags import Flags
from common.intents import IntentHandler
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
from llm_provider.tool_registry import ToolRegistry
from roles.core_planning import PlanningRole
from roles.resources import RoleResources
from roles.role_registry import RoleRegistry
from roles.route_by_model import RouteByModel
from roles.router import Router
from roles.shipped import shipped_roles
from roles.timer.firing import TimerFirer
from supervisor.admission import Admission
from supervisor.claims import Claims
from supervisor.engine import EngineServices
from supervisor.intent_processor import IntentProcessor
from supervisor.log_metrics import LogMetrics
from supervisor.notifications import Notifications, Notifier
from supervisor.notifiers.opening import open_outbox
from supervisor.own_runs import OwnRuns
from supervisor.recovery import Recovery
from supervisor.requests import RequestHandler, RequestServices
from supervisor.runs import Runs
from supervisor.scheduler import Loop
from supervisor.sessions import Sessions
from supervisor.simplified_workflow_engine import SimplifiedWorkflowEngine
from supervisor.workflow_engine import WorkflowEngine

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from strands.models import Model

__all__ = ["HostParts", "Parts", "build"]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HostParts:
    """What a host may bring instead of the defaults."""

    model: Model | None = None
    clock: Clock | None = None
    tracer_provider: TracerProvider | None = None
    notifier: Notifier | None = None
    registry: CollectorRegistry | None = None
    roles: Sequence[Role] = ()
    tools: Sequence[Tool] = ()
    handlers: Sequence[IntentHandler] = ()


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

    async def close(self) -> None:
        """Let everything go that was opened, the store last."""
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
        store = await EventStore.open(
            settings.store_url, queue_size=settings.store.queue_size, timeout=settings.store.timeout
        )
        opened.push_async_callback(store.close)
        ownership = await store.ownership()
        opened.push_async_callback(anyio.to_thread.run_sync, ownership.release)
        views = Views(store, builtin_views())
        opened.push_async_callback(views.close)
        parts = await _wire(settings, host, clock, telemetry, store, ownership, views)
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
) -> Parts:
    models = LLMFactory(settings.models, settings.model_aliases, model=host.model, breaker=settings.model_breaker)
    models.check()
    tools = ToolRegistry()
    agents = RuntimeAgentFactory(
        tools,
        models,
        tool_timeout=settings.requests.tool_timeout,
        tool_output_chars=settings.requests.tool_output_chars,
        max_intents=settings.intents.max_per_request,
    )
    roles = _register(settings, host, RoleResources(settings, store, views, clock, agents), tools)
    tier = settings.router.model_tier
    by_model = RouteByModel(roles, models, tier) if tier is not None else None
    router = await Router.create(roles, settings.router, cache=settings.data_dir / "cache", ask_model=by_model)
    await router.learn()
    flags = Flags(settings.flags.domain, settings.flags.values)
    intents = IntentProcessor(store, settings.intents, clock, telemetry, ownership)
    for handler in (*(handler for role in roles.all() for handler in role.intent_handlers), *host.handlers):
        intents.add_handler(handler)
    runs = Runs(settings, store, telemetry)
    recovery = Recovery(store, views, ownership, intents)
    planner = PlanningRole(roles, tools, models, router, iteration_cap=settings.requests.limits.turns or 30)
    outbox = await open_outbox(settings.notifications, telemetry.metrics)
    notifications = Notifications(host.notifier, outbox=outbox, redactor=settings.redaction.redactor())
    admission = Admission(settings.requests.max_concurrent, settings.requests.queue)
    telemetry.metrics.registry.register(LogMetrics(store, views, admission))
    claims = Claims(store, ownership)
    engine_services = EngineServices(settings, intents, OwnRuns(claims, runs, clock, settings).open)
    task_graph = WorkflowEngine(engine_services, planner, roles)
    meta_planning = SimplifiedWorkflowEngine(engine_services, planner, agents, task_graph)
    handler = RequestHandler(
        RequestServices(
            settings, store, clock, telemetry, runs, router, roles, flags, task_graph, meta_planning,
            intents, claims, recovery, ownership, admission, Sessions(views), notifications, by_model,
        )
    )  # fmt: skip
    registry = AgentRegistry(store, views)
    await _register_agents(registry, roles)
    return Parts(
        settings, clock, telemetry, store, views, ownership, flags, models, tools, roles, router, intents,
        recovery, notifications, registry, admission, handler,
    )  # fmt: skip


def _register(settings: Settings, host: HostParts, resources: RoleResources, tools: ToolRegistry) -> RoleRegistry:
    roles = RoleRegistry()
    for role in (*shipped_roles(resources), *host.roles):
        roles.add(role)
        for tool in role.tools:
            tools.register(tool)
        for view in getattr(role, "views", ()):
            resources.views.add(view)
    for tool in host.tools:
        tools.register(tool)
    return roles


async def _register_agents(registry: AgentRegistry, roles: RoleRegistry) -> None:
    """Have the log know every role with its current definition."""
    for role in roles.all():
        try:
            await registry.register(
                role.name, role.description, [tool.name for tool in role.tools], examples=len(role.examples)
            )
        except StoreUnavailable:
            raise
        except StoreError as error:  # a newer version changed it: requests are handled all the same
            _log.warning("the log keeps its own definition of %s: %s", role.name, error)


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
        Loop("recovery", 30.0, lambda: parts.recovery.recover(parts.handler.running)),
    ]


def services(parts: Parts) -> list[Callable[[], Awaitable[None]]]:
    """What is kept going for as long as the supervisor runs: the roles' connections, the delivery of notifications."""
    of_roles = [service for role in parts.roles.all() for service in getattr(role, "services", ())]
    return [*of_roles, *parts.notifications.services()]
