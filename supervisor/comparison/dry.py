"""The world of a dry run: requests take the very same way as others, and everything below them has no effect.

The trace is kept in memory, request ids are not claimed, intents are collected, checked and never carried out, nobody
is notified, and metrics and spans go nowhere. What roles and tools read is the real world, read only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from common.blob import Blob
from common.context import TaskContext
from common.errors import IntentError
from common.flags import Flags
from common.intents import IntentStatus, StreamAppend
from common.results import IntentReport
from common.run_context import RunContext
from common.task_graph import TaskGraph
from common.telemetry import Telemetry
from common.updates import Update
from events.catalogue.base import Event
from events.catalogue.intent import IntentApprovalRequested, IntentDenied, IntentRegistered
from events.commit import StreamDrafts
from events.projection import Views
from events.recorded import RecordedEvent
from events.state.intent import fold_intent
from events.store import EventStore, stream_name
from events.trace_writer import TraceWriter
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.core_planning import PlanningRole
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.admission import Admission
from supervisor.claims import Claimed, Claims
from supervisor.engine import EngineServices
from supervisor.intent_processor import IntentProcessor
from supervisor.intent_registration import drafts
from supervisor.notifications import Notifications
from supervisor.requests import RequestServices
from supervisor.routing import AlwaysPlanned
from supervisor.runs import Closing, Run, Runs
from supervisor.sessions import Sessions
from supervisor.simplified_workflow_engine import SimplifiedWorkflowEngine
from supervisor.workflow_engine import WorkflowEngine

__all__ = ["DryTrace", "GivenSessions", "dry_services", "forced_services"]

_MANY = 1_000


class DryTrace(TraceWriter):
    """Keeps what is recorded in memory, in `events`; nothing of it reaches the store."""

    def __init__(self, store: EventStore, trace_id: str, tenant: str) -> None:
        super().__init__(store, trace_id, tenant)
        self.events: list[BaseModel] = []

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        """Keep an event."""
        self.events.append(event)

    def send(self) -> None:
        """There is nothing to send."""

    async def end(self, event: BaseModel, beside: Sequence[StreamAppend] = ()) -> None:
        """Keep the last event, and none of the others."""
        self.events.append(event)

    async def flush(self) -> None:
        """There is nothing to wait for."""


class _DryRuns(Runs):
    """Runs that are dry, with their traces."""

    def open(
        self,
        request: str,
        context: TaskContext,
        trace_id: str,
        emit: Callable[[Update], None],
        opening: Sequence[StreamDrafts] = (),
    ) -> Run:
        """A run that tells everybody to change nothing."""
        run = super().open(request, context, trace_id, emit, opening)
        run.context = replace(run.context, dry=True)
        return run

    def _trace(self, trace_id: str, tenant: str, opening: Sequence[StreamDrafts]) -> TraceWriter:
        return DryTrace(self._store, trace_id, tenant)


class _DryClaims(Claims):
    """Gives every request a trace of its own, whatever its id, and tells nobody."""

    def claim_new(self, text: str, context: TaskContext) -> Claimed:
        """A trace id that nobody knows."""
        return Claimed(uuid.uuid4().hex, context, 1)

    async def claim(self, text: str, context: TaskContext, request_id: str) -> Claimed:
        """Like `claim_new`: what the log says of the id is not looked at."""
        return self.claim_new(text, context)


class _DryIntents(IntentProcessor):
    """Says of every intent what would become of it, as far as that can be told without trying."""

    def __init__(self, processor: IntentProcessor, services: RequestServices) -> None:
        super().__init__(
            services.store, services.settings.intents, services.clock, services.telemetry, services.ownership
        )
        self._handlers = processor._handlers

    async def settle(self, run: Run) -> tuple[IntentReport, ...]:
        """Check what was collected; it stays there."""
        reports: dict[str, IntentReport] = {}
        for registered, decisions in drafts(run, run.collected(), self._clock.now(), self._settings):
            before = [reports[needed].status for needed in registered.waits_for if needed in reports]
            reports[registered.intent_id] = self._foreseen(run, registered, decisions, before)
        run.reports = tuple(reports.values())
        return run.reports

    async def close_with(self, run: Run) -> Closing | None:
        """Nothing is appended, so nothing can be appended at once."""
        return None

    async def process(self, intent_id: str) -> IntentReport:
        """Refused: raises `IntentError`."""
        raise IntentError("a dry run carries nothing out", where=intent_id)

    def _foreseen(
        self, run: Run, registered: IntentRegistered, decisions: Sequence[Event], before: Sequence[IntentStatus]
    ) -> IntentReport:
        """`before` is what becomes of the intents that it waits for."""
        status, detail = IntentStatus.PROCESSED, f"Collected, not carried out: {registered.summary}"
        if any(isinstance(decision, IntentDenied) for decision in decisions):
            status, detail = IntentStatus.DENIED, registered.summary
        elif any(isinstance(decision, IntentApprovalRequested) for decision in decisions):
            status, detail = IntentStatus.AWAITING_APPROVAL, f"{registered.summary} (not carried out)"
        elif before:
            never = {IntentStatus.DENIED, IntentStatus.FAILED}.intersection(before)
            status, detail = IntentStatus.FAILED if never else IntentStatus.REGISTERED, registered.summary
        else:
            stream = stream_name("intent", registered.intent_id)
            tenant, now = run.context.context.tenant, self._clock.now()
            first = RecordedEvent(0, stream, 1, registered.TOPIC, now, tenant, None, None, registered)
            try:
                self._validated(fold_intent([first]))
            except IntentError as error:
                status, detail = IntentStatus.FAILED, f"{registered.summary}: {error}"
        return IntentReport(id=registered.intent_id, type=registered.type, status=status, detail=detail)


class GivenSessions(Sessions):
    """What was said before is given: the session may hold the request itself, and what it was about, by now."""

    def __init__(self, views: Views, meant: RunContext | None = None, graph: TaskGraph | None = None) -> None:
        super().__init__(views)
        self._meant = meant
        self._graph = graph

    async def recall(self, run: Run) -> None:
        """Have the run mean what another run of the same request meant."""
        run.graph = self._graph
        if self._meant is not None:
            run.context = replace(run.context, facts=self._meant.facts, follow_up=self._meant.follow_up)


def dry_services(
    services: RequestServices,
    planner: PlanningRole,
    agents: RuntimeAgentFactory,
    guidelines: ActiveGuidelines,
    flags: Flags,
    views: Views,
) -> RequestServices:
    """The services of requests that are to have no effect, and are planned whatever the router says."""
    telemetry = Telemetry(NoOpTracerProvider(), CollectorRegistry())
    dry = replace(services, telemetry=telemetry, afterwards=None)
    intents = _DryIntents(services.intents, dry)
    runs = _DryRuns(services.settings, services.store, telemetry, guidelines, flags)
    engine_services = EngineServices(services.settings, intents, _not_by_itself)
    task_graph = WorkflowEngine(engine_services, planner, services.roles)
    return replace(
        dry,
        runs=runs,
        router=AlwaysPlanned(services.router),
        task_graph=task_graph,
        meta_planning=SimplifiedWorkflowEngine(engine_services, planner, agents, task_graph),
        intents=intents,
        claims=_DryClaims(services.store, services.ownership),
        admission=Admission(_MANY, 0),
        sessions=GivenSessions(views),
        notifications=Notifications(),
        running={},
    )


def forced_services(services: RequestServices) -> RequestServices:
    """The services of requests that are carried out as any other, but always planned."""
    return replace(services, router=AlwaysPlanned(services.router), afterwards=None)


def _not_by_itself(request: str, context: TaskContext) -> AbstractAsyncContextManager[Run]:
    raise RuntimeError("an engine of a dry run is only called by its request")
