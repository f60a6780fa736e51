"""The evidence is an e-process: exactly, for whatever order, rates and stopping; and it grows where it should."""

from __future__ import annotations

import itertools
import math
import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from common.rollout_settings import GuardSettings
from supervisor.guard.evidence import Reference, Suspicion, log_evidence
from supervisor.guard.judgement import findings, judge
from supervisor.guard.record import FlagRecord, Slowness
from supervisor.guard.two_rates import at_least, boschloo, fisher

SETTINGS = GuardSettings()
SLOWNESS = Slowness(2.0, 1.0)

rates = st.floats(0.01, 0.99)
orders = st.lists(st.booleans(), min_size=1, max_size=9)


def expected_evidence(order: list[bool], reference_rate: float, rate: float, stop_at: float) -> float:
    """The exact expectation over all outcomes; a run is stopped as soon as it comes to `stop_at`."""
    total = 0.0
    for outcomes in itertools.product((False, True), repeat=len(order)):
        reference, variant, chance, evidence, stopped = Reference(), Suspicion(), 1.0, 1.0, False
        for of_variant, failed in zip(order, outcomes, strict=True):
            of = rate if of_variant else reference_rate
            chance *= of if failed else 1 - of
            if stopped:
                continue
            if of_variant:
                variant.add(failed, reference)
            else:
                reference.add(failed)
            evidence = math.exp(log_evidence(variant, reference))
            stopped = evidence >= stop_at
        total += chance * evidence
    return total


@settings(max_examples=60, deadline=None)
@given(orders, rates, rates, st.sampled_from([1.05, 2.0, math.inf]))
def test_nobody_gains_by_it_while_the_variant_is_no_worse(
    order: list[bool], one: float, other: float, stop_at: float
) -> None:
    assert expected_evidence(order, max(one, other), min(one, other), stop_at) <= 1 + 1e-9


def test_a_worse_variant_can_be_told() -> None:
    order = [False, True] * 4
    assert expected_evidence([False] * 4 + order, 0.02, 0.95, math.inf) > 3


@given(st.integers(0, 40), st.integers(1, 40), rates)
def test_chances_are_the_binomial_ones(failed: int, requests: int, rate: float) -> None:
    failed = min(failed, requests)
    assert at_least(failed, requests, rate) == pytest.approx(
        float(stats.binom.sf(failed - 1, requests, rate)), abs=1e-9
    )


tables = st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
    lambda both: st.tuples(st.integers(0, both[0]), st.just(both[0]), st.integers(0, both[1]), st.just(both[1]))
)


@settings(max_examples=30, deadline=None)
@given(tables)
def test_exact_tests_of_two_rates_are_the_known_ones(table: tuple[int, int, int, int]) -> None:
    failed, requests, others_failed, others = table
    counts = [[failed, others_failed], [requests - failed, others - others_failed]]
    by_fisher = float(stats.fisher_exact(counts, alternative="greater").pvalue)
    assert fisher(*table) == pytest.approx(by_fisher, rel=1e-6, abs=1e-12)
    by_boschloo = float(stats.boschloo_exact(counts, alternative="greater", n=128).pvalue)
    assert boschloo(*table) == pytest.approx(by_boschloo, rel=0.02, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 14), st.integers(2, 14), rates, rates, st.sampled_from([0.01, 0.05, 0.2]))
def test_a_look_is_wrong_no_more_often_than_it_says(
    requests: int, others: int, one: float, other: float, level: float
) -> None:
    """Exactly, summed over all outcomes of a variant that fails no more often than the reference."""
    rate, of_reference = min(one, other), max(one, other)
    wrong = sum(
        float(stats.binom.pmf(failed, requests, rate) * stats.binom.pmf(others_failed, others, of_reference))
        for failed in range(requests + 1)
        for others_failed in range(others + 1)
        if boschloo(failed, requests, others_failed, others) <= level
    )
    assert wrong <= level * 1.01


def play(
    drawn: random.Random,
    requests: int,
    *,
    share: float,
    good: float,
    bad: float,
    bad_from: int = 0,
    common: bool = False,
) -> int | None:
    """How many requests of the variant were bad until it was stopped; -1 when it was stopped before it was bad."""
    record, served = FlagRecord(), 0
    for number in range(requests):
        of_variant, is_bad = drawn.random() < share, number >= bad_from
        rate = bad if is_bad and (of_variant or common) else good
        served += of_variant and is_bad
        record.count("on" if of_variant else "off", not of_variant, drawn.random() < rate, 0.1, SLOWNESS)
        if of_variant and judge(record, SETTINGS) is not None:
            return served if is_bad else -1
    return None


