"""Wires how requests are handled: intents, guidelines, the planner, the two engines, the rollout between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.intents import IntentHandler
from common.settings import Settings
from llm_provider.tool_policy import ToolPolicy
from roles.core_planning import PlanningRole
from roles.role_registry import RoleRegistry
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.admission import Admission
from supervisor.cancellation import Cancellations
from supervisor.claims import Claims
from supervisor.earlier import EarlierAttempts
from supervisor.ecosystem import Ecosystem
from supervisor.engine import EngineServices
from supervisor.intent_processor import IntentProcessor
from supervisor.learning.prediction_service import Predictions
from supervisor.log_metrics import LogMetrics
from supervisor.notifications import Notifications
from supervisor.notifiers.opening import open_outbox
from supervisor.own_runs import OwnRuns
from supervisor.recovery import Recovery
from supervisor.requests import RequestHandler, RequestServices
from supervisor.rollout import Rollout, wire_rollout
from supervisor.runs import Runs
from supervisor.session_turns import SessionTurns
from supervisor.sessions import Sessions
from supervisor.simplified_workflow_engine import SimplifiedWorkflowEngine
from supervisor.wiring.opened import HostParts, Opened
from supervisor.wiring.roles import RoleParts
from supervisor.workflow_engine import WorkflowEngine

__all__ = ["RequestParts", "wire_requests"]


@dataclass(frozen=True, slots=True)
class RequestParts:
    """What a request goes through. `services` is all of it together, as the engines and learning are given it."""

    intents: IntentProcessor
    calls: ToolPolicy
    guidelines: ActiveGuidelines
    predictions: Predictions
    planner: PlanningRole
    recovery: Recovery
    notifications: Notifications
    admission: Admission
    claims: Claims
    cancellations: Cancellations
    services: RequestServices
    rollout: Rollout
    handler: RequestHandler


async def wire_requests(opened: Opened, acting: RoleParts) -> RequestParts:
    """Wire the handling of requests. Raises `ConfigurationError` and `StoreError`."""
    settings, clock, telemetry, store, views = (
        opened.settings, opened.clock, opened.telemetry, opened.store, opened.views,
    )  # fmt: skip
    ownership, ecosystem, roles, router = opened.ownership, acting.ecosystem, acting.roles, acting.router
    intents = IntentProcessor(store, ecosystem.with_policies(settings.intents), clock, telemetry, ownership)
    known = _add_handlers(intents, roles, opened.host, ecosystem)
    types = {name: handler.intent_type for name, handler in known.items()}
    guidelines = ActiveGuidelines(store, views)
    await guidelines.refresh()
    predictions = Predictions(store, _prediction_folder(settings))
    await predictions.load()
    calls = ToolPolicy(settings.requests)
    runs = Runs(settings, store, telemetry, guidelines, opened.flags, predictions, calls)
    recovery = Recovery(store, views, ownership, intents)
    planner = PlanningRole(
        roles, acting.tools, acting.models, router, iteration_cap=settings.requests.limits.turns or 30
    )
    outbox = await open_outbox(settings.notifications, telemetry.metrics)
    notifications = Notifications(opened.host.notifier, outbox=outbox, redactor=settings.redaction.redactor())
    refused = telemetry.metrics.rejected.labels("overloaded").inc
    admission = Admission(settings.requests.max_concurrent, settings.requests.queue, refused=refused)
    telemetry.metrics.registry.register(LogMetrics(store, views, admission))
    claims = Claims(store, ownership)
    sessions = Sessions(views, SessionTurns(store, known), roles, clock, router.probabilities)
    earlier = EarlierAttempts(settings, store, ownership, recovery, intents, types)
    engine_services = EngineServices(settings, intents, OwnRuns(claims, runs, clock, settings).open)
    task_graph = WorkflowEngine(engine_services, planner, roles)
    meta_planning = SimplifiedWorkflowEngine(engine_services, planner, acting.agents, task_graph)
    services = RequestServices(
        settings, store, clock, telemetry, runs, router, roles, task_graph, meta_planning,
        intents, claims, recovery, ownership, earlier, admission, sessions, notifications, acting.by_model,
    )  # fmt: skip
    rollout = wire_rollout(services, planner, acting.agents, guidelines, opened.flags, views)
    handler = RequestHandler(rollout.watched(services))
    cancellations = Cancellations(store, views, earlier, handler.running)
    return RequestParts(
        intents, calls, guidelines, predictions, planner, recovery, notifications, admission, claims, cancellations,
        services, rollout, handler,
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


def _prediction_folder(settings: Settings) -> Path | None:
    """Where predictions are kept; nowhere for a log that is gone with the process."""
    return None if settings.store.url == "memory://" else settings.data_dir / "cache" / "predictions"
