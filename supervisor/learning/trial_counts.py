"""Counts the outcomes of one trial, in the order in which its requests began, whenever they become known."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.catalogue.guideline import TrialTerms
from supervisor.learning.outcome_pages import Draw, Ended, OutcomePage, RequestKey
from supervisor.learning.sequential_test import Arm, Estimate, SequentialTest

__all__ = ["Path", "TrialCounts"]

_FEWER = 1.02
"""How many times as many outcomes the next point of the path has, at least."""
_MAX_WAITING = 100_000

Path = list[tuple[int, float, float, float]]
"""The confidence sequence: outcomes of the candidate by then, estimate, low, high."""


@dataclass(slots=True)
class _Entry:
    """A request of one arm. `own` is what its trace says; `reports` what was reported, and when."""

    request: RequestKey
    arm: Arm
    began: datetime
    own: bool | None = None
    ended: Ended | None = None
    absent: bool = False
    reports: list[tuple[datetime, bool]] = field(default_factory=list[tuple[datetime, bool]])
    settled_at: datetime | None = None
    counted: bool | None = None


class TrialCounts:
    """The test of a trial, fed from pages of the log.

    A request counts for the arm whose version the lot gave it, once, when all that were drawn for the arm before it are
    settled: outcomes that take longer because they are bad would else come last, and a candidate that hangs would look
    good for a while. None is waited for longer than `terms.patience` after its beginning; later it counts for neither
    arm. An outcome is what the trace says, or what was reported last within `terms.report_wait` of its end. A report
    that comes later counts in place of an outcome that is not known in time, else for nothing: `contradicted` counts
    these.
    """

    def __init__(self, agent_type: str, version: str, against: str | None, share: float, terms: TrialTerms) -> None:
        self._agent_type = agent_type
        self._version = version
        self._against = against
        self._patience = timedelta(seconds=terms.patience)
        self._report_wait = timedelta(seconds=terms.report_wait)
        self.test = SequentialTest(terms.alpha, harm_alpha=terms.harm_alpha, share=share, most=terms.most)
        self.drawn: dict[Arm, int] = {"candidate": 0, "incumbent": 0}
        self.left_out: dict[Arm, int] = {"candidate": 0, "incumbent": 0}
        self.contradicted: dict[Arm, int] = {"candidate": 0, "incumbent": 0}
        self.path: Path = []
        self._now: datetime | None = None
        self._entries: OrderedDict[RequestKey, _Entry] = OrderedDict()
        self._turns: dict[Arm, deque[_Entry]] = {"candidate": deque(), "incumbent": deque()}

    @property
    def waiting(self) -> dict[Arm, int]:
        """Requests that are not settled, and those behind them."""
        return {arm: len(turns) for arm, turns in self._turns.items()}

    @property
    def estimate(self) -> Estimate:
        """What is known of the difference now."""
        return self.test.estimate

    def take(self, page: OutcomePage) -> None:
        """Take in what became known; nothing is counted behind a decision."""
        for draw in page.draws:
            self._draw(draw)
        for request, ended in page.ended.items():
            self._with(request, lambda entry, found=ended: self._end(entry, found))
        for request, at in page.settled.items():
            self._with(request, lambda entry, found=at: _settled(entry, found))
        for run in page.runs:
            if run.agent_type == self._agent_type and run.success is not None:
                self._with(run.request, lambda entry, found=run.success: _learn(entry, found))
        mine = {run.request for run in page.runs if run.agent_type == self._agent_type}
        for request in {run.request for run in page.runs} - mine:  # agents of this type had no part in it
            self._with(request, self._leave)
        for report in page.reports:
            self._with(report.request, lambda entry, found=report: self._report(entry, found.at, found.success))
        if page.now is not None:
            self._now = page.now if self._now is None else max(self._now, page.now)
        self._settle()

    def _draw(self, draw: Draw) -> None:
        if draw.event.candidates.get(self._agent_type) != self._version or draw.request in self._entries:
            return
        if self.test.decision != "go_on":
            return
        served = draw.event.served.get(self._agent_type)
        arm: Arm = "candidate" if served == self._version else "incumbent"
        if served not in (self._version, self._against):
            return
        entry = self._entries[draw.request] = _Entry(draw.request, arm, draw.at)
        self._turns[arm].append(entry)
        self.drawn[arm] += 1
        while len(self._entries) > _MAX_WAITING:
            _, oldest = self._entries.popitem(last=False)
            oldest.absent = True

    def _with(self, request: RequestKey, what: Callable[[_Entry], None]) -> None:
        entry = self._entries.get(request)
        if entry is not None:
            what(entry)

    @staticmethod
    def _end(entry: _Entry, ended: Ended) -> None:
        entry.ended = entry.ended or ended

    def _leave(self, entry: _Entry) -> None:
        if entry.counted is None and (entry.ended is None or entry.ended.at <= self._latest(entry)):
            entry.absent = True

    def _report(self, entry: _Entry, at: datetime, success: bool) -> None:
        if entry.counted is None:
            entry.reports.append((at, success))
        elif entry.counted != success:
            self.contradicted[entry.arm] += 1

    def _settle(self) -> None:
        """Count what is settled, from the front of each arm; candidates and incumbents in the order they began."""
        while self.test.decision == "go_on":
            heads = [turns[0] for turns in self._turns.values() if turns]
            ready = [entry for entry in heads if self._is_settled(entry)]
            if not ready:
                break
            entry = min(ready, key=lambda each: each.began)
            self._turns[entry.arm].popleft()
            self._count(entry)

    def _is_settled(self, entry: _Entry) -> bool:
        """Whether nothing that is still to come can change what the request counts for."""
        if entry.absent:
            return True
        ended, latest = entry.ended, self._latest(entry)
        if ended is not None and ended.at <= latest and (entry.own is not None or ended.stopped):
            return not self._report_wait or self._is_past(ended.at + self._report_wait)
        return self._is_past(latest)

    def _outcome(self, entry: _Entry) -> bool | None:
        """What a settled request counts for; None for what was not known in time."""
        latest = self._latest(entry)
        if entry.ended is not None and entry.ended.at <= latest:
            reported = _last(entry.reports, entry.ended.at + self._report_wait)
            if reported is not None:
                return reported
            if entry.own is not None and (entry.settled_at is None or entry.settled_at <= latest):
                return entry.own
            if entry.ended.stopped:
                return None
        return _last(entry.reports, latest)

    def _latest(self, entry: _Entry) -> datetime:
        return entry.began + self._patience

    def _is_past(self, moment: datetime) -> bool:
        return self._now is not None and self._now > moment

    def _count(self, entry: _Entry) -> None:
        outcome = None if entry.absent else self._outcome(entry)
        if outcome is None:
            self._entries.pop(entry.request, None)
            if entry.absent:
                self.drawn[entry.arm] -= 1
            else:
                self.left_out[entry.arm] += 1
            return
        entry.counted = outcome
        self.test.update(entry.arm, outcome)
        counts_until = self._latest(entry) if entry.ended is None else entry.ended.at + self._report_wait
        for at, success in entry.reports:
            self.contradicted[entry.arm] += success != outcome and at > counts_until
        self._remember()

    def _remember(self) -> None:
        """A point of the confidence sequence for every block that was full, and for fewer the more there are."""
        number = self.test.compared["candidate"][0]
        if self.path and number < self.path[-1][0] * _FEWER + 1 and self.test.decision == "go_on":
            return
        if number and (not self.path or number > self.path[-1][0]):
            found = self.test.estimate
            self.path.append((number, found.difference, found.low, found.high))


def _learn(entry: _Entry, success: bool) -> None:
    if entry.counted is None:
        entry.own = success


def _settled(entry: _Entry, at: datetime) -> None:
    if entry.own is None:
        entry.settled_at = at


def _last(reports: list[tuple[datetime, bool]], until: datetime) -> bool | None:
    """What was reported last until then."""
    return next((success for at, success in reversed(reports) if at <= until), None)
