"""Counts how a version in service does, against what it replaced and against its own earlier record."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from events.catalogue.guideline import GuidelineActivated, GuidelineRolledBack
from events.recorded import RecordedEvent
from supervisor.learning.drop_test import DropTest
from supervisor.learning.outcome_pages import AgentRun, OutcomePage, RequestKey
from supervisor.learning.trial_reports import EVIDENCE_KIND

__all__ = ["Against", "ServiceCounts", "ServiceRecord"]

Against = Literal["replaced", "earlier"]
"""What a version in service is compared with: what it replaced, or its own earlier record."""

_LATEST = 200
"""Outcomes of before that are compared with, where no trial tells of them."""
_FIRST = 30
"""The first outcomes in service become the record of a version that has none (or a shorter one)."""
_MAX_WAITING = 20_000
_NEEDED = 2.0
"""Two comparisons share alpha."""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A version in service, since `since`: `outcomes` of which `successes` went well.

    `against` is the comparison that speaks most against it; `reference_…` are its counts, `evidence` the e-value, of
    which `needed` rolls it back. All None before there is anything to compare with.
    """

    agent_type: str
    version: str
    since: datetime
    outcomes: int
    successes: int
    against: Against | None
    reference_outcomes: int | None
    reference_successes: int | None
    evidence: float | None
    needed: float

    def as_json(self) -> dict[str, JsonValue]:
        """For events and programs."""
        return {
            "agent_type": self.agent_type, "version": self.version, "since": self.since.isoformat(),
            "outcomes": self.outcomes, "successes": self.successes, "against": self.against,
            "reference_outcomes": self.reference_outcomes, "reference_successes": self.reference_successes,
            "evidence": self.evidence, "needed": self.needed,
        }  # fmt: skip


@dataclass(slots=True)
class _Run:
    version: str
    success: bool | None = None
    ended_at: datetime | None = None
    reports: list[tuple[datetime, bool]] = field(default_factory=list[tuple[datetime, bool]])


class ServiceCounts:
    """Fed from pages of the log that begin some way before `since`, which put the version into service.

    Each run counts once: as its trace says when that is known first, or as reported last within `report_wait` of its
    end.
    """

    def __init__(self, agent_type: str, version: str, since: RecordedEvent, alpha: float, report_wait: float) -> None:
        self.agent_type = agent_type
        self.version = version
        self.since = since
        self.outcomes = self.successes = 0
        self._needed = _NEEDED / alpha
        self._wait = timedelta(seconds=report_wait)
        self._replaced = _replaced(since)
        self._own: list[bool] = []
        self._tests: dict[Against, DropTest] = {}
        known = _trial_counts(since)
        if known is not None:
            self._tests["earlier"] = DropTest(*known["candidate"])
            self._tests["replaced"] = DropTest(*known["incumbent"])
        self._is_told = known is not None
        self._in_service = False
        self._before: dict[str, deque[bool]] = {}
        self._open: OrderedDict[RequestKey, _Run] = OrderedDict()
        self._done: OrderedDict[RequestKey, None] = OrderedDict()
        self._now: datetime | None = None

    @property
    def drop(self) -> Against | None:
        """What it did worse than, at any time until now; None while there is no evidence of a drop."""
        return next((name for name, test in self._tests.items() if test.highest >= math.log(self._needed)), None)

    @property
    def record(self) -> ServiceRecord:
        """What is known now."""
        worst = self.drop or max(self._tests, key=lambda name: self._tests[name].highest, default=None)
        test = None if worst is None else self._tests[worst]
        return ServiceRecord(
            self.agent_type, self.version, self.since.recorded_at, self.outcomes, self.successes, worst,
            None if test is None else test.reference[0], None if test is None else test.reference[1],
            None if test is None else math.exp(min(test.highest, 700.0)), self._needed,
        )  # fmt: skip

    def take(self, page: OutcomePage) -> None:
        """Take in what became known."""
        for run in page.runs:
            if run.agent_type == self.agent_type:
                self._take_run(run, page)
        for report in page.reports:
            found = self._open.get(report.request)
            if found is not None:
                found.reports.append((report.at, report.success))
        if page.now is not None:
            self._now = page.now if self._now is None else max(self._now, page.now)
        for request in [request for request, run in self._open.items() if self._is_final(run)]:
            run = self._open.pop(request)
            self._done[request] = None
            self._count(run)
        while len(self._open) > _MAX_WAITING:
            self._open.popitem(last=False)
        while len(self._done) > _MAX_WAITING:
            self._done.popitem(last=False)

    def _take_run(self, run: AgentRun, page: OutcomePage) -> None:
        if run.request in self._done:
            return
        found = self._open.setdefault(run.request, _Run(run.version))
        found.success = run.success
        ended = page.ended.get(run.request)
        if ended is not None:
            found.ended_at = ended.at

    def _is_final(self, run: _Run) -> bool:
        if run.success is None and not run.reports:
            return False
        if run.ended_at is None or not self._wait:
            return True
        return self._now is not None and self._now >= run.ended_at + self._wait

    def _count(self, run: _Run) -> None:
        in_time = [
            success for at, success in run.reports
            if run.success is None or run.ended_at is None or at <= run.ended_at + self._wait
        ]  # fmt: skip
        success = in_time[-1] if in_time else bool(run.success)
        is_before = run.ended_at is None or run.ended_at <= self.since.recorded_at
        if is_before and not self._in_service:
            self._before.setdefault(run.version, deque(maxlen=_LATEST)).append(success)
            return
        if run.version != self.version:
            return
        if not self._in_service:
            self._in_service = True
            self._compare_with_before()
        self.outcomes += 1
        self.successes += success
        if "earlier" in self._tests:
            self._tests["earlier"].update(success)
        else:
            self._own.append(success)
            if len(self._own) >= _FIRST:
                self._tests["earlier"] = DropTest(len(self._own), sum(self._own))
        if "replaced" in self._tests:
            self._tests["replaced"].update(success)

    def _compare_with_before(self) -> None:
        """Where no trial tells how it went before: the latest outcomes of this version and of what it replaced."""
        if self._is_told:
            return
        before = self._before.get(self._replaced) if self._replaced is not None else None
        if before and len(before) >= _FIRST:
            self._tests["replaced"] = DropTest(len(before), sum(before))
        own = self._before.get(self.version)
        if own and len(own) >= _FIRST:
            self._tests["earlier"] = DropTest(len(own), sum(own))


def _replaced(since: RecordedEvent) -> str | None:
    """The version that was there before, "" for no guideline; None where it is a way back."""
    return (since.event.replaces or "") if isinstance(since.event, GuidelineActivated) else None


def _trial_counts(since: RecordedEvent) -> dict[str, tuple[int, int]] | None:
    """What the trial counted that put the version into service; None where none did."""
    event = since.event
    evidence = event.evidence if isinstance(event, GuidelineActivated | GuidelineRolledBack) else None
    if not isinstance(evidence, dict) or evidence.get("kind") != EVIDENCE_KIND:
        return None
    counts: dict[str, tuple[int, int]] = {}
    for arm in ("candidate", "incumbent"):
        found = evidence.get(arm)
        outcomes, successes = (found.get("outcomes"), found.get("successes")) if isinstance(found, dict) else (0, 0)
        if not isinstance(outcomes, int) or not isinstance(successes, int) or not 0 < successes <= outcomes:
            return None
        counts[arm] = (outcomes, successes)
    return counts
