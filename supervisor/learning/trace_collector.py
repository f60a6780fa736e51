"""Reads what agents did out of the log, page by page, as records; only what is behind a position is read."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from events.catalogue.collected import TraceCollected
from events.catalogue.request import OutcomeReported
from events.catalogue.trace import TraceEnded, TraceStarted
from events.recorded import Erased, RecordedEvent, Unknown
from events.store import EventStore, stream_name
from supervisor.learning.own_traces import INTENT_TOPICS, SETTLED, TRACE_TOPICS, OwnTrace
from supervisor.learning.records import Record
from supervisor.learning.trace_building import record_of

__all__ = ["Collected", "CollectedPage", "CollectionCounts", "TraceCollector", "collected_stream", "outcome_stream"]

_TOPICS = TRACE_TOPICS | INTENT_TOPICS | {TraceCollected.TOPIC, OutcomeReported.TOPIC}
_PAGE = 1_000
_FIRST_PAGE = 100
_FEW_STEPS, _MANY_STEPS = 20_000, 50_000
"""Collected steps in one page: below the first the next page is larger, beyond the second it is smaller."""
_MAX_OPEN = 5_000
_MAX_STREAM = 900
_OPENING = frozenset({TraceStarted.TOPIC})

_Key = tuple[str, str]
"""Tenant and trace id."""


def collected_stream(tenant: str, trace_id: str) -> str:
    """The stream that a collected trace is in."""
    return _within(stream_name("collected", tenant, trace_id))


def outcome_stream(trace_id: str) -> str:
    """The stream that reported outcomes of a trace are in."""
    return _within(stream_name("outcome", trace_id))


def _within(name: str) -> str:
    """The name, or a short one for one that is too long for a stream (ids may be anything, and are encoded)."""
    if len(name) <= _MAX_STREAM:
        return name
    return stream_name(name.partition("/")[0], hashlib.sha256(name.encode()).hexdigest())


@dataclass(slots=True)
class CollectionCounts:
    """What was read, and what of it could not be used."""

    events: int = 0
    records: int = 0
    """Records that were given, those that took the place of an earlier one included."""
    erased: int = 0
    unknown: int = 0
    """Events that this version can't read."""
    ended_twice: int = 0
    unfinished: int = 0
    """Records of runs that did not come to an end of their own."""
    no_outcome: int = 0
    """Records of which nobody knows whether they were a success."""
    no_beginning: int = 0
    """Traces whose beginning can't be read."""
    no_trace: int = 0
    """Outcomes that were reported for a trace that is not there."""
    left_out: int = 0
    """Steps that were too many."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A trace as it is now: what it was, what was reported of it, and where in the log the last of that stands.

    `record` is the same as what learning works on.
    """

    trace: TraceCollected
    outcome: OutcomeReported | None
    position: int
    record: Record

    @classmethod
    def of(cls, trace: TraceCollected, outcome: OutcomeReported | None, position: int, tenant: str) -> Collected:
        """With its record."""
        return cls(trace, outcome, position, record_of(trace, position, outcome, tenant))


@dataclass(frozen=True, slots=True)
class CollectedPage:
    """What became known in one page of the log, which was read up to `position` of `head`.

    A trace that is told of again (somebody reported its outcome, an intent of it was settled) takes the place of what
    was told before under the same id. `open` is how many traces have begun and not ended by then, as far as known.
    """

    collected: tuple[Collected, ...]
    position: int
    head: int
    open: int
    counts: CollectionCounts

    @property
    def records(self) -> tuple[Record, ...]:
        """What learning works on."""
        return tuple([each.record for each in self.collected])


@dataclass(slots=True)
class _Found:
    """What one page has brought, by trace; the last one counts."""

    collected: dict[_Key, tuple[TraceCollected, int]] = field(default_factory=dict[_Key, tuple[TraceCollected, int]])
    outcomes: dict[_Key, tuple[OutcomeReported, int]] = field(default_factory=dict[_Key, tuple[OutcomeReported, int]])
    ended: dict[_Key, int] = field(default_factory=dict[_Key, int])


