"""Reads the log page by page for those who count outcomes: how runs went, lots that were drawn, ends, and reports."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events.catalogue.request import OutcomeReported
from events.catalogue.trace import GuidelinesDrawn, TraceEnded
from events.recorded import RecordedEvent
from events.store import EventStore
from supervisor.learning.own_traces import PART, SETTLED
from supervisor.learning.trace_building import SUCCESS_FROM
from supervisor.learning.trace_collector import CollectedPage, TraceCollector

__all__ = ["AgentRun", "Draw", "Ended", "OutcomePage", "OutcomePages", "Report", "RequestKey"]

_NOBODYS_FAULT = frozenset({"cancelled", "interrupted"})
_TOPICS = SETTLED | {GuidelinesDrawn.TOPIC, TraceEnded.TOPIC, OutcomeReported.TOPIC}
_FEW = 500


class RequestKey(NamedTuple):
    """A request: whose it is, and the id of its trace."""

    tenant: str
    trace_id: str


class AgentRun(NamedTuple):
    """What an agent type did in a request, and whether that went well; None while that is not known."""

    request: RequestKey
    agent_type: str
    version: str
    success: bool | None


class Draw(NamedTuple):
    """A request began, for which the lot was drawn."""

    request: RequestKey
    event: GuidelinesDrawn
    at: datetime


class Ended(NamedTuple):
    """A request ended; `stopped`: it was cancelled or interrupted, which is nobody's fault."""

    at: datetime
    stopped: bool


class Report(NamedTuple):
    """Somebody, or a host's evaluator, said how a request went."""

    request: RequestKey
    at: datetime
    success: bool


@dataclass(slots=True)
class OutcomePage:
    """What became known up to `position` of the log. A run that is told of again takes the place of what was told
    before. `settled` is when the last intent of a request was settled, `now` when the last of all this was recorded;
    None where there was nothing of the kind.
    """

    position: int
    draws: list[Draw] = field(default_factory=list[Draw])
    runs: list[AgentRun] = field(default_factory=list[AgentRun])
    reports: list[Report] = field(default_factory=list[Report])
    ended: dict[RequestKey, Ended] = field(default_factory=dict[RequestKey, Ended])
    settled: dict[RequestKey, datetime] = field(default_factory=dict[RequestKey, datetime])
    now: datetime | None = None

    def add(self, entry: RecordedEvent) -> None:
        """Take in an event."""
        match entry.event:
            case GuidelinesDrawn() as event:
                self.draws.append(Draw(RequestKey(entry.tenant, entry.correlation or ""), event, entry.recorded_at))
            case TraceEnded(outcome=outcome):
                key = RequestKey(entry.tenant, entry.correlation or "")
                self.ended[key] = Ended(entry.recorded_at, outcome in _NOBODYS_FAULT)
            case OutcomeReported(trace_id=trace_id, score=score):
                key = RequestKey(entry.tenant, trace_id.partition(PART)[0])
                self.reports.append(Report(key, entry.recorded_at, score >= SUCCESS_FROM))
            case _ if entry.topic in SETTLED:
                self.settled[RequestKey(entry.tenant, entry.correlation or "")] = entry.recorded_at
            case _:  # erased, or from a newer version
                return
        self.now = entry.recorded_at if self.now is None else max(self.now, entry.recorded_at)


class OutcomePages:
    """The log from a position on, for one reader at a time."""

    def __init__(self, store: EventStore, position: int) -> None:
        self._store = store
        self._collector = TraceCollector(store)
        self.position = position

    async def read(self, until: int | None = None) -> AsyncGenerator[OutcomePage]:
        """What is new, up to a position, or the end of the log as it is now. Raises `StoreError`."""
        async for collected in self._collector.read(self.position, until):
            page = await self._store.run(lambda found=collected: self._page(found))
            self.position = page.position
            yield page

    def _page(self, collected: CollectedPage) -> OutcomePage:
        """Blocks."""
        page = OutcomePage(collected.position)
        after = self.position
        while after < collected.position:
            entries, after = self._store.read_page(after, _TOPICS, _FEW, collected.position)
            for entry in entries:
                page.add(entry)
            if len(entries) < _FEW:
                break
        for each in collected.collected:
            trace = each.trace
            key = RequestKey(each.record.tenant, trace.trace_id.partition(PART)[0])
            page.runs.append(AgentRun(key, trace.agent_type, trace.guideline_version, trace.success))
        return page
