from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.improver.statistics import share_of_look, signed_rank_estimate

POSITIVE = st.floats(0.1, 10.0)


def test_a_known_shift_is_found() -> None:
    before = [1.0 + place / 100 for place in range(20)]
    estimate = signed_rank_estimate(before, [value * 0.8 for value in before], 0.01)
    assert estimate.gain == pytest.approx(0.2)
    assert estimate.low == pytest.approx(-0.2)
    assert estimate.high == pytest.approx(-0.2)


def test_the_critical_value_is_that_of_the_tables() -> None:
    # for ten pairs and 0.05 on both sides together, sums of ranks up to 8 are significant: the 9th average is the bound
    before = [1.0] * 10
    after = [2.0 ** (place + 1) for place in range(10)]
    estimate = signed_rank_estimate(before, after, 0.05)
    walsh = sorted((a + b) / 2 for a in range(1, 11) for b in range(a, 11))
    assert estimate.low == pytest.approx(2 ** walsh[8] - 1)
    assert estimate.high == pytest.approx(2 ** walsh[-9] - 1)


def test_too_few_pairs_bound_nothing() -> None:
    estimate = signed_rank_estimate([1.0, 1.0, 1.0], [0.1, 0.1, 0.1], 0.05)
    assert estimate.low == -1.0
    assert estimate.high == float("inf")
    assert signed_rank_estimate([], [], 0.05).change == 0.0


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=20), st.sampled_from([0.05, 0.01, 0.2]))
def test_the_interval_holds_the_estimate_and_turns_with_the_sides(
    pairs: list[tuple[float, float]], alpha: float
) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = signed_rank_estimate(before, after, alpha), signed_rank_estimate(after, before, alpha)
    assert there.low <= there.change + 1e-9
    assert there.change <= there.high + 1e-9
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw = random.Random(3)
    missed = 0
    for _ in range(1500):
        shared = [draw.lognormvariate(0, 0.5) for _ in range(14)]
        before = [value * draw.lognormvariate(0, 0.1) for value in shared]
        after = [value * 0.9 * draw.lognormvariate(0, 0.1) for value in shared]
        estimate = signed_rank_estimate(before, after, 0.1)
        missed += not estimate.low <= -0.1 <= estimate.high
    assert 0.06 < missed / 1500 < 0.13


def test_all_looks_together_stay_within_alpha() -> None:
    assert sum(share_of_look(0.05, looks) for looks in range(10_000)) < 0.05
    assert share_of_look(0.05, 0) == 0.025
