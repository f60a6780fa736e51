"""When an improved version is promoted, when it is taken back, and how rarely it is taken back for nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.evolution_settings import EvolutionSettings
from events.catalogue.agent import AgentDeployed, AgentRetired, AgentTrialEnded, AgentTrialStarted
from events.catalogue.base import Event
from events.catalogue.trace import ToolCalled
from events.projection import Row
from supervisor.evolution.trial_judgement import Standing, TrialStep, decide, is_watched, standing_of
from supervisor.evolution.trial_view import AgentTrialsView

SETTINGS = EvolutionSettings()
BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLACE: dict[str, Any] = {"folder": "f", "specification_hash": "s", "manifest_hash": "m", "signature": "x"}
STARTED = AgentTrialStarted(name="one", version="1.0.1", beside="1.0.0", percent=20, **PLACE)


def call(version: str, *, ok: bool = True, worked: float | None = 0.1, **more: Any) -> ToolCalled:
    return ToolCalled(call_id="c", tool="one.work", ok=ok, version=version, worked=worked, **more)


def ended(result: Any) -> AgentTrialEnded:
    return AgentTrialEnded(name="one", version="1.0.1", result=result)


def deployed(version: str) -> AgentDeployed:
    return AgentDeployed(name="one", version=version, **PLACE)


class Folded:
    """The row of the view after events."""

    def __init__(self, settings: EvolutionSettings = SETTINGS) -> None:
        self.view = AgentTrialsView(settings)
        self.settings = settings
        self.row: Row | None = None

    def after(self, *events: Event) -> Folded:
        for event in events:
            entry: Any = Recorded(event)
            if list(self.view.keys(entry)):
                self.row = self.view.evolve(("one",), self.row, entry)
        return self

    @property
    def standing(self) -> Standing | None:
        return None if self.row is None else standing_of({**self.row, "agent": "one"}, self.settings)

    def step(self, days: float = 1.0) -> TrialStep | None:
        assert self.standing is not None
        return decide(self.standing, self.settings, BEGAN + timedelta(days=days))


class Recorded:
    """An event as the log gives it, as far as the view looks."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.recorded_at = BEGAN


def begun(before: int = 20) -> Folded:
    return Folded().after(deployed("1.0.0"), *[call("1.0.0")] * before, STARTED)


def test_after_enough_calls_it_is_promoted() -> None:
    trial = begun()
    for _ in range(SETTINGS.share_calls):
        assert trial.step() is None
        trial.after(*[call("1.0.0")] * 4, call("1.0.1", worked=0.05))
    step = trial.step()
    assert step is not None
    assert step.what == "promote"
    assert step.why == "0 of 30 calls of 1.0.1 failed (a call takes 0.05 s), 0 of 120 of 1.0.0 (a call takes 0.1 s)"


def test_one_that_fails_is_taken_back_long_before() -> None:
    trial = begun()
    for _ in range(6):
        trial.after(*[call("1.0.0")] * 4, call("1.0.1", ok=False))
    step = trial.step()
    assert step is not None
    assert step.what == "roll back"
    assert "requests failed" in step.why


def test_one_that_is_slow_is_taken_back() -> None:
    trial = begun(60)
    for _ in range(20):
        trial.after(*[call("1.0.0")] * 4, call("1.0.1", worked=0.25))
    step = trial.step()
    assert step is not None
    assert "took longer than 0.15 s" in step.why


def test_what_looks_worse_waits_for_more_calls() -> None:
    trial = begun()
    for number in range(30):
        trial.after(*[call("1.0.0", ok=number != 7)] * 2, call("1.0.1", ok=number not in (3, 18, 25)))
    assert trial.step() is None  # 3 of 30, against 2 of 80: it may be chance
    for _ in range(40):
        trial.after(*[call("1.0.0")] * 4, call("1.0.1"))
    step = trial.step()
    assert step is not None
    assert step.what == "promote"


def test_with_too_few_calls_for_too_long_the_other_one_stays() -> None:
    trial = begun().after(call("1.0.1"))
    assert trial.step(days=6.9) is None
    step = trial.step(days=7.1)
    assert step is not None
    assert (step.what, step.why[:33]) == ("roll back", "not certain to be as good after 7")


def test_what_was_promoted_is_watched_and_taken_back() -> None:
    trial = begun().after(*[call("1.0.0"), call("1.0.1")] * 30, ended("promoted"), deployed("1.0.1"))
    standing = trial.standing
    assert standing is not None
    assert (standing.state, trial.step(days=30)) == ("watched", None)
    assert is_watched(standing, SETTINGS, BEGAN + timedelta(days=6))
    assert not is_watched(standing, SETTINGS, BEGAN + timedelta(days=8))
    trial.after(*[call("1.0.1", ok=False)] * 10)
    step = trial.step()
    assert step is not None
    assert step.what == "roll back"


@pytest.mark.parametrize(
    "event", [ended("rolled_back"), ended("overtaken"), deployed("2.0.0"), AgentRetired(name="one")]
)
def test_a_trial_ends(event: Event) -> None:
    trial = begun().after(call("1.0.1", ok=False), event)
    assert trial.standing is None
    again = trial.after(call("1.0.1", ok=False), STARTED)
    assert again.standing is not None
    assert (again.standing.calls, again.standing.failed) == (0, 0)


@pytest.mark.parametrize(
    "nobodys",
    [
        call("1.0.1", ok=False, error="cancelled"),
        call("1.0.1", ok=False, error="limit"),
        call("", ok=False),
        call("0.9.0", ok=False),
    ],
)
def test_what_no_version_is_to_blame_for_does_not_count(nobodys: ToolCalled) -> None:
    trial = begun().after(*[nobodys] * 20)
    assert trial.standing is not None
    assert trial.standing.calls == 0


def test_what_the_caller_asked_wrongly_is_no_failure() -> None:
    trial = begun().after(*[call("1.0.1", ok=False, data={"error": "not_found"})] * 30)
    assert trial.standing is not None
    assert (trial.standing.calls, trial.standing.failed) == (30, 0)


def trials(count: int, calls: int, bad: float, good: float, *, slower: float = 1.0, seed: int = 1) -> list[str]:
    """What becomes of trials in which each call is looked at: failures at two rates, times of a wide distribution."""
    draw = random.Random(seed)

    def made(version: str, rate: float, factor: float) -> ToolCalled:
        return call(version, ok=draw.random() >= rate, worked=factor * draw.lognormvariate(-3, 0.5))

    results: list[str] = []
    for _ in range(count):
        trial = begun(0)
        result = ""
        for _ in range(calls):
            improved = draw.random() < 0.2
            trial.after(made("1.0.1", bad, slower) if improved else made("1.0.0", good, 1.0))
            step = trial.step() if improved else None
            if step is not None and step.what == "promote":
                result = result or "promoted"
                trial.after(ended("promoted"))
            elif step is not None:
                result = f"{result} rolled back".strip()
                break
        results.append(result)
    return results


def share(results: Iterable[str], word: str) -> float:
    found = [word in one for one in results]
    return sum(found) / len(found)


def test_looking_at_each_call_takes_hardly_any_back_for_nothing() -> None:
    """At a level of 1 in 100 over the whole trial and the time after it, looked at after every call."""
    results = trials(20, 200, 0.1, 0.1)
    assert share(results, "rolled back") <= 0.05


def test_one_that_fails_three_times_as_often_is_hardly_promoted() -> None:
    results = trials(12, 400, 0.4, 0.1)
    assert share(results, "promoted") <= 0.1
    assert share(results, "rolled back") >= 0.7
