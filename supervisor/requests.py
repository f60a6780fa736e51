"""The way of one request: admit → claim → route → work → settle intents → answer, each step in the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import anyio

from common.clock import Clock
from common.coarse_timers import CoarseTimers
from common.context import TaskContext
from common.errors import LimitExceeded, StoreError, StreamConflict, SupervisorError
from common.flags import META_PLANNING, SHADOW_COMPARISON
from common.hints import ROUTER
from common.intents import IntentStatus, StreamAppend
from common.limits import Limits
from common.logs import get_logger
from common.redaction import current_redactor
from common.results import IntentReport, RequestMetadata, Response, RoleResult, UsageReport
from common.settings import Settings
from common.telemetry import Telemetry
from common.trace_context import current_trace_id
from common.updates import Completed, Routed, TaskStarted, TextDelta, Update
from events.catalogue.trace import FallbackTaken, RequestRouted, TraceEnded
from events.catalogue.trace import TaskStarted as TaskStartedEvent
from events.ownership import Ownership
from events.store import EventStore
from roles.role_registry import RoleRegistry
from roles.route_by_model import RouteByModel
from roles.router import PLANNING, RoutingDecision
from supervisor.admission import Admission
from supervisor.answers import compose_text, outcome_of
from supervisor.claims import Claimed, Claims, Taken
from supervisor.earlier import EarlierAttempts, RunningRequest
from supervisor.engine import Engine
from supervisor.expected_success import expect
from supervisor.intent_processor import IntentProcessor
from supervisor.notifications import Notification, Notifications, approval_command
from supervisor.recovery import Recovery
from supervisor.request_text import checked_text
from supervisor.resumption import Before
from supervisor.routing import Routes
from supervisor.runs import Closing, Run, Runs
from supervisor.sessions import Sessions

__all__ = ["RequestHandler", "RequestServices"]

_log = get_logger(__name__)
_TASK = "main"


@dataclass(frozen=True, slots=True)
class RequestServices:
    """Everything the way of a request goes through; `afterwards` is told of every answer: it never waits or raises.

    `running` are the requests that run, by their traces: those of all handlers that share it, so that each can be
    cancelled.
    """

    settings: Settings
    store: EventStore
    clock: Clock
    telemetry: Telemetry
    runs: Runs
    router: Routes
    roles: RoleRegistry
    task_graph: Engine
    meta_planning: Engine
    intents: IntentProcessor
    claims: Claims
    recovery: Recovery
    ownership: Ownership
    earlier: EarlierAttempts
    admission: Admission
    sessions: Sessions
    notifications: Notifications
    by_model: RouteByModel | None = None
    afterwards: Callable[[Run, Response], None] | None = None
    running: dict[str, RunningRequest] = field(default_factory=dict[str, RunningRequest])


class RequestHandler:
    """Handles requests of one supervisor, many at once."""

    def __init__(self, services: RequestServices) -> None:
        self._services = services
        self._redactor = services.settings.redaction.redactor()
        self._timers = CoarseTimers()
        self._running = services.running

    @property
    def running(self) -> Mapping[str, RunningRequest]:
        """The requests that run in this process, by the ids of their traces."""
        return self._running

    async def handle(self, text: str, context: TaskContext, emit: Callable[[Update], None]) -> Response:
        """Answer a request.

        Raises `RequestRejected` for what can't be processed at all, `Overloaded` when admission is full and
        `StoreError` when the log can't take it. Every other fault is told by the response's outcome.
        """
        services = self._services
        text = checked_text(text, services.settings.requests.max_chars)
        context = context.resolved(services.clock.now(), services.settings.timezone, services.settings.location)
        async with services.admission.admit():
            if context.request_id is None:
                claimed = services.claims.claim_new(text, context)
                context = claimed.context  # so that the one before is not kept as long as the request runs
            else:
                claimed = await services.claims.claim(text, context, context.request_id)
            if isinstance(claimed, Claimed):
                response = await self._handle(text, claimed, emit)
            else:
                response = await self._after(text, claimed, emit)
        emit(Completed(response))
        return response

    async def resume(
        self, text: str, taken: Taken, emit: Callable[[Update], None], limits: Limits | None = None
    ) -> Response:
        """Go on with the request of a trace that was stopped; of one that was not, its answer as it stands now.

        Of several who do so at once one goes on, and the others are given its answer. Raises like `handle`.
        """
        async with self._services.admission.admit():
            response = await self._after(text, taken, emit, taken.trace_id, limits)
        emit(Completed(response))
        return response

    async def _after(
        self,
        text: str,
        taken: Taken,
        emit: Callable[[Update], None],
        resumed: str | None = None,
        limits: Limits | None = None,
    ) -> Response:
        """The answer to a request that was made before: the one it has, or else that of another attempt."""
        services = self._services
        claimed: Claimed | Taken = taken
        while not isinstance(claimed, Claimed):
            earlier = await services.earlier.ended(claimed.trace_id, self._running)
            stopped = earlier.was_stopped if claimed.trace_id == resumed else earlier.ended.outcome == "interrupted"
            if not stopped:
                return await services.earlier.again(earlier)
            context = earlier.context if limits is None else earlier.context.model_copy(update={"limits": limits})
            claimed = await services.claims.claim_again(text, context, claimed)
        return await self._handle(text, claimed, emit)

    async def _handle(self, text: str, claimed: Claimed, emit: Callable[[Update], None]) -> Response:
        run = self._services.runs.open(text, claimed.context, claimed.trace_id, emit, claimed.opening)
        running = RunningRequest(anyio.CancelScope())
        self._running[claimed.trace_id] = running
        token = current_trace_id.set(claimed.trace_id)
        redacting = current_redactor.set(self._redactor.knowing(text))
        _log.info("request started, attempt %d", claimed.attempt)
        attributes = {"supervisor.trace.id": claimed.trace_id, "supervisor.request.attempt": claimed.attempt}
        try:
            with self._services.telemetry.span("request", attributes) as span:
                response = await self._bounded(run, claimed, running)
                span.set_attribute("supervisor.outcome", response.outcome)
            if self._services.afterwards is not None:
                self._services.afterwards(run, response)
            return response
        finally:
            current_redactor.reset(redacting)
            current_trace_id.reset(token)
            del self._running[claimed.trace_id]
            running.over()
            if running.ended is not None:
                running.ended.set()

    async def _bounded(self, run: Run, claimed: Claimed, running: RunningRequest) -> Response:
        """Work within the wall clock; whatever happens, the trace is ended with the outcome."""
        reports: tuple[IntentReport, ...] = ()
        try:
            remaining = run.context.budget.remaining()
            if remaining is not None:
                running.bound(remaining, self._timers)
            with running.scope:
                reports = await self._work(run, claimed)
            if running.scope.cancelled_caught:
                if not running.cancelled:
                    raise TimeoutError
                return await self._end(run, "cancelled", run.reports, "cancelled by request")
            if run.closing is not None:
                closed = await self._close(run, run.closing)
                if closed is not None:
                    return closed
                reports = await self._services.intents.settle(run)
            await self._tell_of_approvals(run, reports)
            return await self._end(run, outcome_of(run.outputs, reports), reports)
        except LimitExceeded as limit:
            return await self._end(run, f"limit:{limit.limit}", run.reports, str(limit))
        except TimeoutError:
            seconds = run.context.budget.limits.wall_clock
            return await self._end(
                run, "limit:wall_clock", run.reports, f"the request took longer than {seconds:g} seconds"
            )
        except StoreError:
            raise
        except SupervisorError as error:
            self._services.telemetry.metrics.errors.labels(error.code).inc()
            return await self._end(run, "failure", run.reports, str(error))
        except Exception as error:
            _log.exception("request failed by a fault of ours")
            self._services.telemetry.metrics.errors.labels("internal").inc()
            return await self._end(run, "failure", run.reports, f"internal error: {type(error).__name__}: {error}")
        except BaseException:
            with anyio.move_on_after(self._services.settings.store.timeout, shield=True):
                await self._end(run, "cancelled", run.reports, "the caller went away")
            raise

    async def _work(self, run: Run, claimed: Claimed) -> tuple[IntentReport, ...]:
        if claimed.previous is not None:
            adopted = await self._services.earlier.adopt(run, claimed.previous)
            if adopted is not None:
                return adopted
            if run.before is not None:
                return await self._go_on(run, run.before)
        services = self._services
        await services.runs.assign(run)
        if run.context.context.session is not None:
            await services.sessions.recall(run)
        if run.graph is not None:
            self._routed(run, RoutingDecision("meta_planning", PLANNING, 1.0), services.task_graph.name)
            return await self._planned(run, services.task_graph)
        decision = run.decided
        if decision is None:
            with services.telemetry.span("route"), self._routing(run):
                rules = run.hints_for(ROUTER).guideline
                decision = await services.router.route_request(run.request, run.context.context, rules)
        if decision.approach == "direct":
            self._routed(run, decision, "direct")
            await self._direct(run, decision.route)
            run.closing = await services.intents.close_with(run)
            if run.closing is not None:
                return (run.closing.report,)
            return await services.intents.settle(run)
        flag = await run.flags.read(META_PLANNING)
        await run.flags.read(SHADOW_COMPARISON)
        engine = services.meta_planning if flag.value else services.task_graph
        run.metadata["flag"] = flag.reading
        self._routed(run, decision, engine.name)
        return await self._planned(run, engine)

    async def _planned(self, run: Run, engine: Engine) -> tuple[IntentReport, ...]:
        with self._services.telemetry.span("invoke_workflow", {"gen_ai.operation.name": "invoke_workflow"}):
            result = await engine.execute(run.request, run.context.context, run)
        return result.intents

    async def _go_on(self, run: Run, before: Before) -> tuple[IntentReport, ...]:
        """Follow the plan of an earlier attempt, by the engine that made it."""
        await self._services.runs.assign(run)
        engine = self._services.task_graph if before.graph is not None else self._services.meta_planning
        run.trace.record(
            FallbackTaken(source=f"trace {before.trace_id}", target=run.trace.trace_id, reason=before.outcome)
        )
        routed = before.routed
        run.metadata |= {"flag": before.flag, "fallback": before.words}
        decision = RoutingDecision("meta_planning", routed.route, routed.confidence, routed.alternatives)
        self._routed(run, decision, engine.name)
        return await self._planned(run, engine)

    def _routing(self, run: Run) -> AbstractContextManager[None]:
        by_model = self._services.by_model
        return nullcontext() if by_model is None else by_model.within(run.context_for(ROUTER))

    def _routed(self, run: Run, decision: RoutingDecision, approach: str) -> None:
        run.metadata |= {"approach": approach, "route": decision.route, "confidence": decision.confidence}
        if not run.forecast.empty:
            expect(run, approach, decision.route, [role.name for role in self._services.roles.enabled()])
        run.trace.record(
            RequestRouted(
                approach=approach,
                route=decision.route,
                confidence=decision.confidence,
                alternatives=dict(decision.alternatives),
                flags=run.flags.routed(),
                guideline_version=run.hints_for(ROUTER).guideline_version,
            )
        )
        self._services.telemetry.metrics.routes.labels(approach, decision.route).inc()
        run.context.emit(Routed(approach, decision.route, decision.confidence))

    async def _direct(self, run: Run, name: str) -> None:
        role = self._services.roles.get(name)
        started = time.perf_counter()
        run.metadata["tools_selected"] = tuple(tool.name for tool in role.tools)
        hints = run.hints_for(name)
        version = hints.guideline_version
        run.trace.record(TaskStartedEvent(task=_TASK, role=name, request=run.request, guideline_version=version))
        run.context.emit(TaskStarted(_TASK, name, run.request))
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        with self._services.telemetry.span(f"invoke_agent {name}", attributes):
            if run.ask_back is None:
                result = await role.execute(run.request, run.context.for_task(_TASK, hints=hints))
            else:
                result = RoleResult(run.ask_back, ok=False)
        run.metadata["iterations"] = result.iterations
        run.finish_task(_TASK, name, result, time.perf_counter() - started)

    async def _tell_of_approvals(self, run: Run, reports: tuple[IntentReport, ...]) -> None:
        for report in reports:
            if report.status is IntentStatus.AWAITING_APPROVAL:
                context = run.context.context
                text = f"{report.detail} – decide with: {approval_command(report.id, context.owner)}"
                await self._services.notifications.send(
                    Notification("approval", "Approval needed", text, self._services.clock.now(), context.owner)
                )

    async def _close(self, run: Run, closing: Closing) -> Response | None:
        """End the trace together with its intent; None where something else came first: it is to be settled anew."""
        reports = (closing.report,)
        try:
            response = await self._end(run, outcome_of(run.outputs, reports), reports, beside=closing.appends)
        except StreamConflict:
            return None
        self._services.intents.closed(run, closing)
        return response

    async def _end(
        self,
        run: Run,
        outcome: str,
        intents: tuple[IntentReport, ...],
        error: str | None = None,
        beside: Sequence[StreamAppend] = (),
    ) -> Response:
        budget, metadata = run.context.budget, run.metadata
        text = compose_text(run.outputs, intents)
        if error is not None:
            said = compose_text(run.outputs, intents) if run.outputs or intents else ""
            text = f"{said}\n{_sentence(outcome, error)}".strip()
        used = [name for output in run.outputs for name in output.tools_called]
        response = Response(
            trace_id=run.trace.trace_id,
            text=text,
            outcome=outcome,
            metadata=RequestMetadata(
                approach=metadata.get("approach", "direct"),
                route=metadata.get("route", ""),
                confidence=metadata.get("confidence", 0.0),
                flag=metadata.get("flag"),
                tools_selected=metadata.get("tools_selected", ()),
                tools_used=tuple(dict.fromkeys(used)),
                iterations=metadata.get("iterations") or sum(output.iterations for output in run.outputs),
                plan=metadata.get("plan"),
                fallback=metadata.get("fallback"),
                expected_success=metadata.get("expected_success"),
            ),
            intents=intents,
            usage=UsageReport(
                input_tokens=budget.usage.input_tokens,
                output_tokens=budget.usage.output_tokens,
                model_calls=budget.usage.model_calls,
                tool_calls=budget.usage.tool_calls,
                cost=budget.usage.cost,
            ),
            duration_ms=round(budget.elapsed() * 1000, 3),
        )
        self._tell_the_rest(run, text)
        with anyio.CancelScope(shield=True):
            await run.trace.end(_ended(run, response, error), beside)
        _log.info("request ended: %s, %s, %.0f ms", outcome, response.metadata.approach, response.duration_ms)
        metrics = self._services.telemetry.metrics
        metrics.requests.labels(response.metadata.approach, outcome).inc()
        metrics.request_seconds.labels(response.metadata.approach).observe(budget.elapsed())
        run.flags.ended(outcome, budget.elapsed())
        return response

    @staticmethod
    def _tell_the_rest(run: Run, text: str) -> None:
        """What the answer says beside what the tasks found out: what became of the intents, or what stopped it."""
        found = compose_text(run.outputs, ()) if any(output.text.strip() for output in run.outputs) else ""
        if rest := text.removeprefix(found).strip():
            run.context.emit(TextDelta(rest, whole=True))


def _ended(run: Run, response: Response, error: str | None) -> TraceEnded:
    return TraceEnded.of(response, outcome=response.outcome, error=error, variants=run.flags.served)


def _sentence(outcome: str, error: str) -> str:
    match outcome:
        case "cancelled":
            return "The request was cancelled; nothing that was not reported before was done."
        case _ if outcome.startswith("limit:"):
            return f"Stopped: {error}"
        case _:
            return f"This could not be done: {error}"
