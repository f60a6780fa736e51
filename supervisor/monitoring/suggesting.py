"""Findings become improvements: one for each cause, however often it is seen, closed once the cause is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.errors import ImprovementError, StreamConflict
from common.flags import AUTO_APPLY_IMPROVEMENTS
from common.logs import get_logger
from common.monitoring_settings import MonitoringSettings
from events.catalogue.improvement import ImprovementPlan, ImprovementSuggested
from events.state.improvement import ImprovementStatus
from events.state.improvement_limits import PRIORITIES
from supervisor.commands.improvements import ImprovementCommands, PolicyCheck
from supervisor.monitoring.book import BookEntry, ImprovementBook
from supervisor.monitoring.findings import AnalysisContext, Finding, fingerprint
from supervisor.monitoring.tried import for_a_person, taken_back_before

__all__ = ["BY", "DrawUp", "Outcome", "Suggester", "improvement_id"]

BY = "monitoring"
"""Who is named in the log for what the software decides."""
_MAX_NEW = 20
"""Suggestions that one analyzer may make in one pass; more wait for the next."""
_FAILED_AGAIN = timedelta(hours=24)

DrawUp = Callable[[ImprovementPlan], Awaitable[ImprovementPlan]]

_log = get_logger(__name__)


@dataclass(slots=True)
class Outcome:
    """What one pass did: the ids of what was suggested, got evidence, was closed, or approved by the policy."""

    suggested: list[str] = field(default_factory=list[str])
    seen: list[str] = field(default_factory=list[str])
    closed: list[str] = field(default_factory=list[str])
    approved: list[str] = field(default_factory=list[str])


def improvement_id(name: str, generation: int) -> str:
    """The id of an improvement: the fingerprint of its cause, and which time it is that it came."""
    return f"imp-{name}" if generation == 1 else f"imp-{name}-{generation}"


class Suggester:
    """Writes what analyzers find into the log; how often in a row a cause was missing is remembered in memory only."""

    def __init__(
        self, commands: ImprovementCommands, book: ImprovementBook, settings: MonitoringSettings, allows: PolicyCheck
    ) -> None:
        self._commands = commands
        self._book = book
        self._settings = settings
        self._allows = allows
        self._missing: Counter[str] = Counter()
        self.draw_up: DrawUp | None = None
        """Settles what a plan will do, before anybody is asked to approve it."""

    async def take(
        self, analyzer: str, findings: Sequence[Finding], context: AnalysisContext, outcome: Outcome
    ) -> None:
        """Bring the improvements of one analyzer in line with what it found. Raises `StoreError`.

        What can't be suggested (too long, malformed) is logged and left out.
        """
        found: set[str] = set()
        new = 0
        for finding in findings:
            name = fingerprint(analyzer, finding.subject)
            if name in found:
                continue
            found.add(name)
            self._missing.pop(name, None)
            entry = self._book.latest(name)
            try:
                if entry is not None and entry.status.is_open:
                    await self._see(entry, finding, context.now, outcome)
                elif new < _MAX_NEW and self._is_due(entry, finding, context.now):
                    new += 1
                    outcome.suggested.append(await self._suggest(analyzer, name, entry, finding))
            except (ImprovementError, StreamConflict, ValueError) as error:
                _log.warning("a finding of %s on %s was left out: %s", analyzer, finding.subject, error)
        await self._close(analyzer, found, context, outcome)

    async def apply_policy(self, outcome: Outcome) -> None:
        """Approve what the operator's policy allows without a person. Raises `StoreError`."""
        for entry in self._book.pending():
            if entry.type in self._settings.auto_apply_types and await self._allows(
                AUTO_APPLY_IMPROVEMENTS, entry.type
            ):
                try:
                    await self._commands.approve_by_policy(entry.id, by=BY, policy=AUTO_APPLY_IMPROVEMENTS)
                    outcome.approved.append(entry.id)
                except ImprovementError as error:  # decided on meanwhile
                    _log.info("%s was not approved by the policy: %s", entry.id, error)

    def _is_due(self, entry: BookEntry | None, finding: Finding, now: datetime) -> bool:
        """Whether a cause whose last improvement is over is to be suggested again."""
        if entry is None or entry.status is ImprovementStatus.CLOSED:
            return True
        age = now - entry.changed_at
        if entry.status is ImprovementStatus.COMPLETED:  # it takes a while to show in the figures
            return age >= timedelta(seconds=self._settings.evidence_every)
        if entry.status is ImprovementStatus.FAILED and not entry.by_hand:
            return age >= _FAILED_AGAIN
        is_worse = PRIORITIES.index(finding.urgency) < PRIORITIES.index(entry.priority)
        return is_worse or age >= timedelta(hours=self._settings.again_after)

    async def _suggest(self, analyzer: str, name: str, entry: BookEntry | None, finding: Finding) -> str:
        generation = 1 if entry is None else entry.generation + 1
        plan = finding.plan if self.draw_up is None else await self.draw_up(finding.plan)
        tried = taken_back_before(plan, finding.urgency, finding.impact, await self._book.taken_back())
        suggestion = ImprovementSuggested(
            improvement_id=improvement_id(name, generation),
            fingerprint=name,
            generation=generation,
            previous=None if entry is None else entry.id,
            analyzer=analyzer,
            type=finding.type,
            priority=finding.urgency,
            title=finding.title,
            description=finding.description,
            affected_components=list(finding.components),
            estimated_impact=finding.impact,
            implementation_plan=plan if tried is None else for_a_person(plan, tried),
            confidence=finding.confidence,
            evidence=finding.evidence,
        )
        await self._commands.suggest(suggestion)
        return suggestion.improvement_id

    async def _see(self, entry: BookEntry, finding: Finding, now: datetime, outcome: Outcome) -> None:
        urgency = finding.urgency
        is_worse = PRIORITIES.index(urgency) < PRIORITIES.index(entry.priority)
        if not is_worse and now - entry.seen_at < timedelta(seconds=self._settings.evidence_every):
            return
        await self._commands.add_evidence(
            entry.id,
            finding.evidence,
            priority=urgency if urgency != entry.priority else None,
            confidence=finding.confidence,
        )
        outcome.seen.append(entry.id)

    async def _close(self, analyzer: str, found: set[str], context: AnalysisContext, outcome: Outcome) -> None:
        for entry in self._book.pending():
            if entry.analyzer != analyzer or entry.fingerprint in found:
                continue
            if not all(context.observed(component) for component in entry.components):
                continue
            self._missing[entry.fingerprint] += 1
            if self._missing[entry.fingerprint] < self._settings.close_after:
                continue
            del self._missing[entry.fingerprint]
            try:
                times = self._settings.close_after
                await self._commands.close(entry.id, by=BY, reason=f"its cause was gone in {times} analyses in a row")
                outcome.closed.append(entry.id)
            except ImprovementError as error:  # decided on meanwhile
                _log.info("%s was not closed: %s", entry.id, error)
