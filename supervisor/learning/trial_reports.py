"""What is told of trials: to people, to programs, and as the evidence of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

from pydantic import JsonValue

from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineTrialStarted,
)
from events.recorded import RecordedEvent
from supervisor.learning.sequential_test import Decision, Estimate
from supervisor.learning.trial_counts import Path, TrialCounts

__all__ = [
    "EVIDENCE_KIND",
    "ArmReport",
    "EndedTrial",
    "TrialDecision",
    "TrialReport",
    "TrialState",
    "ended_trials",
    "evidence_of",
    "reason_of",
]

TrialState = Literal["running", "waiting", "promoted", "rejected", "ended"]
"""``waiting``: the test has decided, and a person has not. ``ended``: something else was put into service meanwhile."""

EVIDENCE_KIND = "trial"
_PATH_POINTS = 60


@dataclass(frozen=True, slots=True)
class TrialDecision:
    """What a trial came to. `made` tells whether it was carried out, or waits for a person."""

    agent_type: str
    version: str
    decision: Decision
    why: str
    reason: str
    made: bool


@dataclass(frozen=True, slots=True)
class ArmReport:
    """The requests of one arm: `drawn` by lot, `outcomes` that were compared, `successes` of these. `left_out`: their
    outcome was not known in time. `waiting`: not counted yet. `contradicted`: reported otherwise after they counted.
    """

    drawn: int = 0
    outcomes: int = 0
    successes: int = 0
    left_out: int = 0
    waiting: int = 0
    contradicted: int = 0

    @property
    def rate(self) -> float | None:
        """The share of successes; None before there is any outcome."""
        return self.successes / self.outcomes if self.outcomes else None


@dataclass(frozen=True, slots=True)
class TrialReport:
    """One trial. `against` is the version it is compared with (None: no guideline).

    `difference`, `low`, `high`: the candidate's success rate minus the other's, with the confidence sequence (each
    bound fails with a probability of at most `alpha`, over all times together). `path`: how they came to be, by
    outcomes of the candidate. `evidence` and `harm` are e-values: 1/`alpha` promotes, 1/`harm_alpha` stops.
    """

    agent_type: str
    version: str
    against: str | None
    share: float
    state: TrialState
    why: str
    alpha: float
    harm_alpha: float
    most: int | None
    started_at: datetime
    ended_at: datetime | None
    decided_by: str | None
    candidate: ArmReport
    incumbent: ArmReport
    difference: float
    low: float
    high: float
    evidence: float
    harm: float
    path: Path

    def as_json(self) -> dict[str, JsonValue]:
        """For programs."""
        data = asdict(self)
        data["started_at"] = self.started_at.isoformat()
        data["ended_at"] = None if self.ended_at is None else self.ended_at.isoformat()
        for name, arm in (("candidate", self.candidate), ("incumbent", self.incumbent)):
            data[name]["rate"] = arm.rate
        data["path"] = [list(point) for point in self.path]
        return cast("dict[str, JsonValue]", data)

    @classmethod
    def of(cls, started: RecordedEvent, counts: TrialCounts, state: TrialState) -> TrialReport:
        """A trial that runs."""
        event = _started(started)
        test, waiting = counts.test, counts.waiting
        arms = {
            arm: ArmReport(
                counts.drawn[arm], outcomes, successes, counts.left_out[arm], waiting[arm], counts.contradicted[arm]
            )
            for arm, (outcomes, successes) in test.compared.items()
        }
        return cls(
            event.agent_type, event.version, event.against, event.share, state, test.why, event.terms.alpha,
            event.terms.harm_alpha, event.terms.most, started.recorded_at, None, None, arms["candidate"],
            arms["incumbent"], *_figures(test.estimate), test.evidence, test.harm, list(counts.path),
        )  # fmt: skip


def evidence_of(counts: TrialCounts, share: float) -> dict[str, JsonValue]:
    """The figures behind a decision, for its event. What was not compared is not told: it may differ by who looks."""
    test = counts.test
    step = max(1, -(-len(counts.path) // _PATH_POINTS))
    path = [*counts.path[:-1:step], *counts.path[-1:]]
    figures = {name: round(value, 4) for name, value in asdict(test.estimate).items()}
    arms: dict[str, JsonValue] = {
        arm: {"outcomes": outcomes, "successes": successes, "left_out": counts.left_out[arm]}
        for arm, (outcomes, successes) in test.compared.items()
    }
    return {
        "kind": EVIDENCE_KIND, "why": test.why, "share": share, "alpha": test.alpha, "harm_alpha": test.harm_alpha,
        **arms, **figures, "evidence": round(test.evidence, 3), "harm": round(test.harm, 3),
        "path": [[point[0], *(round(value, 4) for value in point[1:])] for point in path],
    }  # fmt: skip


def reason_of(counts: TrialCounts) -> str:
    """A decision in one sentence."""
    arms, test = counts.test.compared, counts.test
    figures = " against ".join(f"{successes} of {outcomes}" for outcomes, successes in arms.values())
    found = test.estimate
    words = {"better": "it does better", "harm": "it does harm", "no_evidence": "no evidence that it does better"}
    return (
        f"trial: {words[test.why]}: {figures} went well, a difference of {found.difference:+.0%} "
        f"({found.low:+.0%} to {found.high:+.0%})"
    )


@dataclass(frozen=True, slots=True)
class EndedTrial:
    """A trial with its first and its last event. `is_told`: its figures are in the last one, and so in `report`."""

    started: RecordedEvent
    ended: RecordedEvent
    report: TrialReport
    is_told: bool

    def recounted(self, counts: TrialCounts) -> TrialReport:
        """The report with figures that were counted anew, up to the end of the trial."""
        known = self.report
        found = TrialReport.of(self.started, counts, known.state)
        return replace(found, ended_at=known.ended_at, decided_by=known.decided_by)


def ended_trials(recorded: Iterable[RecordedEvent]) -> list[EndedTrial]:
    """The trials in the stream of one guideline that have come to an end, oldest first."""
    reports: list[EndedTrial] = []
    running: RecordedEvent | None = None
    for entry in recorded:
        event = entry.event
        if isinstance(event, GuidelineTrialStarted):
            running = entry
        elif running is not None and isinstance(event, GuidelineActivated | GuidelineRejected | GuidelineRolledBack):
            state = _end(_started(running), event)
            if state is not None:
                reports.append(EndedTrial(running, entry, _ended(running, entry, event, state), bool(_told_by(event))))
                running = None
    return reports


def _end(
    trial: GuidelineTrialStarted, event: GuidelineActivated | GuidelineRejected | GuidelineRolledBack
) -> TrialState | None:
    match event:
        case GuidelineActivated(version=trial.version):
            return "promoted"
        case GuidelineRejected(version=trial.version):
            return "rejected"
        case GuidelineActivated(ends_trial=trial.version) | GuidelineRolledBack(ends_trial=trial.version):
            return "ended"
        case _:
            return None


def _ended(
    started: RecordedEvent,
    entry: RecordedEvent,
    event: GuidelineActivated | GuidelineRejected | GuidelineRolledBack,
    state: TrialState,
) -> TrialReport:
    trial = _started(started)
    found = _told_by(event)
    return TrialReport(
        trial.agent_type, trial.version, trial.against, trial.share, state, str(found.get("why", "")),
        trial.terms.alpha, trial.terms.harm_alpha, trial.terms.most, started.recorded_at, entry.recorded_at, event.by,
        _arm(found.get("candidate")), _arm(found.get("incumbent")), found.get("difference", 0.0),
        found.get("low", -1.0), found.get("high", 1.0), found.get("evidence", 1.0), found.get("harm", 1.0),
        [tuple(point) for point in found.get("path", [])],
    )  # fmt: skip


def _told_by(event: GuidelineActivated | GuidelineRejected | GuidelineRolledBack) -> dict[str, Any]:
    """The figures of a trial that decided by itself; a person's decision has none."""
    found: dict[str, Any] = event.evidence if isinstance(event.evidence, dict) else {}
    return found if found.get("kind") == EVIDENCE_KIND else {}


def _arm(found: Any) -> ArmReport:
    told = cast("dict[str, int]", found) if isinstance(found, dict) else {}
    outcomes, left_out = told.get("outcomes", 0), told.get("left_out", 0)
    return ArmReport(outcomes + left_out, outcomes, told.get("successes", 0), left_out)


def _figures(found: Estimate) -> tuple[float, float, float]:
    return found.difference, found.low, found.high


def _started(entry: RecordedEvent) -> GuidelineTrialStarted:
    event = entry.event
    if not isinstance(event, GuidelineTrialStarted):
        raise TypeError(f"{entry.id} starts no trial")
    return event
