"""The way of one request: admit → claim → route → work → settle intents → answer, each step in the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import anyio

from common.clock import Clock
from common.context import TaskContext
from common.errors import LimitExceeded, NotFound, RequestRejected, StoreError, StreamConflict, SupervisorError
from common.flags import META_PLANNING, Flags
from common.intents import IntentStatus, StreamAppend
from common.logs import get_logger
from common.redaction import current_redactor
from common.results import IntentReport, RequestMetadata, Response, UsageReport
from common.settings import Settings
from common.telemetry import Telemetry
from common.trace_context import current_trace_id
from common.updates import Completed, Routed, TaskStarted, Update
from events.catalogue.trace import FallbackTaken, RequestRouted, TraceEnded
from events.catalogue.trace import TaskStarted as TaskStartedEvent
from events.ownership import Ownership
from events.recorded import refuse_unreadable
from events.store import EventStore, stream_name
from roles.role_registry import RoleRegistry
from roles.route_by_model import RouteByModel
from roles.router import Router, RoutingDecision
from supervisor.admission import Admission
from supervisor.answers import compose_text, outcome_of
from supervisor.claims import Claimed, Claims
from supervisor.engine import Engine
from supervisor.intent_processor import IntentProcessor
from supervisor.notifications import Notification, Notifications, approval_command
from supervisor.recovery import Recovery
from supervisor.request_text import checked_text
from supervisor.runs import Closing, Run, Runs
from supervisor.sessions import Sessions
from supervisor.traces import TraceReading, read_trace

__all__ = ["RequestHandler", "RequestServices"]

_log = get_logger(__name__)
_TASK = "main"


@dataclass(frozen=True, slots=True)
class RequestServices:
    """Everything the way of a request goes through."""

    settings: Settings
    store: EventStore
    clock: Clock
    telemetry: Telemetry
    runs: Runs
    router: Router
    roles: RoleRegistry
    flags: Flags
    task_graph: Engine
    meta_planning: Engine
    intents: IntentProcessor
    claims: Claims
    recovery: Recovery
    ownership: Ownership
    admission: Admission
    sessions: Sessions
    notifications: Notifications
    by_model: RouteByModel | None = None


@dataclass(slots=True)
class _Running:
    scope: anyio.CancelScope
    ended: anyio.Event = field(default_factory=anyio.Event)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An earlier attempt at the same request, which has ended."""

    context: TaskContext
    ended: TraceEnded
    reading: TraceReading


