"""The paired statistics, against scipy where it has the same, and by rules that hold for all data."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from common.comparison import ComparedSide
from events.catalogue.comparison import EnginesCompared
from supervisor.comparison.statistics import (
    difference_of_proportions,
    hodges_lehmann,
    holm,
    mcnemar,
    signed_rank,
    wilson,
)
from supervisor.comparison.summary import summarise

counts = st.integers(0, 30)
figures = st.lists(st.integers(-20, 20), min_size=1, max_size=40)


@given(counts, counts)
def test_mcnemar_is_the_binomial_test_of_the_differing_pairs(first: int, second: int) -> None:
    if first + second:
        assert mcnemar(first, second) == pytest.approx(stats.binomtest(first, first + second, 0.5).pvalue)
    assert mcnemar(first, second) == mcnemar(second, first) <= 1.0


@given(st.integers(0, 50), st.integers(1, 50), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(hits: int, of: int, confidence: float) -> None:
    hits = min(hits, of)
    expected = stats.binomtest(hits, of).proportion_ci(confidence, "wilson")
    assert wilson(hits, of, confidence) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("table", "low", "high"),
    # Newcombe (1998), table III, method 10: a, b, c, d and the interval of (b − c) / n
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((20, 12, 2, 16), 0.0562, 0.3292),
        ((54, 0, 0, 0), -0.0664, 0.0664),
        ((30, 0, 0, 24), -0.0358, 0.0358),
    ],
)
def test_newcombes_own_examples(table: tuple[int, int, int, int], low: float, high: float) -> None:
    both, only_first, only_second, neither = table
    estimate = difference_of_proportions(both, only_second, only_first, neither)  # ours is the second less the first
    assert estimate.value == pytest.approx((only_first - only_second) / sum(table))
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=2e-4)


@given(counts, counts, counts, counts)
def test_an_interval_of_proportions_is_symmetric_and_holds_the_difference(a: int, b: int, c: int, d: int) -> None:
    if a + b + c + d == 0:
        return
    one, other = difference_of_proportions(a, b, c, d), difference_of_proportions(a, c, b, d)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert -1 - 1e-9 <= one.low <= one.value <= one.high <= 1 + 1e-9


def brute_force(differences: Sequence[int]) -> float:
    """The permutation test over all signs."""
    moved = [difference for difference in differences if difference]
    ranks = stats.rankdata([abs(difference) for difference in moved])
    seen = abs(sum(rank * math.copysign(1, difference) for rank, difference in zip(ranks, moved, strict=True)))
    signs = list(itertools.product((-1, 1), repeat=len(moved)))
    far = sum(abs(sum(s * rank for s, rank in zip(sign, ranks, strict=True))) >= seen - 1e-9 for sign in signs)
    return far / len(signs)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=9))
def test_signed_ranks_are_the_permutation_test_ties_and_all(differences: list[int]) -> None:
    assert signed_rank(differences) == pytest.approx(brute_force(differences) if any(differences) else 1.0)


@given(figures)
def test_signed_ranks_are_symmetric(differences: list[int]) -> None:
    assert signed_rank(differences) == pytest.approx(signed_rank([-difference for difference in differences]))
    assert 0 < signed_rank(differences) <= 1


@pytest.mark.parametrize("number", [12, 30, 199, 201, 600])
def test_signed_ranks_are_scipys_without_ties(number: int) -> None:
    drawn = random.Random(number)
    differences = [drawn.gauss(0.1, 1) for _ in range(number)]
    expected = stats.wilcoxon(differences, method="exact" if number <= 200 else "asymptotic").pvalue
    assert signed_rank(differences) == pytest.approx(expected, rel=1e-2 if number > 200 else 1e-9)


@given(figures)
def test_hodges_and_lehmanns_estimate_moves_with_the_data(differences: list[int]) -> None:
    plain = hodges_lehmann(differences)
    moved = hodges_lehmann([difference + 7 for difference in differences])
    assert (moved.value, moved.low, moved.high) == pytest.approx((plain.value + 7, plain.low + 7, plain.high + 7))
    turned = hodges_lehmann([-difference for difference in differences])
    assert (turned.value, turned.low, turned.high) == pytest.approx((-plain.value, -plain.high, -plain.low))
    assert plain.low <= plain.value <= plain.high


def test_the_interval_covers_what_it_says() -> None:
    drawn = random.Random(4)
    hits = 0
    for _ in range(400):
        estimate = hodges_lehmann([drawn.gauss(2, 1) for _ in range(15)])
        hits += estimate.low <= 2 <= estimate.high
    assert 0.93 <= hits / 400 <= 0.98


def test_the_interval_and_the_test_agree() -> None:
    """Both ask the same: nothing is in the interval of 95 % exactly where p is 0.05 or more."""
    drawn = random.Random(7)
    for number in (8, 20, 50):
        for shift in (0.0, 0.4, 0.8):
            differences = [drawn.gauss(shift, 1) for _ in range(number)]
            estimate = hodges_lehmann(differences)
            assert (estimate.low <= 0 <= estimate.high) == (signed_rank(differences) > 0.05)


def test_thousands_of_differences_take_a_bounded_sample() -> None:
    drawn = random.Random(1)
    estimate = hodges_lehmann([drawn.gauss(5, 1) for _ in range(20_000)])
    assert estimate.value == pytest.approx(5, abs=0.05)


def test_holms_own_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=10))
def test_holm_keeps_the_order_and_makes_nothing_smaller(chances: list[float]) -> None:
    corrected = holm(chances)
    assert all(0 <= before <= after <= 1 for before, after in zip(chances, corrected, strict=True))
    places = sorted(range(len(chances)), key=chances.__getitem__)
    assert [corrected[place] for place in places] == sorted(corrected)


def side(engine: str, outcome: str = "success", seconds: float = 1.0, cost: float | None = 0.0) -> ComparedSide:
    return ComparedSide(
        engine=engine, dry=True, place=1, trace_id="t", approach=engine, outcome=outcome, text="", seconds=seconds,
        cost=cost,
    )  # fmt: skip


def compared(first: ComparedSide, second: ComparedSide) -> EnginesCompared:
    return EnginesCompared(comparison_id="c", source="command", request="r", user="u", first=first, second=second)


@pytest.mark.parametrize(("number", "verdict"), [(3, "too few to tell"), (7, "too few to tell"), (8, "higher")])
def test_few_requests_tell_nothing_however_clear_they_look(number: int, verdict: str) -> None:
    events = [compared(side("a", seconds=1), side("b", seconds=2 + index / 10)) for index in range(number)]
    (time,) = [metric for metric in summarise(events) if metric.name == "time"]
    assert (time.verdict, time.pairs) == (verdict, number)


def test_success_is_tested_by_pairs_and_a_fallback_is_none() -> None:
    worse = [compared(side("a"), side("b", "failure")) for _ in range(20)]
    same = [compared(side("a"), side("b")) for _ in range(20)]
    (success,) = [metric for metric in summarise([*worse, *same]) if metric.name == "success"]
    assert (success.first, success.second, success.difference, success.verdict) == (1.0, 0.5, -0.5, "lower")
    assert success.low is not None
    assert success.low < -0.5 < (success.high or 0) < 0
    fallen = compared(side("a"), side("b").model_copy(update={"fallback": "b → a"}))
    (success,) = [metric for metric in summarise([fallen]) if metric.name == "success"]
    assert success.second == 0.0


def test_costs_that_nobody_knows_are_left_out() -> None:
    events = [compared(side("a", cost=None), side("b", cost=0.1)) for _ in range(20)]
    (cost,) = [metric for metric in summarise(events) if metric.name == "cost"]
    assert (cost.pairs, cost.p, cost.verdict) == (0, None, "not known")
