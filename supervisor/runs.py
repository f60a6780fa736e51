"""One request under way: its run context, its trace, and what its tasks have answered so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.context import TaskContext
from common.intent_collector import CollectedIntent, IntentCollector
from common.intents import StreamAppend
from common.limits import Budget
from common.results import IntentReport, RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.telemetry import Telemetry
from common.updates import Update
from events.catalogue.intent import IntentRegistered
from events.catalogue.trace import TaskFinished
from events.store import EventStore
from events.trace_writer import TraceWriter
from supervisor.answers import TaskOutput

__all__ = ["Closing", "Run", "Runs"]


@dataclass(frozen=True, slots=True)
class Closing:
    """An intent that takes effect with the end of its trace: in one append, or not at all."""

    appends: Sequence[StreamAppend]
    registered: IntentRegistered
    report: IntentReport


@dataclass(slots=True)
class Run:
    """What the engines fill while they work; complete enough at any moment to end the trace honestly."""

    request: str
    context: RunContext
    trace: TraceWriter
    outputs: list[TaskOutput] = field(default_factory=list[TaskOutput])
    task_order: tuple[str, ...] = ()
    reports: tuple[IntentReport, ...] = ()
    closing: Closing | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])

    def collected(self) -> list[CollectedIntent]:
        """The intents of the run, in the plan's order of tasks, however these finished."""
        places = {task: place for place, task in enumerate(self.task_order)}
        return sorted(self.context.collector.collected(), key=lambda entry: places.get(entry.task, 0))

    def finish_task(self, task: str, role: str, result: RoleResult, seconds: float, error: str | None = None) -> None:
        """Record how a task ended, in the trace and for the answer."""
        self.outputs.append(
            TaskOutput(
                task, result.text, result.ok, result.partly, result.facts, result.tools_called, result.iterations
            )
        )
        self.trace.record(
            TaskFinished(
                task=task,
                role=role,
                ok=result.ok,
                partly=result.partly,
                text=result.text,
                facts=[fact.model_dump(mode="json") for fact in result.facts],
                tools_called=list(result.tools_called),
                error=error,
                seconds=seconds,
            )
        )


class Runs:
    """Makes runs from what one supervisor shares."""

    def __init__(self, settings: Settings, store: EventStore, telemetry: Telemetry) -> None:
        self._settings = settings
        self._store = store
        self._telemetry = telemetry

    def open(self, request: str, context: TaskContext, trace_id: str, emit: Callable[[Update], None]) -> Run:
        """A run for a request whose trace was claimed; `context` is resolved."""
        defaults = self._settings.requests.limits
        limits = context.limits.over(defaults) if context.limits is not None else defaults
        trace = TraceWriter(self._store, trace_id, context.tenant, version=1)
        run_context = RunContext(
            context=context,
            trace=trace,
            budget=Budget(limits),
            collector=IntentCollector(self._settings.intents.max_per_request),
            telemetry=self._telemetry,
            emit=emit,
        )
        return Run(request, run_context, trace)
