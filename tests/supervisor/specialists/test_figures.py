"""Figures before and after: their intervals, and when a change is said to have done harm or to have helped."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.specialists.figures import Figure, Rate, is_harm, is_help, mean_of

values = st.lists(st.floats(0, 1_000), min_size=2, max_size=50)


@pytest.mark.parametrize("count", [2, 3, 4, 6, 10, 30, 200])
def test_the_interval_is_students(count: int) -> None:
    from scipy import stats

    given_values = [math.sin(number) for number in range(count)]
    figure = mean_of("response_time", given_values)
    assert figure.low is not None
    assert figure.mean is not None
    assert figure.high is not None
    spread = stats.tstd(given_values) / math.sqrt(count)
    low, high = stats.t.interval(0.95, count - 1, loc=figure.mean, scale=spread)
    assert (figure.low, figure.high) == (pytest.approx(low, abs=0.02 * spread), pytest.approx(high, abs=0.02 * spread))


@given(values, values)
def test_nothing_both_helps_and_does_harm_and_the_same_does_neither(before: list[float], after: list[float]) -> None:
    was, now = mean_of("response_time", before), mean_of("response_time", after)
    assert not (is_harm(was, now) and is_help(was, now))
    assert is_help(was, now) == is_harm(now, was)
    assert not is_harm(was, was)
    assert not is_help(was, was)


def test_slower_is_harm_and_so_are_more_failures() -> None:
    slow, fast = mean_of("response_time", [1.0, 1.1, 0.9]), mean_of("response_time", [0.1, 0.11, 0.09])
    assert is_harm(fast, slow)
    assert is_help(slow, fast)
    good = mean_of("response_time", [1.0, 1.1, 0.9], Rate(0, 40))
    failing = mean_of("response_time", [0.1, 0.11, 0.09], Rate(30, 40))
    assert is_harm(good, failing)
    assert not is_harm(failing, good)


def test_of_rates_the_one_that_is_wanted_higher_is_better_higher() -> None:
    low, high = mean_of("success_rate", [0.1, 0.11]), mean_of("success_rate", [0.9, 0.91])
    assert is_help(low, high)
    assert is_harm(high, low)
    few, many = (
        Figure("error_rate", 50, rate.failed / 50, *rate.interval, rate) for rate in (Rate(1, 50), Rate(40, 50))
    )
    assert is_harm(few, many)
    assert is_help(many, few)


def test_nothing_is_said_of_what_was_not_seen() -> None:
    nothing, one = mean_of("response_time", [], Rate(0, 0)), mean_of("response_time", [1.0], Rate(0, 1))
    for before, after in ((nothing, one), (one, nothing), (one, one)):
        assert not is_harm(before, after)
        assert not is_help(before, after)
    assert nothing.to_json()["mean"] is None
