"""The test of two arms: its error rates, its speed, and that only the outcomes decide, not who looks or when."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.learning.drop_test import DropTest
from supervisor.learning.sequential_test import Arm, SequentialTest, block_of

outcomes = st.lists(st.tuples(st.sampled_from(("candidate", "incumbent")), st.booleans()), max_size=120)
shares = st.floats(0.02, 0.98)


def run(
    incumbent: float, candidate: float, seed: int, *, share: float = 0.5, most: int | None = 300, alpha: float = 0.05
) -> SequentialTest:
    """A trial of requests that fall to the arms by lot, until it is decided."""
    drawn = random.Random(seed)
    test = SequentialTest(alpha, share=share, most=most)
    while test.decision == "go_on":
        arm: Arm = "candidate" if drawn.random() < share else "incumbent"
        test.update(arm, drawn.random() < (candidate if arm == "candidate" else incumbent))
    return test


def test_a_better_candidate_is_promoted_soon() -> None:
    tests = [run(0.6, 0.8, seed, most=None) for seed in range(60)]
    assert sum(test.why == "better" for test in tests) >= 58
    assert median(test.outcomes["candidate"] for test in tests) <= 100


def test_a_harmful_candidate_is_stopped_soon() -> None:
    tests = [run(0.8, 0.6, seed, most=None) for seed in range(60)]
    assert sum(test.why == "harm" for test in tests) >= 58
    assert median(test.outcomes["candidate"] for test in tests) <= 80


@pytest.mark.parametrize(("rate", "share"), [(0.5, 0.5), (0.9, 0.5), (0.8, 0.2), (0.3, 0.8)])
def test_an_equal_candidate_is_seldom_promoted(rate: float, share: float) -> None:
    tests = [run(rate, rate, seed, share=share, most=120) for seed in range(150)]
    assert sum(test.why == "better" for test in tests) <= 15  # 7.5 are expected at most; 16 or more: p = .005
    assert sum(test.why == "harm" for test in tests) <= 26  # the same of 15


def few(_: random.Random) -> float:
    return 0.1


def many(_: random.Random) -> float:
    return 0.9


def bursts(drawn: random.Random) -> float:
    return drawn.random()


@pytest.mark.parametrize("order", [few, many, bursts])
def test_whatever_comes_first_an_equal_candidate_is_seldom_promoted(order: Callable[[random.Random], float]) -> None:
    promoted = 0
    for seed in range(100):
        drawn, test, share = random.Random(seed), SequentialTest(most=None), 0.5
        for number in range(300):
            share = order(drawn) if number % 40 == 0 else share
            test.update("candidate" if drawn.random() < share else "incumbent", drawn.random() < 0.7)
        promoted += test.why == "better"
    assert promoted <= 11  # 5 are expected at most; 12 or more: p = .004


def test_the_confidence_sequence_holds_at_all_times() -> None:
    missed = 0
    for seed in range(100):
        drawn, test = random.Random(seed), SequentialTest(harm_alpha=1e-9, most=None, alpha=0.05)
        test.decision = "go_on"
        for _ in range(150):
            test.update("candidate", drawn.random() < 0.7)
            test.update("incumbent", drawn.random() < 0.6)
        estimate = test.estimate
        missed += not estimate.low <= 0.1 <= estimate.high
    assert missed <= 18  # 10 are expected at most: .05 for each side


@given(outcomes, shares)
def test_bounds_hold_the_estimate(found: list[tuple[Arm, bool]], share: float) -> None:
    test = SequentialTest(share=share, most=None)
    for arm, success in found:
        test.update(arm, success)
        estimate = test.estimate
        assert -1 <= estimate.low <= estimate.difference <= estimate.high <= 1
        assert test.evidence >= 0
        assert test.harm >= 0
    assert test.outcomes["candidate"] + test.outcomes["incumbent"] == len(found)
    for arm, (compared, successes) in test.compared.items():
        assert 0 <= successes <= compared <= test.outcomes[arm]


@given(outcomes)
def test_a_promotion_is_a_bound_above_zero(found: list[tuple[Arm, bool]]) -> None:
    test = SequentialTest(0.3, harm_alpha=0.3, most=None)
    for arm, success in found:
        test.update(arm, success)
    assert (test.why == "better") == (test.estimate.low >= 0 and test.decision == "promote")
    assert (test.why == "harm") == (test.estimate.high <= 0 and test.decision == "reject")


@given(outcomes, st.randoms(use_true_random=False))
def test_how_the_arms_interleave_does_not_matter(found: list[tuple[Arm, bool]], order: random.Random) -> None:
    shuffled = list(found)
    order.shuffle(shuffled)
    arms: dict[Arm, list[bool]] = {"candidate": [], "incumbent": []}
    for arm, success in found:
        arms[arm].append(success)
    one, other = (SequentialTest(0.2, most=None) for _ in range(2))
    for arm, success in found:
        one.update(arm, success)
    for arm, _ in shuffled:
        other.update(arm, arms[arm].pop(0))
    assert (one.decision, one.why) == (other.decision, other.why)
    assert one.compared == other.compared or one.decision != "go_on"


@given(outcomes)
def test_the_arms_exchanged_exchange_the_answers(found: list[tuple[Arm, bool]]) -> None:
    one, other = (SequentialTest(0.1, harm_alpha=0.1, most=None) for _ in range(2))
    exchanged: dict[Arm, Arm] = {"candidate": "incumbent", "incumbent": "candidate"}
    for arm, success in found:
        one.update(arm, success)
        other.update(exchanged[arm], success)
    assert {"better": "harm", "harm": "better", "": ""}[one.why] == other.why
    assert math.isclose(one.evidence, other.harm)


@given(outcomes)
def test_a_decision_is_for_good(found: list[tuple[Arm, bool]]) -> None:
    test = SequentialTest(0.4, harm_alpha=0.4, most=20)
    before = "go_on"
    for arm, success in found:
        now = test.update(arm, success)
        assert before in ("go_on", now)
        before = now


def test_a_trial_ends_where_there_is_nothing_to_find() -> None:
    test = SequentialTest(most=25)
    for _ in range(25):
        test.update("incumbent", True)
        test.update("candidate", True)
    assert (test.decision, test.why) == ("reject", "no_evidence")


@given(shares)
def test_a_block_is_close_to_the_share(share: float) -> None:
    ours, theirs = block_of(share)
    assert 1 <= ours <= 9
    assert 1 <= theirs <= 9
    if 0.1 <= share <= 0.9:
        assert abs(ours / (ours + theirs) - share) < 0.05
    assert block_of(0.5) == (1, 1)
    assert block_of(0.25) == (1, 3)
    assert block_of(0.9) == (9, 1)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, math.nan])
def test_no_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        SequentialTest(share=share)


def drops(before: float, after: float, reference: int, at: int, seed: int, most: int) -> int | None:
    """After how many outcomes from the drop on it is found, at evidence of 40; None: it is not."""
    drawn = random.Random(seed)
    test = DropTest(reference, sum(drawn.random() < before for _ in range(reference)))
    for number in range(most):
        if test.update(drawn.random() < (before if number < at else after)) >= math.log(40):
            return number + 1 - at
    return None


def test_what_goes_on_as_before_is_seldom_taken_for_a_drop() -> None:
    found = [drops(rate, rate, 60, 0, seed, 400) for seed in range(50) for rate in (0.6, 0.9)]
    assert sum(each is not None for each in found) <= 7  # 2.5 are expected at most


def test_a_drop_is_found() -> None:
    found = [drops(0.9, 0.5, 100, 100, seed, 300) for seed in range(30)]
    assert sum(each is not None and each > 0 for each in found) >= 28
    assert median(each or 300 for each in found) <= 60


@settings(max_examples=50)
@given(st.integers(0, 60), st.lists(st.booleans(), max_size=80))
def test_what_goes_better_than_the_reference_is_no_drop(successes: int, service: list[bool]) -> None:
    test = DropTest(60, successes)
    for success in service:
        test.update(success)
    if service and sum(service) / len(service) >= successes / 60:
        assert test.evidence < math.log(40)
    assert math.isfinite(test.evidence)