class TraceCollector:
    """Records from the log, for one reader at a time.

    Traces that are under way are kept in memory, at most `max_open`; what was let go, or had begun before the position
    that reading started from, is read from its own stream when it ends. With a `tenant` only what belongs to it. With
    `final` each trace is told once, where it ended, as it is known now.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        tenant: str | None = None,
        final: bool = False,
        page_size: int = _PAGE,
        max_open: int = _MAX_OPEN,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._final = final
        self._page_size = page_size
        self._size = min(_FIRST_PAGE, page_size)
        self._max_open = max_open
        self._open: dict[_Key, OwnTrace] = {}
        self._position = 0
        self.counts = CollectionCounts()

    async def read(self, after: int = 0, until: int | None = None) -> AsyncGenerator[CollectedPage]:
        """What became known behind `after`, page by page, up to `until` (default: the end of the log).

        Raises `StoreError` when the log can't be read.
        """
        if after != self._position:
            self._open.clear()
            self._position = after
        end = await self._store.head() if until is None else until
        while self._position < end:
            yield await self._store.run(lambda: self._page(end))

    def _page(self, end: int) -> CollectedPage:
        """Blocks."""
        size = self._size
        entries, reached = self._store.read_page(self._position, _TOPICS, size, end)
        found = _Found()
        for entry in entries:
            if self._tenant is None or entry.tenant == self._tenant:
                self._take(entry, found)
        collected = self._collect(found)
        while len(self._open) > self._max_open:
            del self._open[next(iter(self._open))]
        self._position = min(reached, end) if len(entries) == size else end
        self._size = self._next_size(entries)
        counts = self.counts
        counts.events += len(entries)
        counts.records += len(collected)
        counts.unfinished += sum([not each.trace.finished for each in collected])
        counts.no_outcome += sum([each.record.success is None for each in collected])
        counts.left_out += sum([each.trace.left_out.get("steps", 0) for each in collected])
        return CollectedPage(tuple(collected), self._position, end, len(self._open), replace(counts))

    def _next_size(self, entries: list[RecordedEvent]) -> int:
        """So many events that a page stays small, whatever runs of thousands of steps are in the log."""
        steps = sum([len(entry.event.steps) for entry in entries if isinstance(entry.event, TraceCollected)])
        if steps > _MANY_STEPS:
            return max(1, self._size // 4)
        return min(self._page_size, self._size * 2) if steps < _FEW_STEPS else self._size

    def _take(self, entry: RecordedEvent, found: _Found) -> None:
        event = entry.event
        if isinstance(event, Erased):
            self.counts.erased += 1
        elif isinstance(event, Unknown):
            self.counts.unknown += 1
        elif isinstance(event, TraceCollected):
            found.collected[entry.tenant, event.trace_id] = (event, entry.position)
        elif isinstance(event, OutcomeReported):
            if not self._final:
                found.outcomes[entry.tenant, event.trace_id] = (event, entry.position)
        elif entry.correlation is not None:
            self._fold(entry, (entry.tenant, entry.correlation), found)

    def _fold(self, entry: RecordedEvent, key: _Key, found: _Found) -> None:
        trace = self._open.get(key)
        if trace is None and entry.topic in _OPENING:
            trace = self._open[key] = OwnTrace(entry.correlation or "")
        if trace is not None:
            trace.add(entry)
        settled = entry.topic in SETTLED and not self._final and (trace is None or trace.ended is not None)
        if isinstance(entry.event, TraceEnded) or settled:
            found.ended[key] = entry.position

    def _collect(self, found: _Found) -> list[Collected]:
        collected: list[Collected] = []
        for key, (trace, position) in found.collected.items():
            outcome, at = found.outcomes.get(key, (None, 0))
            if self._final:
                outcome = self._outcome(key)
            collected.append(Collected.of(trace, outcome, max(position, at), key[0]))
        judged = {key: at for key, (_, at) in found.outcomes.items() if key not in found.collected}
        for key, position in {**judged, **found.ended}.items():
            outcome = found.outcomes[key][0] if key in found.outcomes else self._outcome(key)
            traces = self._traces(key, judged=key in judged)
            last = max(position, judged.get(key, 0))
            collected += [Collected.of(trace, outcome, last, key[0]) for trace in traces]
        collected.sort(key=lambda each: each.position)
        return collected

    def _traces(self, key: _Key, *, judged: bool) -> list[TraceCollected]:
        """What is known of a trace that ended, or was judged, at the position; blocks."""
        own = self._open.get(key)
        if own is not None and own.ended is None:
            return []  # judged while it runs: it is told when it ends
        if own is not None:
            del self._open[key]
        if own is None or not own.started or (self._final and not own.is_settled):
            own = self._read_own(key)
        if own is None:
            return self._read_collected(key) if judged else []
        if own.ended is None:
            return []
        self.counts.ended_twice += own.ended_twice
        if not own.started:
            self.counts.no_beginning += 1
        return own.traces()

    def _read_own(self, key: _Key) -> OwnTrace | None:
        """A trace of ours from its own streams; None where there is none."""
        entries = [entry for entry in self._read(stream_name("trace", key[1])) if entry.tenant == key[0]]
        if not entries:
            return None
        trace = OwnTrace(key[1])
        for entry in entries:
            trace.add(entry)
        for intent in trace.intents:
            for entry in self._read(stream_name("intent", intent)):
                if entry.tenant == key[0]:
                    trace.add(entry)
        return trace

    def _read_collected(self, key: _Key) -> list[TraceCollected]:
        events = [entry.event for entry in self._read(collected_stream(*key))]
        found = [event for event in events if isinstance(event, TraceCollected)]
        self.counts.no_trace += not found
        return found[:1]

    def _outcome(self, key: _Key) -> OutcomeReported | None:
        """What was reported last of a trace; blocks."""
        last: OutcomeReported | None = None
        if self._store.backend.version(outcome_stream(key[1])) == 0:
            return None
        for entry in self._read(outcome_stream(key[1])):
            if entry.tenant == key[0] and isinstance(entry.event, OutcomeReported):
                last = entry.event
        return last

    def _read(self, stream: str) -> list[RecordedEvent]:
        return self._store.codec.decode_page(self._store.backend.read(stream, 0))
