"""How learning stands, from the log: cycles, patterns that hold, versions and what waits for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from common.learning_settings import LearningSettings
from events.catalogue.learning import LearningCycleFinished
from events.projection import Views
from events.state.guideline import GuidelineStatus
from events.store import EventStore
from supervisor.learning.accepted import Accepted, fold_accepted, learning_stream
from supervisor.learning.cycle_log import CycleLog, Cycles
from supervisor.learning.trace_collector import TraceCollector
from supervisor.queries.guidelines import GuidelineRecord, list_guidelines

__all__ = ["AgentTypeStatus", "LearningStatus", "PatternSummary", "accepted_patterns", "learning_status", "summary"]

_HIGH = 0.9
_NO_STEPS = "without steps"
_NO_OUTCOME = "whose outcome nobody knows yet"


@dataclass(frozen=True, slots=True)
class AgentTypeStatus:
    """traces: with a known outcome, as of the last cycle and what came since. patterns: that hold.

    active, trial: versions in service and on trial. waiting: versions that wait for a decision. decided_by: what
    decides on them, ``trial`` or ``person``.
    """

    agent_type: str
    traces: int
    patterns: int
    ready: bool
    active: str | None
    trial: str | None
    waiting: tuple[str, ...]
    decided_by: str
    note: str


@dataclass(frozen=True, slots=True)
class LearningStatus:
    """learning_cycles: that ended well. total_traces: with a known outcome; new_traces: behind the last cycle.

    total_patterns_learned: all that were ever accepted; patterns_holding: those the last cycle found to hold.
    ready_for_learning: some agent type has enough traces. last_error: of the last cycle, where it failed.
    """

    learning_cycles: int
    failed_cycles: int
    running: bool
    last_cycle_at: datetime | None
    last_cycle_seconds: float | None
    last_error: str
    position: int
    head: int
    total_traces: int
    new_traces: int
    total_patterns_learned: int
    patterns_holding: int
    ready_for_learning: bool
    min_traces_for_analysis: int
    auto_updates: bool
    agent_types: tuple[AgentTypeStatus, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatternSummary:
    """total_patterns: that hold. high_confidence_patterns: of these, with a confidence of .9 or more.

    by_kind, by_agent_type: how many. ever: all that were ever accepted. shared: taken over from another agent type.
    """

    total_patterns: int
    high_confidence_patterns: int
    shared: int
    ever: int
    by_kind: Mapping[str, int]
    by_agent_type: Mapping[str, int]
    mean_confidence: float | None


async def accepted_patterns(store: EventStore, cycles: Cycles, agent_type: str | None = None) -> list[Accepted]:
    """What the log says of each agent type that was analysed, or of one of them. Raises `StoreError`."""
    last = cycles.last.event if cycles.last is not None else None
    known = last.agent_types if isinstance(last, LearningCycleFinished) else ()
    kinds = known if agent_type is None else (agent_type,)
    return [fold_accepted(kind, await store.read(learning_stream(kind))) for kind in kinds]


async def summary(store: EventStore, cycles: Cycles) -> PatternSummary:
    """The patterns in figures. Raises `StoreError`."""
    accepted = await accepted_patterns(store, cycles)
    holding = [pattern for each in accepted for pattern in each.holding]
    kinds: dict[str, int] = {}
    for pattern in holding:
        kinds[pattern.kind] = kinds.get(pattern.kind, 0) + 1
    return PatternSummary(
        total_patterns=len(holding),
        high_confidence_patterns=sum(pattern.confidence >= _HIGH for pattern in holding),
        shared=sum(pattern.shared_from is not None for pattern in holding),
        ever=sum(len(each.patterns) for each in accepted),
        by_kind=dict(sorted(kinds.items())),
        by_agent_type={each.agent_type: len(each.holding) for each in accepted},
        mean_confidence=sum(pattern.confidence for pattern in holding) / len(holding) if holding else None,
    )


async def learning_status(
    store: EventStore,
    views: Views,
    log: CycleLog,
    settings: LearningSettings,
    served: Collection[str],
) -> LearningStatus:
    """How learning stands; reads the traces behind the last cycle, and no others. Raises `StoreError`."""
    cycles = await log.cycles()
    running = await log.is_running(cycles)
    accepted = {each.agent_type: each for each in await accepted_patterns(store, cycles)}
    head = await store.head()
    new, useless = await _new_traces(store, cycles.reached, head)
    guidelines: dict[str, list[GuidelineRecord]] = {}
    for record in await list_guidelines(views):
        guidelines.setdefault(record.agent_type, []).append(record)
    kinds = sorted({*accepted, *new, *guidelines})
    types = tuple(
        _of_type(kind, accepted.get(kind), new.get(kind, 0), guidelines.get(kind, ()), settings, served)
        for kind in kinds
    )
    last = cycles.last.event if cycles.last is not None else None
    failure = cycles.last_failure
    return LearningStatus(
        learning_cycles=cycles.finished,
        failed_cycles=cycles.failed,
        running=running,
        last_cycle_at=cycles.last.recorded_at if cycles.last is not None else None,
        last_cycle_seconds=last.seconds if isinstance(last, LearningCycleFinished) else None,
        last_error=failure.error if failure is not None else "",
        position=cycles.reached,
        head=head,
        total_traces=sum(each.traces for each in types),
        new_traces=sum(new.values()),
        total_patterns_learned=sum(len(each.patterns) for each in accepted.values()),
        patterns_holding=sum(len(each.holding) for each in accepted.values()),
        ready_for_learning=any(each.ready for each in types),
        min_traces_for_analysis=settings.min_traces_for_analysis,
        auto_updates=settings.enable_auto_updates,
        agent_types=types,
        notes=tuple(_notes(types, last, settings, useless)),
    )


async def _new_traces(store: EventStore, after: int, head: int) -> tuple[dict[str, int], Counter[str]]:
    """What became known behind a position: by agent type the traces to learn from, and by reason the others."""
    seen: dict[str, set[tuple[str, str]]] = {}
    useless: dict[tuple[str, str], str] = {}
    async with aclosing(TraceCollector(store).read(after, head)) as pages:
        async for page in pages:
            for record in page.records:
                key = (record.tenant, record.trace_id)
                if record.success is not None and record.steps:
                    seen.setdefault(record.agent_type, set()).add(key)
                    useless.pop(key, None)
                else:
                    useless[key] = _NO_STEPS if record.success is not None else _NO_OUTCOME
    return {kind: len(ids) for kind, ids in seen.items()}, Counter(useless.values())


def _of_type(
    kind: str,
    accepted: Accepted | None,
    new: int,
    records: Sequence[GuidelineRecord],
    settings: LearningSettings,
    served: Collection[str],
) -> AgentTypeStatus:
    before = accepted.last.traces if accepted is not None and accepted.last is not None else 0
    traces = before + new
    by_status = {record.status: record.version for record in records}
    waiting = tuple(record.version for record in records if record.status is GuidelineStatus.PROPOSED)
    decides = "trial" if settings.enable_auto_updates and kind in served else "person"
    note = ""
    if traces < settings.min_traces_for_analysis:
        note = f"{traces} of {settings.min_traces_for_analysis} traces"
    elif waiting and kind not in served:
        note = "nothing here serves versions of it, so a trial can't decide: activate or reject what waits"
    elif waiting and not settings.enable_auto_updates:
        note = "a person decides on what waits"
    return AgentTypeStatus(
        agent_type=kind,
        traces=traces,
        patterns=len(accepted.holding) if accepted is not None else 0,
        ready=traces >= settings.min_traces_for_analysis,
        active=by_status.get(GuidelineStatus.ACTIVE),
        trial=by_status.get(GuidelineStatus.TRIAL),
        waiting=waiting,
        decided_by=decides,
        note=note,
    )


def _notes(
    types: Sequence[AgentTypeStatus], last: object, settings: LearningSettings, useless: Mapping[str, int]
) -> list[str]:
    notes: list[str] = []
    if not types:
        notes.append("There are no traces with steps and a known outcome yet.")
    elif not any(each.ready for each in types):
        notes.append(f"No agent type has the {settings.min_traces_for_analysis} traces that an analysis needs.")
    if useless:
        told = ", ".join(f"{count:,} {why}" for why, count in sorted(useless.items()))
        notes.append(f"Nothing can be learned from these of the new traces: {told}.")
    if isinstance(last, LearningCycleFinished):
        notes += last.notes
    return notes
