"""What the attempts before left in the log, for another attempt at the same request to go on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.agent_configuration import AgentConfiguration
from common.intents import Intent
from common.results import FlagReading
from common.task_graph import TaskGraph
from events.catalogue.trace import (
    AgentConfigured,
    RequestRouted,
    TaskFinished,
    TaskGraphPlanned,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.recorded import RecordedEvent, refuse_unreadable
from events.store import EventStore, stream_name
from supervisor.kept_tasks import KeptTask, read_kept
from supervisor.traces import engine_flag

__all__ = ["Before", "read_before"]

_MAX_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Before:
    """How far the attempts before had come, none of which had registered an intent.

    `trace_id` and `outcome` are those of the last one. `graph` or `configured` is the plan that was followed last, and
    `finished` its tasks that need not be done again. `repeated` names the tools whose calls will be made again, because
    the task that made them had not ended.
    """

    trace_id: str
    outcome: str
    routed: RequestRouted
    graph: TaskGraph | None = None
    configured: AgentConfigured | None = None
    finished: Mapping[str, KeptTask] = field(default_factory=dict[str, KeptTask])
    repeated: Sequence[str] = ()

    @property
    def flag(self) -> FlagReading | None:
        """The flag that chose the engine."""
        return engine_flag(self.routed)

    @property
    def configuration(self) -> AgentConfiguration | None:
        """The agent that was configured, where that was the plan."""
        if self.configured is None:
            return None
        return AgentConfiguration.model_validate(self.configured.configuration)

    @property
    def words(self) -> str:
        """What is gone on from, and what is done again, as a clause for people."""
        done = len(self.finished)
        if self.graph is not None:
            words = f"{done} of {len(self.graph.tasks)} tasks had ended and were not done again"
        elif done:
            words = "the agent had ended and was not run again"
        else:
            words = "the agent was run again, as it was configured then"
        if self.repeated:
            words += f"; called again: {', '.join(dict.fromkeys(self.repeated))}"
        return f"went on from the trace {self.trace_id} ({self.outcome}): {words}"


@dataclass(slots=True)
class _Attempt:
    """One trace, as far as it matters for the next."""

    resumes: str | None = None
    outcome: str = "interrupted"
    routed: RequestRouted | None = None
    graph: TaskGraphPlanned | None = None
    configured: AgentConfigured | None = None
    finished: dict[str, TaskFinished] = field(default_factory=dict[str, TaskFinished])
    calls: list[ToolCalled] = field(default_factory=list[ToolCalled])

    @property
    def plan(self) -> Any:
        """What the tasks are of: attempts with another plan have no tasks in common with this one."""
        if self.graph is not None:
            return self.graph.tasks
        return None if self.configured is None else self.configured.configuration


async def read_before(store: EventStore, trace_id: str, types: Mapping[str, type[Intent]]) -> Before | None:
    """What can be gone on from after a trace and those it resumed; None where no plan was made.

    `types` are the classes of intents by their names. Raises `StoreError` for events that can't be read.
    """
    attempts: list[_Attempt] = []
    earlier: str | None = trace_id
    while earlier is not None and len(attempts) < _MAX_ATTEMPTS:
        recorded = await store.read(stream_name("trace", earlier))
        refuse_unreadable(recorded, "this request is not gone on with")
        attempts.append(_folded(recorded))
        earlier = attempts[-1].resumes
    planned = next((attempt for attempt in attempts if attempt.plan is not None), None)
    if planned is None or planned.routed is None:
        return None
    finished: dict[str, KeptTask] = {}
    for attempt in attempts:
        if attempt.plan not in (None, planned.plan):
            break
        for name, event in attempt.finished.items():
            if name not in finished and (task := await read_kept(store, event, types)) is not None:
                finished[name] = task
    graph = None if planned.graph is None else TaskGraph.model_validate({"tasks": planned.graph.tasks})
    return Before(
        trace_id,
        attempts[0].outcome,
        next((attempt.routed for attempt in attempts if attempt.routed and attempt.routed.flags), planned.routed),
        graph,
        None if graph is not None else planned.configured,
        finished,
        [call.tool for call in attempts[0].calls if call.task not in finished],
    )


def _folded(recorded: Sequence[RecordedEvent]) -> _Attempt:
    attempt = _Attempt()
    for entry in recorded:
        match entry.event:
            case TraceStarted() as started:
                attempt.resumes = started.resumes
            case RequestRouted() as routed:
                attempt.routed = routed
            case TaskGraphPlanned() as graph:
                attempt.graph = graph
                attempt.finished.clear()
            case AgentConfigured() as configured:
                attempt.configured = configured
            case TaskFinished() as task:
                attempt.finished[task.task] = task
            case ToolCalled() as call:
                attempt.calls.append(call)
            case TraceEnded() as ended:
                attempt.outcome = ended.outcome
            case _:
                pass
    return attempt
