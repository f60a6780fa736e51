"""Trials of guidelines: a candidate serves a share of the requests until outcomes decide, promote or reject.

Everything is read from the log: the terms stand in `GuidelineTrialStarted`, the lots in `GuidelinesDrawn`, the outcomes
in the traces, and the decision is the first that the test comes to. So any process comes to the same one, at any time,
after any crash; it is appended by compare-and-set on the guideline's stream, so that one of several decides.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import anyio

from common.clock import Clock
from common.errors import GuidelineError, NotFound, StreamConflict
from common.intents import StreamAppend
from common.logs import get_logger
from events.catalogue.guideline import GuidelineTrialStarted, TrialTerms
from events.catalogue.system import AlertRaised
from events.projection import Views
from events.recorded import RecordedEvent
from events.state.guideline import GuidelineState, GuidelineStatus
from events.store import EventStore, stream_name
from events.views.guidelines import GuidelineView
from supervisor.alerts import Alerts
from supervisor.commands.guidelines import GuidelineCommands, guideline_stream
from supervisor.learning.cycle_log import ALERT_KIND as CYCLE
from supervisor.learning.following import FollowedGuidelines
from supervisor.learning.outcome_pages import OutcomePages
from supervisor.learning.service_watch import ALERT_KIND as DROP
from supervisor.learning.service_watch import ServiceWatch
from supervisor.learning.trial_counts import TrialCounts
from supervisor.learning.trial_reports import (
    EndedTrial,
    TrialDecision,
    TrialReport,
    ended_trials,
    evidence_of,
    reason_of,
)
from supervisor.notifications import Notifications

__all__ = ["ALERT_KIND", "BY", "Trials"]

BY = "trial"
"""Who is named in the log for what trials decide."""
ALERT_KIND = "guideline-trial"

_SHARE = 0.5
_MANY = 10_000
_log = get_logger(__name__)


@dataclass(slots=True)
class _Running:
    """A trial, as far as the log was read. `state` is the guideline's."""

    since: RecordedEvent
    event: GuidelineTrialStarted
    state: GuidelineState
    counts: TrialCounts
    pages: OutcomePages
    told: bool = False


