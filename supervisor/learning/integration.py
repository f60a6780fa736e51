"""`supervisor.learning`: what was learned, how it stands, and a cycle at once.

Wires the parts of learning over a store: inside a supervisor over its log, elsewhere over a store of its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

import anyio

from common.clock import Clock
from common.errors import LearningError, NotFound
from common.health import Reached
from common.learning_settings import LearningSettings
from events.catalogue.collected import TraceCollected
from events.catalogue.learning import PatternAccepted
from events.catalogue.request import OutcomeReported
from events.catalogue.trace import TraceEnded
from events.ownership import Ownership
from events.projection import Views
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.cycle import CycleReport, Decide, LearningCycle, Progress, Tell
from supervisor.learning.cycle_log import CycleLog
from supervisor.learning.knowledge import Knowledge
from supervisor.learning.learning_status import (
    LearningStatus,
    PatternSummary,
    accepted_patterns,
    learning_status,
    summary,
)
from supervisor.learning.patterns import AnalysisSettings, Counts
from supervisor.learning.prediction_service import Predictions
from supervisor.learning.proposing import BY, Check, Drafter, Improve, Proposer, StartTrial
from supervisor.learning.trials import Trials
from supervisor.queries.guidelines import GuidelineRecord, list_guidelines
from supervisor.scheduler import Loop

__all__ = ["GuidelineHistoryEntry", "Learning", "LearningHooks", "make_learning"]

_NEWS = frozenset({TraceEnded.TOPIC, TraceCollected.TOPIC, OutcomeReported.TOPIC})
_SETTLE = 1.0
"""Seconds that `follow` waits for more after the first news; longer where a cycle takes longer."""
_LOOK = 60.0
_CYCLE_TIMEOUT = 6 * 3_600.0
_GENTLY = 1.0
_DELAY = 10.0
"""Seconds after the start in which requests have the machine for themselves."""
_TRIALS = 5.0
_TRIALS_TIMEOUT = 600.0
_ALERTS = 15.0


@dataclass(frozen=True, slots=True)
class GuidelineHistoryEntry:
    """One version of an agent type's guideline, and what it was made from."""

    agent_type: str
    version: str
    status: str
    base_version: str | None
    patterns_applied: tuple[str, ...]
    rules: tuple[str, ...]
    proposed_by: str
    proposed_at: datetime
    reason: str
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str | None


@dataclass(frozen=True, slots=True)
class LearningHooks:
    """What learning has done by others, where they are there."""

    draft: Drafter | None = None
    improve: Improve | None = None
    check: Check | None = None
    start_trial: StartTrial | None = None
    trials: Trials | None = None
    predictions: Predictions | None = None
    decide: Decide | None = None
    tell: Tell | None = None