class RequestHandler:
    """Handles requests of one supervisor, many at once."""

    def __init__(self, services: RequestServices) -> None:
        self._services = services
        self._redactor = services.settings.redaction.redactor()
        self._running: dict[str, _Running] = {}

    @property
    def running(self) -> Mapping[str, object]:
        """The ids of the traces that run in this process."""
        return self._running

    async def handle(self, text: str, context: TaskContext, emit: Callable[[Update], None]) -> Response:
        """Answer a request.

        Raises `RequestRejected` for what can't be processed at all, `Overloaded` when admission is full and
        `StoreError` when the log can't take it. Every other fault is told by the response's outcome.
        """
        services = self._services
        text = checked_text(text, services.settings.requests.max_chars)
        resolved = context.resolved(services.clock.now(), services.settings.timezone, services.settings.location)
        async with services.admission.admit():
            if context.request_id is None:
                claimed = services.claims.claim_new(text, resolved)
            else:
                claimed = await services.claims.claim(text, resolved, context.request_id)
            while not isinstance(claimed, Claimed):
                earlier = await self._ended(claimed.trace_id)
                if earlier.ended.outcome != "interrupted":
                    response = await self._again(earlier)
                    emit(Completed(response))
                    return response
                claimed = await services.claims.claim_again(text, earlier.context, claimed)
            response = await self._handle(text, claimed, emit)
        emit(Completed(response))
        return response

    def cancel(self, trace_id: str) -> None:
        """Stop a running request at the next point where it can stop. Raises `NotFound`."""
        running = self._running.get(trace_id)
        if running is None:
            raise NotFound(f"no request with the trace {trace_id!r} runs here", where="cancel")
        running.scope.cancel()

    async def _handle(self, text: str, claimed: Claimed, emit: Callable[[Update], None]) -> Response:
        run = self._services.runs.open(text, claimed.context, claimed.trace_id, emit)
        running = _Running(anyio.CancelScope())
        self._running[claimed.trace_id] = running
        token = current_trace_id.set(claimed.trace_id)
        redacting = current_redactor.set(self._redactor.knowing(text))
        _log.info("request started, attempt %d", claimed.attempt)
        attributes = {"supervisor.trace.id": claimed.trace_id, "supervisor.request.attempt": claimed.attempt}
        try:
            with self._services.telemetry.span("request", attributes) as span:
                response = await self._bounded(run, claimed, running)
                span.set_attribute("supervisor.outcome", response.outcome)
                return response
        finally:
            current_redactor.reset(redacting)
            current_trace_id.reset(token)
            del self._running[claimed.trace_id]
            running.ended.set()

    async def _bounded(self, run: Run, claimed: Claimed, running: _Running) -> Response:
        """Work within the wall clock; whatever happens, the trace is ended with the outcome."""
        reports: tuple[IntentReport, ...] = ()
        try:
            with running.scope, anyio.fail_after(run.context.budget.remaining()):
                reports = await self._work(run, claimed)
            if running.scope.cancelled_caught:
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
            adopted = await self._adopt(run, claimed.previous)
            if adopted is not None:
                return adopted
        services = self._services
        await services.sessions.recall(run)
        with services.telemetry.span("route"), self._routing(run):
            decision = await services.router.route_request(run.request, run.context.context)
        if decision.approach == "direct":
            self._routed(run, decision, "direct")
            await self._direct(run, decision.route)
            run.closing = await services.intents.close_with(run)
            if run.closing is not None:
                return (run.closing.report,)
            return await services.intents.settle(run)
        flag = await services.flags.read(META_PLANNING, run.context.context)
        services.telemetry.metrics.flags.labels(META_PLANNING, flag.reading.variant).inc()
        engine = services.meta_planning if flag.value else services.task_graph
        run.metadata["flag"] = flag.reading
        self._routed(run, decision, engine.name, [{**flag.reading.model_dump(), "provider": flag.provider}])
        with services.telemetry.span("invoke_workflow", {"gen_ai.operation.name": "invoke_workflow"}):
            result = await engine.execute(run.request, run.context.context, run)
        return result.intents

    def _routing(self, run: Run) -> AbstractContextManager[None]:
        by_model = self._services.by_model
        return nullcontext() if by_model is None else by_model.within(run.context)

    def _routed(
        self, run: Run, decision: RoutingDecision, approach: str, flags: list[dict[str, Any]] | None = None
    ) -> None:
        run.metadata |= {"approach": approach, "route": decision.route, "confidence": decision.confidence}
        run.trace.record(
            RequestRouted(
                approach=approach,
                route=decision.route,
                confidence=decision.confidence,
                alternatives=dict(decision.alternatives),
                flags=flags or [],
            )
        )
        self._services.telemetry.metrics.routes.labels(approach, decision.route).inc()
        run.context.emit(Routed(approach, decision.route, decision.confidence))

    async def _direct(self, run: Run, name: str) -> None:
        role = self._services.roles.get(name)
        started = time.perf_counter()
        run.metadata["tools_selected"] = tuple(tool.name for tool in role.tools)
        run.trace.record(TaskStartedEvent(task=_TASK, role=name, request=run.request))
        run.context.emit(TaskStarted(_TASK, name, run.request))
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        with self._services.telemetry.span(f"invoke_agent {name}", attributes):
            result = await role.execute(run.request, run.context.for_task(_TASK))
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
        ended = TraceEnded(outcome=outcome, response=response.model_dump(mode="json"), error=error)
        with anyio.CancelScope(shield=True):
            await run.trace.end(ended, beside)
        _log.info("request ended: %s, %s, %.0f ms", outcome, response.metadata.approach, response.duration_ms)
        metrics = self._services.telemetry.metrics
        metrics.requests.labels(response.metadata.approach, outcome).inc()
        metrics.request_seconds.labels(response.metadata.approach).observe(budget.elapsed())
        return response

    async def _ended(self, trace_id: str) -> _Earlier:
        """The trace once it has ended: waits while its owner lives, settles it when the owner is dead."""
        services = self._services
        wait = services.settings.requests.limits.wall_clock or 120.0
        with anyio.move_on_after(wait + services.settings.intents.timeout):
            while True:
                reading = read_trace(await services.store.read(stream_name("trace", trace_id)))
                if reading.ended is not None and reading.started is not None:
                    context = TaskContext.model_validate(reading.started.context)
                    return _Earlier(context, reading.ended, reading)
                running = self._running.get(trace_id)
                if running is not None:
                    await running.ended.wait()
                elif reading.started is not None and await anyio.to_thread.run_sync(
                    services.ownership.is_alive, reading.started.owner
                ):
                    await anyio.sleep(0.1)
                else:
                    await services.recovery.settle_trace(trace_id)
        raise RequestRejected(
            "this request is still being handled", where=f"trace {trace_id}", todo="Ask again with the same id later."
        )

    async def _again(self, earlier: _Earlier) -> Response:
        """The recorded answer, with what became of its intents since."""
        response = Response.model_validate(earlier.ended.response)
        intents = tuple([await self._services.intents.report(report.id) for report in response.intents])
        if intents == response.intents:
            return response
        outputs = earlier.reading.outputs
        return response.model_copy(
            update={
                "intents": intents,
                "text": compose_text(outputs, intents),
                "outcome": outcome_of(outputs, intents),
            }
        )

    async def _adopt(self, run: Run, previous: str) -> tuple[IntentReport, ...] | None:
        """Finish an interrupted attempt that had registered its intents: they, and no others, are carried out."""
        services = self._services
        recorded = await services.store.read(stream_name("trace", previous))
        refuse_unreadable(recorded, "what the interrupted attempt had begun is not finished")
        reading = read_trace(recorded)
        reports = await services.recovery.settle_intents(previous, reading)
        if not reports:
            return None
        run.trace.record(FallbackTaken(source=f"trace {previous}", target=run.trace.trace_id, reason="interrupted"))
        run.outputs.extend(reading.outputs)
        run.metadata |= {
            **reading.metadata.model_dump(exclude={"flag"}),
            "flag": reading.flag,
            "fallback": f"finished what the interrupted trace {previous} had begun",
        }
        return tuple(reports)


def _sentence(outcome: str, error: str) -> str:
    match outcome:
        case "cancelled":
            return "The request was cancelled; nothing that was not reported before was done."
        case _ if outcome.startswith("limit:"):
            return f"Stopped: {error}"
        case _:
            return f"This could not be done: {error}"