class Trials:
    """The trials of one log.

    auto: whether what the outcomes decide is done; else it is told once (`AlertRaised` and a notification), and a
    person activates or rejects the version. A candidate that does harm is stopped all the same: nobody loses by that,
    its rules can be proposed anew, and every further request would be harmed. share, terms: of trials that name none.
    """

    def __init__(
        self,
        store: EventStore,
        views: Views,
        guidelines: GuidelineCommands,
        clock: Clock,
        notifications: Notifications | None = None,
        *,
        auto: bool = True,
        share: float = _SHARE,
        terms: TrialTerms | None = None,
    ) -> None:
        self._store = store
        self._views = views
        self._guidelines = guidelines
        self._auto = auto
        self._share = share
        self._terms = terms or TrialTerms()
        self._running = FollowedGuidelines(store, views, GuidelineStatus.TRIAL, _started, self._begin)
        self._recounted: dict[str, TrialReport] = {}
        self.alerts = Alerts(store, notifications, clock, {ALERT_KIND, DROP, CYCLE})
        """What tells of the alerts of learning, those of processes that were killed included."""
        self.watch = ServiceWatch(store, views, guidelines, clock, notifications, report_wait=self._terms.report_wait)
        """What looks after versions once they are in service."""
        self._lock = anyio.Lock()

    async def start(
        self,
        agent_type: str,
        version: str,
        *,
        share: float | None = None,
        by: str = BY,
        reason: str = "",
        terms: TrialTerms | None = None,
    ) -> GuidelineTrialStarted:
        """Put a proposed version on trial. Raises `NotFound` and `GuidelineError` where that can't be."""
        chosen = self._share if share is None else share
        return await self._guidelines.start_trial(
            agent_type, version, share=chosen, by=by, reason=reason, terms=terms or self._terms
        )

    async def step(self) -> list[TrialDecision]:
        """Read what is new and decide what can be decided. Raises `StoreError`.

        Returns what was decided here, and what was found to wait for a person and was not told before.
        """
        async with self._lock:
            await self._running.read()
            decided = [
                await self._decide(trial)
                for trial in list(self._running.known.values())
                if trial.counts.test.decision != "go_on"
            ]
        return [decision for decision in decided if decision is not None]

    async def report(self, agent_type: str | None = None) -> list[TrialReport]:
        """Every trial, by agent type, oldest first. Raises `StoreError`."""
        async with self._lock:
            await self._running.read()
            reports: list[TrialReport] = []
            rows = await self._views.query(GuidelineView.name, limit=_MANY)
            for name in dict.fromkeys(str(row["agent_type"]) for row in rows):
                if agent_type in (None, name):
                    ended = ended_trials(await self._store.read(guideline_stream(name)))
                    reports += [trial.report if trial.is_told else await self._recount(trial) for trial in ended]
                    if name in self._running.known:
                        trial = self._running.known[name]
                        state = "running" if trial.counts.test.decision == "go_on" else "waiting"
                        reports.append(TrialReport.of(trial.since, trial.counts, state))
        return reports

    async def _recount(self, trial: EndedTrial) -> TrialReport:
        """The report of a trial that a person ended, by the outcomes that were known by then; counted once."""
        event = trial.started.event
        if trial.started.id not in self._recounted and isinstance(event, GuidelineTrialStarted):
            counts = TrialCounts(event.agent_type, event.version, event.against, event.share, event.terms)
            async for page in OutcomePages(self._store, trial.started.position).read(trial.ended.position):
                counts.take(page)
            self._recounted[trial.started.id] = trial.recounted(counts)
        return self._recounted[trial.started.id]

    def _begin(self, name: str, since: RecordedEvent, state: GuidelineState) -> _Running:
        event = cast("GuidelineTrialStarted", since.event)
        counts = TrialCounts(name, event.version, event.against, event.share, event.terms)
        return _Running(since, event, state, counts, OutcomePages(self._store, since.position))

    async def _decide(self, trial: _Running) -> TrialDecision | None:
        """Do what the test says, or tell a person; None where somebody else did so."""
        test, event = trial.counts.test, trial.event
        reason = reason_of(trial.counts)
        made = self._auto or test.why == "harm"
        try:
            with anyio.CancelScope(shield=True):  # whoever decides also tells
                if made:
                    await self._make(trial, reason)
                elif trial.told or not await self._tell_once(trial, reason):
                    return None
        except (StreamConflict, GuidelineError, NotFound) as error:
            _log.info("the trial of %s %s was decided elsewhere: %s", event.agent_type, event.version, error)
            return None
        if made:
            del self._running.known[event.agent_type]
        return TrialDecision(event.agent_type, event.version, test.decision, test.why, reason, made)

    async def _make(self, trial: _Running, reason: str) -> None:
        test, event = trial.counts.test, trial.event
        evidence = evidence_of(trial.counts, event.share)
        change = self._guidelines.activate if test.decision == "promote" else self._guidelines.reject
        alert: AlertRaised | None = None
        if test.why == "harm":
            alert = self._alert(trial, f"{event.agent_type}: version {event.version} was stopped", reason)
        node = stream_name("system", _node())
        await change(
            event.agent_type,
            event.version,
            by=BY,
            reason=reason,
            evidence=evidence,
            beside=[] if alert is None else [StreamAppend(node, [alert])],
            expected_version=trial.state.stream_version,
        )
        _log.info("%s %s: %s: %s", event.agent_type, event.version, test.decision, reason)
        if alert is not None:
            await self.alerts.tell(alert)

    async def _tell_once(self, trial: _Running, reason: str) -> bool:
        """Whether it was this process that told; the stream of this one alert may begin only once."""
        event = trial.event
        what = "could go into service" if trial.counts.test.decision == "promote" else "has shown no gain"
        title = f"{event.agent_type}: version {event.version} {what}, and waits for you"
        command = f"agent-supervisor guidelines activate|reject {event.agent_type} {event.version}"
        alert = self._alert(trial, title, f"{reason}. Decide with: {command}")
        stream = stream_name("alert", ALERT_KIND, event.agent_type, str(trial.since.version))
        try:
            trial.told = True
            await self._store.append(stream, [alert], 0)
        except StreamConflict:
            return False
        await self.alerts.tell(alert)
        return True

    def _alert(self, trial: _Running, title: str, text: str) -> AlertRaised:
        evidence = evidence_of(trial.counts, trial.event.share)
        evidence.pop("path")
        subject = f"{trial.event.agent_type} {trial.event.version}"
        return AlertRaised(node=_node(), kind=ALERT_KIND, subject=subject, title=title, text=text, evidence=evidence)


def _started(recorded: Sequence[RecordedEvent], state: GuidelineState) -> RecordedEvent | None:
    """What began the trial that runs."""
    for entry in reversed(recorded):
        if isinstance(entry.event, GuidelineTrialStarted):
            return entry if state.trial == entry.event.version else None
    return None


def _node() -> str:
    return socket.gethostname() or "localhost"
