"""The one composition root: makes every part of a supervisor and wires them by constructor arguments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio
import anyio.to_thread

from common.clock import Clock, SystemClock
from common.errors import ConfigurationError
from common.flags import Flags
from common.flags.watched_file import POLL
from common.settings import Settings
from common.telemetry import Telemetry
from events.ownership import Ownership
from events.projection import Views
from events.seal import Sealer
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from events.views.builtin import builtin_views
from llm_provider.factory import LLMFactory
from llm_provider.tool_registry import ToolRegistry
from roles.role_registry import RoleRegistry
from roles.router import Router
from roles.timer.firing import TimerFirer
from supervisor.admission import Admission
from supervisor.agent_switches import AgentSwitches
from supervisor.building import Builds
from supervisor.cancellation import Cancellations
from supervisor.claims import Claims
from supervisor.deployment import DeployedAgents
from supervisor.ecosystem import Ecosystem
from supervisor.evolution.evolution import MetaAgentEvolution
from supervisor.evolution.wiring import evolution_loops
from supervisor.flags import open_flags
from supervisor.guidelines import Guidelines
from supervisor.intent_processor import IntentProcessor
from supervisor.learning.integration import Learning
from supervisor.learning.prediction_service import Predictions
from supervisor.monitoring.news import ImprovementNews
from supervisor.monitoring.service import Monitoring
from supervisor.notifications import Notifications
from supervisor.recovery import Recovery
from supervisor.requests import RequestHandler
from supervisor.rollout import Rollout
from supervisor.scheduler import Loop
from supervisor.specialists.service import Specialists
from supervisor.store_opening import open_store
from supervisor.tuning import Tuning
from supervisor.wiring.opened import HostParts, Opened
from supervisor.wiring.requests import wire_requests
from supervisor.wiring.roles import wire_roles
from supervisor.wiring.upkeep import wire_upkeep

__all__ = ["HostParts", "Parts", "build"]

_CATCH_UP = 3_600.0
"""Seconds that views may take to be built from a whole log, after a change of what they hold."""


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
        store = await open_store(settings, host.keys, clock=clock, allow_missing_keys=host.allow_missing_keys)
        opened.push_async_callback(store.close)
        ownership = await store.ownership()
        opened.push_async_callback(anyio.to_thread.run_sync, ownership.release)
        views = Views(store, builtin_views())
        opened.push_async_callback(views.close)
        flags = await open_flags(settings, clock, host.flags, host.flag_provider)
        opened.callback(flags.close)
        telemetry.metrics.flag_fault.set_function(lambda: 0.0 if flags.fault() is None else 1.0)
        parts = await _wire(Opened(settings, host, clock, telemetry, store, ownership, views, flags))
        opened.pop_all()
    return parts


async def _wire(opened: Opened) -> Parts:
    acting = await wire_roles(opened)
    handling = await wire_requests(opened, acting)
    upkeep = await wire_upkeep(opened, acting, handling)
    return Parts(
        settings=opened.settings,
        clock=opened.clock,
        telemetry=opened.telemetry,
        store=opened.store,
        views=opened.views,
        ownership=opened.ownership,
        flags=opened.flags,
        models=acting.models,
        tools=acting.tools,
        roles=acting.roles,
        router=acting.router,
        intents=handling.intents,
        recovery=handling.recovery,
        notifications=handling.notifications,
        agents=upkeep.agents,
        admission=handling.admission,
        handler=handling.handler,
        guidelines=upkeep.guidelines,
        claims=handling.claims,
        cancellations=handling.cancellations,
        rollout=handling.rollout,
        ecosystem=acting.ecosystem,
        learning=upkeep.learning,
        predictions=handling.predictions,
        monitoring=upkeep.monitoring,
        switches=upkeep.switches,
        tuning=upkeep.tuning,
        specialists=upkeep.specialists,
        telling=upkeep.telling,
        deployed=acting.deployed,
        builds=upkeep.builds,
        evolution=upkeep.evolution,
    )


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
