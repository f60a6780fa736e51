"""A request that the supervisor handled, as runs of the agents that worked on it: one for each agent type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.hints import AGENT, PLANNING, ROUTER
from events.catalogue.collected import TraceCollected
from events.catalogue.intent import (
    IntentDenied,
    IntentFailed,
    IntentProcessed,
    IntentRegistered,
    IntentUncertain,
)
from events.catalogue.trace import (
    AgentConfigured,
    GuidelinesDrawn,
    ModelCalled,
    RequestRouted,
    TaskFinished,
    TaskGraphPlanned,
    TaskStarted,
    ThinkingRecorded,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.recorded import RecordedEvent
from supervisor.learning.bounded import excerpt
from supervisor.learning.records import MAX_NAME, MAX_STEPS, MAX_TEXT
from supervisor.learning.trace_building import MAX_TASK, build_trace, make_step, task_id_of

__all__ = ["INTENT_TOPICS", "PART", "SETTLED", "TRACE_TOPICS", "OwnTrace"]

PART = "#"
"""Stands between the id of a trace and the agent type, where several agent types had a part in it."""

TRACE_TOPICS = frozenset(
    kind.TOPIC
    for kind in (
        TraceStarted, GuidelinesDrawn, RequestRouted, AgentConfigured, TaskGraphPlanned, TaskStarted, TaskFinished,
        ModelCalled, ThinkingRecorded, ToolCalled, TraceEnded,
    )
)  # fmt: skip
SETTLED = frozenset(kind.TOPIC for kind in (IntentProcessed, IntentFailed, IntentDenied, IntentUncertain))
INTENT_TOPICS = SETTLED | {IntentRegistered.TOPIC}

_DOMAIN = "supervisor"
_NOBODYS_FAULT = frozenset({"cancelled", "interrupted"})


@dataclass(slots=True)
class _Task:
    role: str
    request: str = ""
    version: str = ""
    finished: bool = False
    ok: bool = False
    seconds: float = 0.0
    error: str = ""


@dataclass(slots=True)
class _Intent:
    task: str
    done: bool | None = None
    """Whether it took effect; None while that is not settled, or can't be told."""


@dataclass(slots=True)
class _Spent:
    tokens: int = 0
    cost: float | None = 0.0
    models: dict[str, None] = field(default_factory=dict[str, None])


