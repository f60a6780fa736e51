"""One request under way: its run context, its trace, and what its tasks have answered so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from common.call_policy import CallPolicy
from common.context import TaskContext
from common.flags import GUIDELINE_VERSION, Flags, RequestFlags
from common.hints import AGENT, PLANNING, PlanningHints
from common.intent_collector import CollectedIntent, IntentCollector
from common.intents import StreamAppend
from common.limits import Budget
from common.results import IntentReport, RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.task_graph import TaskGraph
from common.telemetry import Telemetry
from common.updates import TextDelta, Update
from events.catalogue.intent import IntentRegistered
from events.catalogue.trace import FlagEvaluated, GuidelinesDrawn
from events.commit import StreamDrafts
from events.store import EventStore
from events.trace_writer import TraceWriter
from roles.router import RoutingDecision
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.answers import TaskOutput
from supervisor.kept_tasks import KeptTask, kept
from supervisor.learning.assignment import ServedGuidelines, assign
from supervisor.learning.forecast import Forecast
from supervisor.resumption import Before

if TYPE_CHECKING:
    from supervisor.learning.prediction_service import Predictions

__all__ = ["Closing", "Run", "Runs"]

_NO_HINTS = PlanningHints()
_NOTHING_SERVED = ServedGuidelines()
_NO_FORECAST = Forecast()


@dataclass(frozen=True, slots=True)
class Closing:
    """An intent that takes effect with the end of its trace: in one append, or not at all."""

    appends: Sequence[StreamAppend]
    registered: IntentRegistered
    report: IntentReport


@dataclass(slots=True)
class Run:
    """What the engines fill while they work; complete enough at any moment to end the trace honestly.

    `worked` is how many seconds an engine worked until its intents were collected; None where none did.
    """

    request: str
    context: RunContext
    trace: TraceWriter
    outputs: list[TaskOutput] = field(default_factory=list[TaskOutput])
    task_order: tuple[str, ...] = ()
    reports: tuple[IntentReport, ...] = ()
    closing: Closing | None = None
    decided: RoutingDecision | None = None
    """Where the request goes, where the earlier turns of its session tell that."""
    ask_back: str | None = None
    """What is asked instead of doing anything, because more than one thing may be meant."""
    first_ordinal: int = 0
    """The place of the run's first intent among those of the request, where earlier attempts had registered some."""
    graph: TaskGraph | None = None
    """The plan of tasks that is followed; given beforehand where the session tells what the parts mean."""
    before: Before | None = None
    """What the attempts before had got done, where this is another one."""
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    served: ServedGuidelines = _NOTHING_SERVED
    guidelines: Mapping[str, PlanningHints] = field(default_factory=dict[str, PlanningHints])
    forecast: Forecast = _NO_FORECAST
    """What success is predicted by."""
    expected: Mapping[str, float] = field(default_factory=dict[str, float])
    """The expected success, by engine and role, that the planner is told of."""
    worked: float | None = None

    def hints_for(self, agent_type: str) -> PlanningHints:
        """What an agent of this type is to know: the guideline that the request goes by since it began."""
        hints = self.guidelines.get(agent_type, _NO_HINTS)
        if agent_type != PLANNING:
            return hints
        of_agents = self.guidelines.get(AGENT, _NO_HINTS).guideline
        if not (self.expected or of_agents):
            return hints
        return hints.model_copy(update={"expected_success": dict(self.expected), "agent_guideline": of_agents})

    def context_for(self, agent_type: str) -> RunContext:
        """The run as an agent of this type sees it."""
        hints = self.hints_for(agent_type)
        return self.context if hints is _NO_HINTS else replace(self.context, hints=hints)

    @property
    def flags(self) -> RequestFlags:
        """The request's feature flags. Raises `RuntimeError` for a run that was made without any."""
        if self.context.flags is None:
            raise RuntimeError("this run reads no flags")
        return self.context.flags

    def collected(self) -> list[CollectedIntent]:
        """The intents of the run, in the plan's order of tasks, however these finished."""
        places = {task: place for place, task in enumerate(self.task_order)}
        return sorted(self.context.collector.collected(), key=lambda entry: places.get(entry.task, 0))

    def finish_task(
        self,
        task: str,
        role: str,
        result: RoleResult,
        seconds: float,
        error: str | None = None,
        intents: Sequence[CollectedIntent] | None = None,
    ) -> None:
        """Record how a task ended, in the trace and for the answer.

        `intents` are those of the task, told where another attempt at the request may go on from here.
        """
        self.outputs.append(
            TaskOutput(
                task, result.text, result.ok, result.partly, result.facts, result.tools_called, result.iterations
            )
        )
        self.trace.record(*kept(task, role, result, seconds, error=error, intents=intents))
        if result.text:
            self.context.emit(TextDelta(result.text, task, whole=True))

    def adopt_output(self, output: TaskOutput, trace_id: str) -> None:
        """Have what an earlier trace found out count as this run's, whose intents are in the log already."""
        self.outputs.append(output)
        result = RoleResult(output.text, output.ok, output.partly, output.facts, output.tools_called)
        self.trace.record(*kept(output.task, "", result, 0.0, taken_from=trace_id))
        if output.text:
            self.context.emit(TextDelta(output.text, output.task, whole=True))

    def take_over(self, task: KeptTask, trace_id: str) -> None:
        """Have a task that ended in an earlier trace count as one of this run's."""
        self.outputs.append(task.output)
        for entry in task.intents:
            self.context.collector.expect_call(entry.call_id)
            self.context.collector.register(entry.intent, call_id=entry.call_id, task=entry.task)
        output, event = task.output, task.event
        result = RoleResult(output.text, output.ok, output.partly, output.facts, output.tools_called)
        self.trace.record(
            *kept(
                event.task,
                event.role,
                result,
                event.seconds,
                error=event.error,
                intents=task.intents,
                taken_from=event.taken_from or trace_id,
            )
        )
        if output.text:
            self.context.emit(TextDelta(output.text, event.task, whole=True))


