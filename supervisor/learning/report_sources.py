"""Gathers what the report of learning shows: from the log, the learning events, the trials and the predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import anyio.to_thread

from events.catalogue.learning import PatternAccepted
from events.store import EventStore
from supervisor.learning.integration import Learning
from supervisor.learning.plots import EffectLine, SuccessChart, SuccessPoint, SuccessSeries, TrialChart
from supervisor.learning.prediction_check import PredictionCheck, check_predictions
from supervisor.learning.reliability import wilson
from supervisor.learning.report_page import LearningReport
from supervisor.learning.trace_collector import TraceCollector
from supervisor.learning.trial_reports import TrialReport

__all__ = ["JudgedRun", "learning_report", "success_charts", "trial_chart"]

_NO_VERSION = "no guideline"
_MAX_TYPES = 12
_MAX_VERSIONS = 8
_STRETCHES = 12
_PER_STRETCH = 5
"""Runs of a version that a point stands for, at least on average."""


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run whose outcome is known. `at` is when it began (POSIX), None where nobody knows."""

    agent_type: str
    version: str
    good: bool
    at: float | None
    position: int


async def learning_report(store: EventStore, learning: Learning, clean: Callable[[str], str]) -> LearningReport:
    """All that the page shows, as it stands now; reads the whole log. `clean` redacts words. Raises `StoreError`."""
    runs = await _judged(store)
    patterns = await learning.patterns()
    trials = await learning.trials.report()
    await learning.predictions.refresh()
    check = await anyio.to_thread.run_sync(_check, learning)
    charts = success_charts(runs)
    hidden = len({run.agent_type for run in runs}) - len(charts)
    notes = [f"{len(runs)} runs with a known outcome."]
    if hidden > 0:
        notes.append(f"{hidden} more agent types with fewer runs are not shown.")
    return LearningReport(
        success=charts,
        effects=_effects(patterns, clean),
        trials=[trial_chart(trial) for trial in trials],
        reliability=check.bins,
        calibration_error=check.error,
        judged=check.runs,
        notes=notes,
    )


async def _judged(store: EventStore) -> list[JudgedRun]:
    """Every run with a known outcome, as it is known now, in the order of the log."""
    found: dict[tuple[str, str], JudgedRun] = {}
    async with aclosing(TraceCollector(store).read()) as pages:
        async for page in pages:
            for each in page.collected:
                record, began = each.record, each.trace.started_at
                if record.success is not None:
                    found[record.tenant, record.trace_id] = JudgedRun(
                        record.agent_type,
                        record.version,
                        record.success,
                        None if began is None else began.timestamp(),
                        record.position,
                    )
    return list(found.values())


def _check(learning: Learning) -> PredictionCheck:
    return check_predictions(learning.predictions.examples())


def success_charts(runs: Iterable[JudgedRun]) -> list[SuccessChart]:
    """A chart an agent type, those with most runs first; its versions in the order of their first runs."""
    by_type: dict[str, list[JudgedRun]] = {}
    for run in runs:
        by_type.setdefault(run.agent_type, []).append(run)
    largest = sorted(by_type, key=lambda name: -len(by_type[name]))[:_MAX_TYPES]
    return [_chart(name, by_type[name]) for name in largest]


def _chart(agent_type: str, runs: Sequence[JudgedRun]) -> SuccessChart:
    times = [run.at for run in runs if run.at is not None]
    timed = len(times) == len(runs) and max(times) > min(times)
    if timed:
        placed = sorted(((run.at or 0.0, run) for run in runs), key=lambda each: each[0])
    else:
        ordered = sorted(runs, key=lambda run: run.position)
        placed = [(float(number), run) for number, run in enumerate(ordered, 1)]
    by_version: dict[str, list[tuple[float, bool]]] = {}
    for at, run in placed:
        by_version.setdefault(run.version or _NO_VERSION, []).append((at, run.good))
    latest = list(by_version)[-_MAX_VERSIONS:]
    span = (placed[0][0], placed[-1][0])
    return SuccessChart(agent_type, [_series(name, by_version[name], span) for name in latest], timed)


def _series(version: str, runs: Sequence[tuple[float, bool]], span: tuple[float, float]) -> SuccessSeries:
    stretches = max(1, min(_STRETCHES, len(runs) // _PER_STRETCH))
    first, width = span[0], (span[1] - span[0]) / stretches or 1.0
    parts: dict[int, list[tuple[float, bool]]] = {}
    for at, good in runs:
        parts.setdefault(min(stretches - 1, int((at - first) / width)), []).append((at, good))
    good = sum([good for _, good in runs])
    return SuccessSeries(
        version, [_point(part) for _, part in sorted(parts.items())], len(runs), good, *wilson(good, len(runs))
    )


def _point(runs: Sequence[tuple[float, bool]]) -> SuccessPoint:
    good, count = sum([good for _, good in runs]), len(runs)
    return SuccessPoint(sum([at for at, _ in runs]) / count, good / count, *wilson(good, count), count)


def _effects(patterns: Iterable[PatternAccepted], clean: Callable[[str], str]) -> list[EffectLine]:
    lines = [
        EffectLine(
            each.agent_type, clean(each.description), each.effect, each.low, each.high, each.support, each.confidence,
            clean(each.caution),
        )
        for each in patterns
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.agent_type, -abs(line.effect)))


_STATES = {"running": "goes on", "waiting": "waits for a person", "ended": "ended by another version"}
_WHY = {"better": "it does better", "harm": "it does harm", "no_evidence": "no evidence that it does better"}


def trial_chart(trial: TrialReport) -> TrialChart:
    """A trial as it is drawn."""
    against = f"against {trial.against}" if trial.against else f"against {_NO_VERSION}"
    why = f": {_WHY[trial.why]}" if trial.why in _WHY else ""
    good = {"promoted": True, "rejected": False}.get(trial.state)
    arms = ((trial.version, trial.candidate), (trial.against or _NO_VERSION, trial.incumbent))
    return TrialChart(
        f"{trial.agent_type} {trial.version} {against}",
        f"{_STATES.get(trial.state, trial.state)}{why}",
        good,
        trial.path,
        [(name, arm.outcomes, arm.successes) for name, arm in arms],
    )
