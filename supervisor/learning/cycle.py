"""A cycle of learning: read what is new, analyse, accept patterns, propose guidelines, put them on trial.

All patterns of a cycle are accepted in one append. Killed at any point, the next cycle closes it and goes on: what was
accepted is known by its id, and what was proposed by its patterns, so nothing is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import anyio

from common.errors import GuidelineError, LearningError, StoreError, StreamConflict, SupervisorError
from common.intents import StreamAppend
from common.learning_settings import LearningSettings
from common.logs import get_logger
from events.catalogue import Event
from events.catalogue.learning import LearningCycleFinished, PatternAccepted
from events.catalogue.system import AlertRaised
from events.state.guideline import check_agent_type
from events.store import EventStore
from supervisor.learning.accepted import Accepted, as_event, fold_accepted, has_moved, learning_stream
from supervisor.learning.cycle_log import CycleLog, RunningCycle
from supervisor.learning.knowledge import Knowledge
from supervisor.learning.left_out import left_out
from supervisor.learning.patterns import Analysis, Refusal
from supervisor.learning.proposing import Proposed, Proposer
from supervisor.learning.rule_texts import named
from supervisor.learning.sharing import Shared

__all__ = ["CycleReport", "Decide", "LearningCycle", "Progress", "Tell"]

_log = get_logger(__name__)
_MAX_TYPES = 200
"""Agent types that one cycle looks at: those with the most traces."""
_ENDING = 10.0

Tell = Callable[[AlertRaised], Awaitable[None]]
"""Told of an alert that is in the log."""
Decide = Callable[[], Awaitable[Sequence[str]]]
"""Looks at the trials that run; returns the versions it put into service, as ``<agent type> <version>``."""


class Progress(Protocol):
    """Follows a cycle: `stage` is ``read``, ``analyse`` or ``propose``."""

    def __call__(self, stage: str, done: int, whole: int) -> None:
        """So much of the stage is done; may be called on any thread."""
        ...


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle did. `refused` says why there was none, and is empty otherwise.

    traces: all with a known outcome; new_traces: those behind the last cycle. patterns: all that hold, the surest
    first; learned: the ids of those that were not known before. activated: ``<agent type> <version>``.
    """

    cycle: str = ""
    refused: str = ""
    traces: int = 0
    new_traces: int = 0
    patterns: tuple[PatternAccepted, ...] = ()
    learned: tuple[str, ...] = ()
    proposed: tuple[Proposed, ...] = ()
    activated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(slots=True)
class _Found:
    """What a cycle has come to so far."""

    ready: list[str]
    patterns: dict[str, list[PatternAccepted]] = field(default_factory=dict[str, list[PatternAccepted]])
    before: dict[str, Accepted] = field(default_factory=dict[str, Accepted])
    proposed: list[Proposed] = field(default_factory=list[Proposed])
    activated: Sequence[str] = ()
    notes: list[str] = field(default_factory=list[str])

    @property
    def learned(self) -> list[str]:
        """The ids of patterns that were not known before."""
        return [
            each.pattern
            for kind, patterns in self.patterns.items()
            for each in patterns
            if each.pattern not in self.before[kind].patterns
        ]


