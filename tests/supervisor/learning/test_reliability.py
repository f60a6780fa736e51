"""The reliability table and the expected calibration error."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.learning.reliability import expected_error, reliability, wilson


def test_true_probabilities_have_a_small_error_and_wrong_ones_a_large() -> None:
    source = random.Random(2)
    chances = [source.random() for _ in range(4_000)]
    outcomes = [source.random() < chance for chance in chances]
    assert expected_error(chances, outcomes) < 0.03
    assert expected_error([1 - chance for chance in chances], outcomes) == pytest.approx(0.5, abs=0.05)


def test_the_order_of_runs_that_were_given_the_same_says_nothing() -> None:
    chances, outcomes = [0.5] * 100, [True] * 50 + [False] * 50
    assert expected_error(chances, outcomes) == 0.0
    assert expected_error(chances, outcomes[::-1]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=200))
def test_every_run_is_in_one_bin(pairs: list[tuple[float, bool]]) -> None:
    bins = reliability([chance for chance, _ in pairs], [outcome for _, outcome in pairs])
    assert sum(each.runs for each in bins) == len(pairs)
    assert [each.said for each in bins] == sorted(each.said for each in bins)
    assert all(each.low <= each.was + 1e-9 and each.was <= each.high + 1e-9 for each in bins)


def test_wilsons_interval() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