class Runs:
    """Makes runs from what one supervisor shares."""

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        telemetry: Telemetry,
        guidelines: ActiveGuidelines | None = None,
        flags: Flags | None = None,
        predictions: Predictions | None = None,
        calls: CallPolicy | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._telemetry = telemetry
        self._guidelines = guidelines
        self._flags = flags
        self._predictions = predictions
        self._calls = calls

    def open(
        self,
        request: str,
        context: TaskContext,
        trace_id: str,
        emit: Callable[[Update], None],
        opening: Sequence[StreamDrafts] = (),
    ) -> Run:
        """A run for a request whose trace was claimed, or is by `opening`; `context` is resolved."""
        defaults = self._settings.requests.limits
        limits = context.limits.over(defaults) if context.limits is not None else defaults
        trace = self._trace(trace_id, context.tenant, opening)
        run_context = RunContext(
            context=context,
            trace=trace,
            budget=Budget(limits),
            collector=IntentCollector(self._settings.intents.max_per_request),
            telemetry=self._telemetry,
            emit=emit,
            flags=self._flags_of(context, trace),
            calls=self._calls,
        )
        run = Run(request, run_context, trace)
        if self._guidelines is not None:
            run.served = self._guidelines.served
            run.guidelines = run.served.active
        if self._predictions is not None:
            run.forecast = self._predictions.current
        return run

    async def assign(self, run: Run) -> None:
        """Say which versions of guidelines the request goes by, where that is not simply what is in service.

        The flag `guideline-version` decides, and leaves it to the lot of trials unless it says something else. To be
        called before the request is routed. Costs nothing where nothing is on trial and the flag is not set.
        """
        served, flags, context = run.served, self._flags, run.context.context
        if flags is None or not served.versions:
            return
        if not served.trials and not flags.may_say(GUIDELINE_VERSION, context):
            return
        value = (await run.flags.read(GUIDELINE_VERSION)).value
        assignment = assign(served, str(value), context.request_id or run.trace.trace_id)
        run.guidelines = assignment.guidelines
        if assignment.candidates and run.before is None:  # what goes on where another attempt stopped tells of neither
            run.trace.record(GuidelinesDrawn(candidates=dict(assignment.candidates), served=dict(assignment.served)))

    def _trace(self, trace_id: str, tenant: str, opening: Sequence[StreamDrafts]) -> TraceWriter:
        return TraceWriter(self._store, trace_id, tenant, version=0 if opening else 1, opening=opening)

    def _flags_of(self, context: TaskContext, trace: TraceWriter) -> RequestFlags | None:
        if self._flags is None:
            return None

        def record(evaluation: Mapping[str, str]) -> None:
            trace.record(FlagEvaluated.model_validate(evaluation))

        return RequestFlags(self._flags, context, trace.trace_id, self._telemetry, record)
