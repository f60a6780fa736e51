"""What the log says of a component: its latest calls, and how it did before and after a position."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.catalogue.base import Event
from events.catalogue.system import SystemSampled
from events.catalogue.trace import ModelCalled, TaskFinished, ToolCalled, TraceEnded
from events.recorded import RecordedEvent
from events.store import EventStore
from roles.specialists.specialist import Measure, Seen
from supervisor.specialists.figures import Figure, Rate, mean_of

__all__ = ["CallLog"]

_BACK = 20_000
"""Positions of the log that are looked back over."""
_MOST = 500
"""Calls that a figure is made of, at the most: those nearest to the change."""
_REMEMBERED = 100
"""Figures that are followed at once."""
_PAGE = 1_000
_AGAIN = timedelta(minutes=10)
_GOOD = frozenset({"success", "partial", "awaiting_approval"})
_KINDS: dict[str, type[Event]] = {
    "tool": ToolCalled, "role": TaskFinished, "model": ModelCalled, "requests": TraceEnded,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Call:
    """One call; or one sample, whose figure `seconds` is then."""

    seconds: float
    ok: bool
    at: datetime
    asked: str = ""


@dataclass(slots=True)
class _Looked:
    """What was read of a figure: all before a position, and behind it, up to where it was `reached`."""

    before: Figure
    reached: int
    found: list[_Call] = field(default_factory=list[_Call])


class CallLog:
    """Reads calls from the log; nothing of what they asked or answered is kept."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._looked: dict[tuple[Measure, int], _Looked] = {}

    async def seen(self, component: str) -> Seen:
        """The latest calls of a component. Raises `StoreError`."""
        head = await self._store.head()
        calls = (await self._calls(component, max(0, head - _BACK), head))[-_MOST:]
        row = longest = 0
        for call in calls:
            row = 0 if call.ok else row + 1
            longest = max(longest, row)
        good = [call.seconds for call in calls if call.ok]
        return Seen(good, len(calls) - len(good), _repeated(calls), longest)

    async def figures(self, measure: Measure, position: int) -> tuple[Figure, Figure]:
        """The figure before and after a position of the log. Raises `StoreError`.

        What was read for it before is not read again, since it is asked for again and again until there is enough.
        """
        head = await self._store.head()
        looked = self._looked.get((measure, position))
        if looked is None:
            while len(self._looked) >= _REMEMBERED:
                del self._looked[next(iter(self._looked))]
            before = _figure(measure, (await self._read_for(measure, max(0, position - _BACK), position))[-_MOST:])
            looked = self._looked[measure, position] = _Looked(before, position)
        if len(looked.found) < _MOST:
            looked.found += await self._read_for(measure, looked.reached, head)
            looked.reached = head
        return looked.before, _figure(measure, looked.found[:_MOST])

    async def _read_for(self, measure: Measure, after: int, until: int) -> list[_Call]:
        if measure.component.partition(":")[0] in _KINDS:
            return await self._calls(measure.component, after, until)
        return await self._samples(measure, after, until)

    async def _calls(self, component: str, after: int, until: int) -> list[_Call]:
        kind, _, name = component.partition(":")
        if kind not in _KINDS:
            return []
        read = [_call(entry, name) for entry in await self._read(_KINDS[kind].TOPIC, after, until)]
        return [call for call in read if call is not None]

    async def _samples(self, measure: Measure, after: int, until: int) -> list[_Call]:
        found: list[_Call] = []
        for entry in await self._read(SystemSampled.TOPIC, after, until):
            if isinstance(entry.event, SystemSampled) and measure.metric in entry.event.figures:
                found.append(_Call(entry.event.figures[measure.metric], True, entry.recorded_at))
        return found

    async def _read(self, topic: str, after: int, until: int) -> list[RecordedEvent]:
        found: list[RecordedEvent] = []
        while after < until:
            page = await self._store.read_all(after, {topic}, limit=_PAGE)
            found += [entry for entry in page if entry.position <= until]
            if len(page) < _PAGE or page[-1].position >= until:
                break
            after = page[-1].position
        return found


def _call(entry: RecordedEvent, name: str) -> _Call | None:
    at = entry.recorded_at
    match entry.event:
        case ToolCalled() as call if call.tool == name:
            asked = f"{entry.tenant}\0{json.dumps(call.arguments, sort_keys=True)}"
            return _Call(call.seconds, call.ok, at, asked)
        case TaskFinished(taken_from=None) as task if task.role == name:
            return _Call(task.seconds, task.ok, at)
        case ModelCalled() as call if f"{call.provider}/{call.model}" == name:
            return _Call(call.seconds, call.error is None, at)
        case TraceEnded(outcome=outcome, response=response):
            milliseconds = response.get("duration_ms")
            seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0
            return _Call(seconds, outcome in _GOOD, at)
        case _:
            return None


def _repeated(calls: Sequence[_Call]) -> float:
    last: dict[str, datetime] = {}
    again = 0
    for call in calls:
        before = last.get(call.asked)
        again += before is not None and call.at - before <= _AGAIN
        last[call.asked] = call.at
    return again / len(calls) if calls and calls[0].asked else 0.0


def _figure(measure: Measure, calls: Sequence[_Call]) -> Figure:
    metric, values = measure.metric, [call.seconds for call in calls]
    if measure.component.partition(":")[0] not in _KINDS:
        return mean_of(metric, values)
    errors = Rate(sum(not call.ok for call in calls), len(calls))
    if metric in ("error_rate", "success_rate"):
        return Figure("error_rate", len(calls), errors.failed / errors.calls if calls else None, *_ends(errors), errors)
    return mean_of(metric, values, errors)


def _ends(errors: Rate) -> tuple[float | None, float | None]:
    return errors.interval if errors.calls else (None, None)