@pytest.mark.parametrize(
    ("share", "bad_from"),
    [(0.1, 0), (0.1, 500), (0.5, 500), (0.5, 0)],
    ids=["canary", "canary, later", "half and half, later", "half and half, nothing known"],
)
def test_errors_that_rise_from_2_to_30_percent_are_stopped_within_30_requests(share: float, bad_from: int) -> None:
    drawn = random.Random(11)
    stopped = [play(drawn, 4_000, share=share, good=0.02, bad=0.3, bad_from=bad_from) for _ in range(61)]
    assert median(1_000 if requests is None else requests for requests in stopped) <= 30


@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_equal_variants_go_on(rate: float) -> None:
    drawn = random.Random(5)
    assert [play(drawn, 10_000, share=0.5, good=rate, bad=rate) for _ in range(5)] == [None] * 5


@pytest.mark.parametrize("reference", [10, 30, 300])
def test_a_variant_that_never_succeeds_is_stopped_soon_however_little_is_known(reference: int) -> None:
    record = FlagRecord()
    for _ in range(reference):
        record.count("off", True, False, 0.1, SLOWNESS)
    served = 0
    while judge(record, SETTINGS) is None:
        record.count("on", False, True, 0.1, SLOWNESS)
        served += 1
        assert served < 30
    for _ in range(100):
        record.count("on", False, True, 0.1, SLOWNESS)
        assert judge(record, SETTINGS) is not None, "more of it makes it no better"


def test_a_better_variant_goes_on() -> None:
    assert play(random.Random(1), 5_000, share=0.5, good=0.3, bad=0.3, common=False) is None
    record = FlagRecord()
    for number in range(2_000):
        record.count("off", True, number % 3 == 0, 0.1, SLOWNESS)
        record.count("on", False, False, 0.1, SLOWNESS)
    assert judge(record, SETTINGS) is None


def test_what_strikes_both_is_held_against_neither() -> None:
    drawn = random.Random(2)
    stopped = [play(drawn, 1_500, share=0.5, good=0.02, bad=0.3, bad_from=500, common=True) for _ in range(20)]
    assert sum(requests is not None for requests in stopped) <= 4


def test_a_slow_variant_is_told_from_the_times_of_the_reference() -> None:
    drawn = random.Random(3)
    record = FlagRecord()
    for number in range(600):
        seconds = drawn.lognormvariate(0, 0.4)
        record.count("off", True, False, seconds, SLOWNESS)
        record.count("on", False, False, seconds * (5 if number >= 300 else 1), SLOWNESS)
        found = judge(record, SETTINGS)
        if found is not None:
            break
    assert found is not None
    assert (found.about, found.variant, number < 330) == ("latency", "on", True)
    assert found.limit is not None
    assert "took longer than" in str(found)


def test_a_variant_that_is_slower_by_milliseconds_goes_on() -> None:
    record = FlagRecord()
    for _ in range(3_000):
        record.count("off", True, False, 0.005, SLOWNESS)
        record.count("on", False, False, 0.5, SLOWNESS)
        assert judge(record, SETTINGS) is None


def test_small_differences_do_not_count() -> None:
    """However certain it is: what is less than the minimal effect is no reason to turn anything off."""
    drawn = random.Random(6)
    wide = GuardSettings(minimal_effect=0.5)
    record = FlagRecord()
    for _ in range(2_000):
        record.count("off", True, drawn.random() < 0.02, 0.1, SLOWNESS)
        record.count("on", False, drawn.random() < 0.2, 0.1, SLOWNESS)
        assert judge(record, wide) is None
    assert judge(record, SETTINGS) is not None


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["off", "on", "beta"]), st.booleans(), st.floats(0, 9)), min_size=1, max_size=160
    )
)
def test_a_record_is_the_same_after_it_was_stored(requests: list[tuple[str, bool, float]]) -> None:
    kept, stored = FlagRecord(), FlagRecord()
    for variant, failed, seconds in requests:
        kept.count(variant, variant == "off", failed, seconds, SLOWNESS)
        stored = FlagRecord.load(stored.dump())
        stored.count(variant, variant == "off", failed, seconds, SLOWNESS)
    assert stored == kept
    assert findings(stored, SETTINGS) == findings(kept, SETTINGS)


def test_a_record_stays_small() -> None:
    record = FlagRecord()
    for number in range(5_000):
        record.count(f"variant {number % 50}", number % 50 == 0, False, 0.1, SLOWNESS)
    assert len(record.arms) <= 8
    assert len(str(record.dump())) < 10_000