@dataclass(slots=True)
class OwnTrace:
    """Folds the events of one trace and its intents; `traces` tells what the agents did."""

    trace_id: str
    started: bool = False
    ended: TraceEnded | None = None
    ended_twice: bool = False
    left_out: int = 0
    _request: str = ""
    _user: str = ""
    _at: datetime | None = None
    _approach: str = ""
    _planned: bool = False
    _routed: bool = False
    """Whether the router's guideline was on trial or in service, so that the request tells of the router as well."""
    _versions: dict[str, str] = field(default_factory=dict[str, str])
    """Those of the planner and the router."""
    _tasks: dict[str, _Task] = field(default_factory=dict[str, _Task])
    _steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    _spent: dict[str, _Spent] = field(default_factory=dict[str, _Spent])
    _intents: dict[str, _Intent] = field(default_factory=dict[str, _Intent])

    @property
    def intents(self) -> Sequence[str]:
        """The ids of its intents, as far as they are known."""
        return tuple(self._intents)

    @property
    def is_settled(self) -> bool:
        """Whether it is known of every intent what became of it."""
        return all(intent.done is not None for intent in self._intents.values())

    def add(self, entry: RecordedEvent) -> None:
        """Fold one event; kinds it does not know are passed over."""
        match entry.event:
            case TraceStarted() as event:
                self.started, self._request, self._user = True, event.request, event.user
                self._at = entry.recorded_at
            case GuidelinesDrawn() as event:
                self._routed = self._routed or ROUTER in event.candidates
            case RequestRouted() as event:
                self._approach, self._versions[ROUTER] = event.approach, event.guideline_version or ""
                self._routed = self._routed or event.guideline_version is not None
            case AgentConfigured() | TaskGraphPlanned() as event:
                self._planned, self._versions[PLANNING] = True, event.guideline_version or ""
            case TaskStarted() as event:
                self._tasks[event.task] = _Task(event.role, event.request, event.guideline_version or "")
            case TaskFinished() as event:
                self._finish(event)
            case TraceEnded() as event:
                self._end(event)
            case ModelCalled() | ThinkingRecorded() | ToolCalled() as event:
                self._step(event)
            case IntentRegistered() as event:
                self._intents.setdefault(event.intent_id, _Intent(event.task)).task = event.task
            case IntentProcessed() | IntentFailed() | IntentDenied() | IntentUncertain() as event:
                self._settle(event)
            case _:
                pass

    def _finish(self, event: TaskFinished) -> None:
        task = self._tasks.setdefault(event.task, _Task(event.role))
        if event.taken_from is not None:  # it was another trace's work
            del self._tasks[event.task]
            return
        task.finished, task.ok, task.seconds = True, event.ok and not event.partly, event.seconds
        task.error = event.error or ("" if event.ok else event.text)

    def _end(self, event: TraceEnded) -> None:
        if self.ended is not None:
            self.ended_twice = True
            return
        self.ended = event
        told = event.response.get("intents")
        for intent in told if isinstance(told, list) else ():
            if isinstance(intent, dict) and isinstance(intent.get("id"), str):
                self._intents.setdefault(str(intent["id"]), _Intent(""))

    def _settle(self, event: IntentProcessed | IntentFailed | IntentDenied | IntentUncertain) -> None:
        intent = self._intents.setdefault(event.intent_id, _Intent(""))
        intent.done = None if isinstance(event, IntentUncertain) else isinstance(event, IntentProcessed)

    def _step(self, event: ModelCalled | ThinkingRecorded | ToolCalled) -> None:
        match event:
            case ModelCalled():
                spent = self._spent.setdefault(event.task, _Spent())
                spent.tokens += event.input_tokens + event.output_tokens
                spent.cost = None if spent.cost is None or event.cost is None else spent.cost + event.cost
                if event.error is None:
                    spent.models[f"{event.provider}/{event.model}"] = None
                return
            case ThinkingRecorded():
                step = make_step("thinking", "think", text=event.text)
            case ToolCalled():
                step = make_step(
                    "tool", event.tool, arguments=event.arguments, ok=event.ok, seconds=event.seconds,
                    error=event.error or ("" if event.ok else event.text), text=event.text,
                )  # fmt: skip
        if len(self._steps) < MAX_STEPS:
            self._steps.append((event.task, step))
        else:
            self.left_out += 1

    def traces(self) -> list[TraceCollected]:
        """One trace for each agent type that had a part; empty for a stream without a beginning."""
        if not self.started:
            return []
        by_role: dict[str, list[str]] = {}
        for name, task in self._tasks.items():
            by_role.setdefault(task.role or AGENT, []).append(name)
        if self._planned:
            by_role.setdefault(PLANNING, [])
        if self._routed or not by_role:
            by_role.setdefault(ROUTER, [])
        several = len(by_role) > 1
        return [self._of(role, tasks, several=several) for role, tasks in by_role.items()]

    def _of(self, role: str, names: Sequence[str], *, several: bool) -> TraceCollected:
        tasks = [self._tasks[name] for name in names] or list(self._tasks.values())
        whole = not names
        request = " / ".join(task.request for task in tasks if task.request) if names else self._request
        steps = self._delegated(tasks) if whole else [step for task, step in self._steps if task in names]
        spent = [self._spent[name] for name in (self._spent if whole else names) if name in self._spent]
        costs = [each.cost for each in spent]
        models = dict.fromkeys(model for each in spent for model in each.models)
        version = self._versions.get(role, "") if whole else next((task.version for task in tasks if task.version), "")
        success = self._success(tasks, None if whole else names)
        return build_trace(
            {
                "trace_id": f"{self.trace_id}{PART}{role}" if several else self.trace_id,
                "user": self._user,
                "source": _DOMAIN,
                "agent_type": excerpt(role, MAX_NAME),
                "task_id": task_id_of(request) or self.trace_id,
                "task": excerpt(request, MAX_TASK),
                "agent": excerpt(" ".join([self._approach or "direct", *models]), MAX_NAME),
                "domain": _DOMAIN,
                "guideline_version": version,
                "success": success,
                "score": None if success is None else float(success),
                "finished": self.ended is not None and self.ended.outcome != "interrupted",
                "error": excerpt(next((task.error for task in tasks if task.error), ""), MAX_TEXT),
                "started_at": self._at,
                "seconds": self._duration() if whole else sum(task.seconds for task in tasks),
                "tokens": sum(each.tokens for each in spent) if spent else None,
                "cost": None if None in costs or not costs else sum(cost or 0.0 for cost in costs),
                "parent": self.trace_id if several else None,
                "left_out": {"steps": self.left_out} if self.left_out else {},
            },
            steps,
        )

    @staticmethod
    def _delegated(tasks: Sequence[_Task]) -> list[dict[str, Any]]:
        """What a planner did: it had roles do things."""
        return [
            make_step(
                "tool", task.role, ok=task.ok if task.finished else None, seconds=task.seconds, error=task.error,
                arguments={"request": task.request},
            )
            for task in tasks
        ]  # fmt: skip

    def _success(self, tasks: Sequence[_Task], names: Sequence[str] | None) -> bool | None:
        """Whether the tasks finished and what they wanted changed was changed; None where nobody can tell yet."""
        outcome = "" if self.ended is None else self.ended.outcome
        intents = [intent for intent in self._intents.values() if names is None or intent.task in (*names, "")]
        if any(task.finished and not task.ok for task in tasks) or any(intent.done is False for intent in intents):
            return False
        if self.ended is None or (not tasks and outcome in _NOBODYS_FAULT):
            return None
        if not all(task.finished for task in tasks):
            return None if outcome in _NOBODYS_FAULT else False
        if names is None and (outcome == "failure" or outcome.startswith("limit:")):
            return False
        if names is None and outcome in _NOBODYS_FAULT:
            return None
        return None if any(intent.done is None for intent in intents) else True

    def _duration(self) -> float | None:
        milliseconds = None if self.ended is None else self.ended.response.get("duration_ms")
        return milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None
