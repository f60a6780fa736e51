"""How fit an agent is: bounded, monotone, and high where all is well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.evolution_settings import EvolutionSettings, FitnessWeights
from supervisor.evolution.fitness import Use, fitness_score, healthy_median, kept_constraints, use_of

SETTINGS = EvolutionSettings()
uses = st.builds(
    lambda calls, failed, seconds, requests, cost: Use(
        calls=calls, failed=min(calls, failed), seconds=seconds if calls else 0.0, requests=requests,
        cost=cost if requests else 0.0,
    ),
    st.integers(0, 200), st.integers(0, 200), st.floats(0, 1e4), st.integers(0, 200), st.floats(0, 1e3),
)  # fmt: skip
shares = st.none() | st.floats(0, 1)


@given(uses, shares)
def test_it_lies_between_0_and_1(use: Use, constraints: float | None) -> None:
    assert 0 <= fitness_score(use, constraints, SETTINGS).score <= 1


@given(uses, shares)
def test_a_failure_makes_nobody_fitter(use: Use, constraints: float | None) -> None:
    if use.failed < use.calls:
        worse = Use(use.calls, use.failed + 1, 0, use.seconds, use.requests, 0, use.cost)
        assert fitness_score(worse, constraints, SETTINGS).score < fitness_score(use, constraints, SETTINGS).score


def test_a_healthy_population_has_a_median_above_0_9() -> None:
    healthy = [Use(calls, 0, 1, calls * 0.01, calls, 0, 0.0) for calls in (10, 20, 40, 80, 200)]
    scores = [fitness_score(use, 1.0, SETTINGS).score for use in healthy]
    assert (healthy_median(scores) or 0) > 0.9
    assert min(scores) > 0.9
    assert healthy_median([]) is None


def test_each_part_counts_by_its_weight() -> None:
    full = Use(calls=20, seconds=2.0, requests=20)
    assert fitness_score(full, 1.0, SETTINGS).score == pytest.approx(1.0)
    assert fitness_score(Use(20, 20, 0, 2.0, 20), 1.0, SETTINGS).score == pytest.approx(0.6)
    assert fitness_score(Use(20, 0, 0, 40.0, 20), 1.0, SETTINGS).score == pytest.approx(0.925)
    assert fitness_score(Use(20, 0, 0, 2.0, 20, 0, 0.4), 1.0, SETTINGS).score == pytest.approx(0.95)
    assert fitness_score(full, 0.5, SETTINGS).score == pytest.approx(0.9)
    assert fitness_score(Use(5, 0, 0, 0.5, 5), 1.0, SETTINGS).score == pytest.approx(0.925)


def test_what_is_not_known_does_not_count() -> None:
    unused = fitness_score(Use(), 1.0, SETTINGS)
    assert (unused.success, unused.speed, unused.cost) == (None, None, None)
    assert unused.score == pytest.approx(0.20 / 0.35)
    assert unused.score < SETTINGS.prune_below
    assert fitness_score(Use(calls=20, seconds=2.0), None, SETTINGS).score == pytest.approx(1.0)


def test_constraints_are_those_of_the_specification() -> None:
    figures = {"instantiation_us": 2.0, "memory_kib": 7.0, "coverage": 0.9}
    assert kept_constraints(figures, 3.0, 6.5) == pytest.approx(2 / 3)
    assert kept_constraints({"instantiation_us": 2.0}, 3.0, 6.5) == 1.0
    assert kept_constraints({}, 3.0, 6.5) is None
    assert kept_constraints({"memory_kib": "much"}, 3.0, 6.5) == 0.0


def test_days_are_summed() -> None:
    day = {"calls": 2, "failed": 1, "refused": 1, "seconds": 0.5, "requests": 2, "unanswered": 1, "cost": 0.1}
    assert use_of([day, day]) == Use(4, 2, 2, 1.0, 4, 2, 0.2)


def test_weights_add_up_to_1() -> None:
    with pytest.raises(ValidationError, match="add up to"):
        FitnessWeights(success=0.9)