class LearningCycle:
    """Runs cycles, one at a time in this process and, by the log, over all processes."""

    def __init__(
        self,
        store: EventStore,
        log: CycleLog,
        knowledge: Knowledge,
        proposer: Proposer,
        settings: LearningSettings,
        *,
        decide: Decide | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._store = store
        self._log = log
        self._knowledge = knowledge
        self._proposer = proposer
        self._settings = settings
        self._decide = decide
        self._tell = tell
        self._lock = anyio.Lock()

    async def run(
        self, by: str, *, fresh: bool = False, progress: Progress | None = None, pause: float = 0.0
    ) -> CycleReport:
        """One cycle. Below the minimum of traces there is none: see `CycleReport.refused`.

        `fresh` judges all traces anew, though few have come since the last time. `pause`: see `Knowledge.catch_up`.
        Raises `LearningError` while another cycle runs, and what made it fail; that is in the log then, with an alert.
        """
        if self._lock.locked():
            raise LearningError("a cycle of learning runs already", where="learning", todo="Wait for its end.")
        async with self._lock:
            started = time.monotonic()
            cycles = await self._log.cycles()
            await self._read(cycles.reached, progress, pause)
            ready, notes = self._ready()
            if not ready:
                return CycleReport(
                    refused=self._refusal(), traces=self._knowledge.traces, new_traces=self._knowledge.new_traces
                )
            running = await self._log.begin(by)
            try:
                found = _Found(ready, notes=notes)
                await self._learn(running, found, fresh=fresh, progress=progress)
                return await self._finish(running, found, started)
            except BaseException as error:
                await self._failed(running, error)
                if isinstance(error, StreamConflict):
                    raise LearningError(
                        "another process took this cycle over, for this one was taken for dead", where="learning"
                    ) from error
                raise

    async def has_news(self) -> bool:
        """Whether traces came behind the last cycle; reads them. Raises `StoreError`."""
        async with self._lock:
            cycles = await self._log.cycles()
            await self._read(cycles.reached, None, 1.0)
            return self._knowledge.new_traces > 0

    async def _read(self, since: int, progress: Progress | None, pause: float) -> None:
        def follow(done: int, whole: int) -> None:
            if progress is not None:
                progress("read", done, whole)

        await self._knowledge.catch_up(since=since, progress=follow, pause=pause)

    def _ready(self) -> tuple[list[str], list[str]]:
        """The agent types with enough traces, and what is to be said of the others."""
        needed = self._settings.min_traces_for_analysis
        named = [kind for kind in self._knowledge.agent_types if _is_agent_type(kind)]
        sizes = {kind: self._knowledge.counts(kind).traces for kind in named}
        ready = sorted((kind for kind, size in sizes.items() if size >= needed), key=lambda kind: (-sizes[kind], kind))
        few = len(sizes) - len(ready)
        notes: list[str] = []
        if nameless := len(self._knowledge.agent_types) - len(named):
            which = "1 agent type has a name" if nameless == 1 else f"{nameless} agent types have names"
            notes.append(f"{which} that no guideline can have: passed over.")
        if few:
            which = "1 agent type has" if few == 1 else f"{few} agent types have"
            notes.append(f"{which} fewer than {needed} traces with a known outcome: passed over.")
        if len(ready) > _MAX_TYPES:
            notes.append(f"Of {len(ready)} agent types the {_MAX_TYPES} with the most traces were looked at.")
        if told := self._left_out():
            notes.append(told)
        return sorted(ready[:_MAX_TYPES]), notes

    def _left_out(self) -> str:
        known = self._knowledge
        return left_out(known.collected, map(known.counts, known.agent_types), known.open)

    def _refusal(self) -> str:
        counts = {kind: self._knowledge.counts(kind) for kind in self._knowledge.agent_types}
        most = max(counts, key=lambda kind: counts[kind].traces, default="")
        there = "there are none so far"
        if most and counts[most].traces:
            there = f"{named(most)} has the most of them, {counts[most].traces}"
        told = [
            f"Nothing can be learned yet. That takes {self._settings.min_traces_for_analysis} traces of one agent type "
            f"with steps and a known outcome; {there}.",
            self._left_out(),
        ]
        if any(each.unknown for each in counts.values()):
            told.append("Tell how they went with traces outcome ID SCORE.")
        return " ".join(filter(None, told))

    async def _learn(self, running: RunningCycle, found: _Found, *, fresh: bool, progress: Progress | None) -> None:
        analyses = await self._analyses(found.ready, fresh=fresh, progress=progress)
        shared = await self._knowledge.share(analyses) if self._settings.share_patterns and len(analyses) > 1 else {}
        await self._accept(running, found, analyses, shared)
        for done, kind in enumerate(found.ready):
            if progress is not None:
                progress("propose", done, len(found.ready))
            whole = analyses[kind]
            if kind in shared:
                whole = replace(whole, patterns=(*whole.patterns, *(each.pattern for each in shared[kind])))
            proposed, note = await self._proposer.step(whole)
            if proposed is not None:
                found.proposed.append(proposed)
            if note:
                found.notes.append(f"{kind}: {note}.")
        if self._decide is not None:
            found.activated = await self._decide()

    async def _analyses(self, ready: Sequence[str], *, fresh: bool, progress: Progress | None) -> dict[str, Analysis]:
        analyses: dict[str, Analysis] = {}
        for done, kind in enumerate(ready):
            if progress is not None:
                progress("analyse", done, len(ready))
            analyses[kind] = await self._knowledge.analyze(kind, fresh=fresh)
        if progress is not None:
            progress("analyse", len(ready), len(ready))
        return analyses

    async def _accept(
        self,
        running: RunningCycle,
        found: _Found,
        analyses: dict[str, Analysis],
        shared: dict[str, list[Shared]],
    ) -> None:
        appends: list[StreamAppend] = []
        for kind, analysis in analyses.items():
            stream = learning_stream(kind)
            before = found.before[kind] = fold_accepted(kind, await self._store.read(stream))
            origins = {each.pattern.id: each.origin for each in shared.get(kind, ())}
            holding = [*analysis.patterns, *(each.pattern for each in shared.get(kind, ()))]
            holding.sort(key=lambda pattern: (-pattern.confidence, pattern.id))
            told = found.patterns[kind] = [as_event(each, running.cycle, origins.get(each.id)) for each in holding]
            found.notes += [f"{kind}: {note}" for note in analysis.notes]
            if analysis.refused and not told:
                found.notes.append(f"{kind}: {_nearest(analysis.refused)}")
            moved = [
                event
                for event, pattern in zip(told, holding, strict=True)
                if has_moved(before.patterns.get(event.pattern), pattern)
            ]
            ended = self._ended(kind, running, analysis, [event.pattern for event in told])
            if moved or before.last is None or _says_more(ended, before.last):
                events: list[Event] = [*moved, ended]
                appends.append(StreamAppend(stream, events))
        if appends:
            await self._log.append(running, appends)

    def _ended(
        self, kind: str, running: RunningCycle, analysis: Analysis, patterns: list[str]
    ) -> LearningCycleFinished:
        counts = self._knowledge.counts(kind)
        return LearningCycleFinished(
            cycle=running.cycle,
            agent_type=kind,
            position=self._knowledge.position,
            traces=counts.traces,
            successes=counts.successes,
            patterns=patterns,
            notes=list(analysis.notes),
        )

    async def _finish(self, running: RunningCycle, found: _Found, started: float) -> CycleReport:
        seconds = time.monotonic() - started
        last = (await self._log.cycles()).last
        known = last.event.agent_types if last is not None and isinstance(last.event, LearningCycleFinished) else ()
        finished = LearningCycleFinished(
            cycle=running.cycle,
            agent_types=sorted({*known, *found.ready}),
            position=self._knowledge.position,
            traces=self._knowledge.traces,
            new_traces=self._knowledge.new_traces,
            patterns=found.learned,
            proposed=[f"{each.agent_type} {each.version}" for each in found.proposed if each.is_new],
            activated=list(found.activated),
            seconds=seconds,
            notes=found.notes,
        )
        await self._log.finish(running, finished)
        patterns = [each for of_type in found.patterns.values() for each in of_type]
        patterns.sort(key=lambda pattern: (-pattern.confidence, pattern.agent_type, pattern.pattern))
        return CycleReport(
            cycle=running.cycle,
            traces=finished.traces,
            new_traces=finished.new_traces,
            patterns=tuple(patterns),
            learned=tuple(finished.patterns),
            proposed=tuple(found.proposed),
            activated=tuple(found.activated),
            notes=tuple(found.notes),
            seconds=seconds,
        )

    async def _failed(self, running: RunningCycle, error: BaseException) -> None:
        """Say so in the log; where that can't be done, the next cycle finds this one without an end."""
        cancelled = not isinstance(error, Exception)
        told = str(error) if isinstance(error, SupervisorError) else type(error).__name__
        if not cancelled:
            _log.error("a cycle of learning failed: %s", told, exc_info=error)
        with anyio.move_on_after(_ENDING, shield=True):
            try:
                alert = await self._log.fail(running, told, cancelled=cancelled)
                if alert is not None and self._tell is not None:
                    await self._tell(alert)
            except StoreError as problem:
                _log.warning("that a cycle of learning failed is not in the log: %s", problem)


def _nearest(refused: Sequence[Refusal]) -> str:
    """What a plain comparison would most likely have taken for a pattern, and why it is none."""
    nearest = max(refused, key=lambda each: abs(each.crude))
    points = f"{nearest.crude * 100:+.0f} points in {nearest.support} traces"
    return f"no pattern holds; the nearest is: {nearest.description} ({points}): {nearest.reason}."


def _says_more(now: LearningCycleFinished, before: LearningCycleFinished) -> bool:
    return (now.patterns, now.traces, now.successes) != (before.patterns, before.traces, before.successes)


def _is_agent_type(name: str) -> bool:
    try:
        check_agent_type(name)
    except GuidelineError:
        return False
    return True
