"""The latest tasks, tool calls and model calls of all requests, as spans: who worked, how long, how it ended."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from events.catalogue.trace import ModelCalled, TaskFinished, TaskStarted, ToolCalled, TraceEnded, TraceStarted
from events.recorded import RecordedEvent
from events.store import EventStore

__all__ = ["RecentWork", "WorkSpan"]

_TOPICS = frozenset(
    event.TOPIC for event in (TraceStarted, TaskStarted, TaskFinished, ToolCalled, ModelCalled, TraceEnded)
)
_GOOD = frozenset({"success", "partial", "awaiting_approval"})


@dataclass(frozen=True, slots=True)
class WorkSpan:
    """One piece of work that ended. `kind` is request, role, tool or model; `role` the one it was done for.

    `ended_at` is when it was recorded; `seconds` how long it took, of which a role's or a request's holds those of what
    it called. `tokens` and `cost` (US dollars) are of model calls.
    """

    trace: str
    kind: str
    name: str
    role: str
    task: str
    ended_at: datetime
    seconds: float
    ok: bool
    tokens: int = 0
    cost: float = 0.0


class RecentWork:
    """Reads the log on from where it was, at most `most` events a time: under load the oldest are passed over."""

    def __init__(self, store: EventStore, *, most: int = 4_000, kept: int = 20_000) -> None:
        self._store = store
        self._most = most
        self._position: int | None = None
        self.read = 0
        """How many spans were read in all."""
        self._spans: deque[WorkSpan] = deque(maxlen=kept)
        self._reading = anyio.Lock()
        self._roles: OrderedDict[tuple[str, str], str] = OrderedDict()

    @property
    def spans(self) -> Sequence[WorkSpan]:
        """The latest spans, oldest first."""
        return tuple(self._spans)

    async def refresh(self) -> list[WorkSpan]:
        """What ended since the last call (the first time: among the latest events of the log). Raises `StoreError`."""
        async with self._reading:
            return await self._read()

    async def _read(self) -> list[WorkSpan]:
        head = await self._store.head()
        start = max(self._position or 0, head - self._most)
        added: list[WorkSpan] = []
        for recorded in await self._store.read_all(start, _TOPICS, limit=self._most):
            span = self._span(recorded)
            if span is not None:
                added.append(span)
        self._position = head
        self._spans.extend(added)
        self.read += len(added)
        return added

    def _span(self, recorded: RecordedEvent) -> WorkSpan | None:
        trace, at = recorded.stream, recorded.recorded_at
        match recorded.event:
            case TaskStarted(task=task, role=role):
                self._roles[trace, task] = role
                while len(self._roles) > self._most:
                    self._roles.popitem(last=False)
                return None
            case TaskFinished(taken_from=None) as done if done.role:
                return WorkSpan(trace, "role", done.role, done.role, done.task, at, done.seconds, done.ok)
            case ToolCalled() as call:
                return WorkSpan(
                    trace, "tool", call.tool, self._role(trace, call.task), call.task, at, call.seconds, call.ok
                )
            case ModelCalled() as call:
                return WorkSpan(
                    trace, "model", f"{call.provider}/{call.model}", self._role(trace, call.task), call.task, at,
                    call.seconds, call.error is None, call.input_tokens + call.output_tokens, call.cost or 0.0,
                )  # fmt: skip
            case TraceEnded(outcome=outcome, response=response):
                milliseconds = response.get("duration_ms")
                seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0
                return WorkSpan(trace, "request", "request", "", "", at, seconds, outcome in _GOOD)
            case _:
                return None

    def _role(self, trace: str, task: str) -> str:
        return self._roles.get((trace, task), "")