class Learning:
    """Learning over one log. Made by `make_learning`."""

    def __init__(
        self,
        store: EventStore,
        views: Views,
        clock: Clock,
        settings: LearningSettings,
        log: CycleLog,
        knowledge: Knowledge,
        cycle: LearningCycle,
        served: Collection[str],
        trials: Trials,
        predictions: Predictions,
    ) -> None:
        self.trials = trials
        """The trials: `report` tells of them, `start` begins one."""
        self.predictions = predictions
        """The expected success of requests: `current` predicts, `refresh` learns from all that is in the log."""
        self._store = store
        self._views = views
        self.clock = clock
        self.settings = settings
        self._log = log
        self._knowledge = knowledge
        self._cycle = cycle
        self._served = frozenset(served)

    async def status(self) -> LearningStatus:
        """How learning stands. Raises `StoreError`."""
        return await learning_status(self._store, self._views, self._log, self.settings, self._served)

    async def cycle(self, *, by: str = BY, fresh: bool = False, progress: Progress | None = None) -> CycleReport:
        """Run a cycle now: read what is new, analyse, accept patterns, propose guidelines, start trials.

        `fresh` judges all traces anew, though few have come since the last time. Below the minimum of traces nothing
        is done, and the report says why. Can be cancelled at any point. Raises `LearningError` while another cycle
        runs, here or in another process, and what made it fail.
        """
        return await self._cycle.run(by, fresh=fresh, progress=progress)

    async def probe(self) -> Reached:
        """Whether cycles end well, and who decides on guidelines. Raises `LearningError` where the last one failed."""
        cycles = await self._log.cycles()
        if cycles.last_failure is not None:
            raise LearningError(
                f"the last cycle of learning failed: {cycles.last_failure.error}",
                where="learning",
                todo="Run agent-supervisor learn to see whether it still does.",
            )
        decides = "trials decide on guidelines" if self.settings.enable_auto_updates else "a person decides"
        runs = "" if self.settings.enabled else "; not enabled"
        return Reached(detail=f"{cycles.finished} cycles; {decides} (learning.enable_auto_updates){runs}")

    def traces(self, agent_type: str) -> Counts:
        """The traces of an agent type as this process has read them: those that can be used, the others by reason."""
        return self._knowledge.counts(agent_type)

    async def patterns(self, agent_type: str | None = None) -> list[PatternAccepted]:
        """The patterns that the last cycle found to hold, the surest first. Raises `StoreError`."""
        accepted = await accepted_patterns(self._store, await self._log.cycles(), agent_type)
        found = [pattern for each in accepted for pattern in each.holding]
        return sorted(found, key=lambda pattern: (-pattern.confidence, pattern.agent_type, pattern.pattern))

    async def pattern_summary(self) -> PatternSummary:
        """The patterns in figures. Raises `StoreError`."""
        return await summary(self._store, await self._log.cycles())

    async def history(self, agent_type: str | None = None) -> list[GuidelineHistoryEntry]:
        """Every version of guidelines, by agent type and as they were proposed. Raises `NotFound` for a type without.

        Raises `StoreError`, too.
        """
        records = await list_guidelines(self._views, agent_type)
        if agent_type is not None and not records:
            raise NotFound(f"there is no guideline of {agent_type!r}", where="learning")
        return [_entry(record) for record in records]

    async def guideline_records(self) -> list[GuidelineRecord]:
        """Every version of guidelines with its rules, by agent type. Raises `StoreError`."""
        return await list_guidelines(self._views)

    async def follow(self, *, by: str = BY) -> AsyncGenerator[CycleReport]:
        """A cycle at once, and another one whenever traces have ended; each one's report.

        While another process runs a cycle it waits. Raises what `cycle` raises otherwise.
        """
        while True:
            started = anyio.current_time()
            try:
                report = await self.cycle(by=by)
            except LearningError:
                await anyio.sleep(_SETTLE)
                continue
            yield report
            async with aclosing(self._store.follow(self._knowledge.position, _NEWS)) as news:
                async for _ in news:
                    break
                else:
                    return
            await anyio.sleep(max(_SETTLE, 2 * (anyio.current_time() - started) if report.cycle else 0.0))

    async def step(self) -> CycleReport | None:
        """A cycle where one is due and there is news; what the loop of a running supervisor does."""
        cycles = await self._log.cycles()
        if cycles.ended_at is not None:
            since = (self.clock.now() - cycles.ended_at).total_seconds()
            if since < self.settings.learning_interval:
                return None
        if not await self._cycle.has_news():
            return None
        try:
            return await self._cycle.run(BY, pause=_GENTLY)
        except LearningError:
            return None  # another one is at it

    def loops(self) -> list[Loop]:
        """What is done again and again in a running supervisor; no cycles where learning is not enabled."""
        loops = [
            Loop("guideline trials", _TRIALS, self.trials.step, timeout=_TRIALS_TIMEOUT),
            Loop("guidelines in service", _TRIALS, self.trials.watch.step, timeout=_TRIALS_TIMEOUT),
            Loop("alerts of learning", _ALERTS, self.trials.alerts.step),
        ]
        if self.settings.enabled:
            interval = min(_LOOK, self.settings.learning_interval)
            loops.append(Loop("learning", interval, self.step, timeout=_CYCLE_TIMEOUT, delay=_DELAY))
        return loops


def make_learning(
    store: EventStore,
    views: Views,
    clock: Clock,
    ownership: Ownership,
    commands: GuidelineCommands,
    settings: LearningSettings,
    *,
    served: Collection[str] = (),
    hooks: LearningHooks = LearningHooks(),
) -> Learning:
    """Learning over a store. `served` are the agent types whose requests go through versions of guidelines."""
    analysis = AnalysisSettings(confidence=settings.confidence_threshold)
    log = CycleLog(store, ownership)
    knowledge = Knowledge(store, analysis)
    proposer = Proposer(
        store, commands, hooks.draft or _drafter(), auto=settings.enable_auto_updates, served=served,
        start_trial=hooks.start_trial, improve=hooks.improve, check=hooks.check,
    )  # fmt: skip
    trials = hooks.trials or Trials(store, views, commands, clock, auto=settings.enable_auto_updates)
    cycle = LearningCycle(
        store, log, knowledge, proposer, settings, decide=hooks.decide or _decide_by(trials), tell=hooks.tell
    )
    predictions = hooks.predictions or Predictions(store, None)
    return Learning(store, views, clock, settings, log, knowledge, cycle, served, trials, predictions)


def _decide_by(trials: Trials) -> Decide:
    async def decide() -> list[str]:
        decisions = await trials.step()
        promoted = [each for each in decisions if each.made and each.decision == "promote"]
        return [f"{each.agent_type} {each.version}" for each in promoted]

    return decide


def _drafter() -> Drafter:
    from supervisor.learning.guideline_generator import GuidelineGenerator

    generator = GuidelineGenerator()
    return lambda agent_type, analysis, current, rejected: generator.draft(
        agent_type, analysis, current, rejected=rejected
    )


def _entry(record: GuidelineRecord) -> GuidelineHistoryEntry:
    return GuidelineHistoryEntry(
        agent_type=record.agent_type,
        version=record.version,
        status=record.status.value,
        base_version=record.base_version,
        patterns_applied=record.patterns,
        rules=tuple(rule.text for rule in record.rules),
        proposed_by=record.proposed_by,
        proposed_at=record.proposed_at,
        reason=record.proposed_why,
        decided_by=record.decided_by,
        decided_at=record.decided_at,
        decided_why=record.decided_why,
    )
