"""Who is drawn for a trial: the share, the same answer for the same key, and independence of other trials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.hints import PlanningHints
from supervisor.learning.assignment import OnTrial, ServedGuidelines, assign, is_drawn

KEYS = [f"request {index}" for index in range(4_000)]


def hints(version: str) -> PlanningHints:
    return PlanningHints(guideline=(f"Rule {version}.",), guideline_version=version)


SERVED = ServedGuidelines(
    {"timer": hints("1.0.0"), "search": hints("2.0.0")},
    {"timer": OnTrial("1.1.0", 0.5), "weather": OnTrial("1.0.0", 0.5)},
    {
        ("timer", "1.0.0"): hints("1.0.0"),
        ("timer", "1.1.0"): hints("1.1.0"),
        ("weather", "1.0.0"): hints("1.0.0"),
        ("search", "2.0.0"): hints("2.0.0"),
    },
)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_the_share_is_that_of_the_trial(share: float) -> None:
    drawn = sum(is_drawn("timer", OnTrial("1.1.0", share), key) for key in KEYS)
    assert abs(drawn / len(KEYS) - share) < 0.03


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_who_is_in_stays_in_at_a_larger_share(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert is_drawn("timer", OnTrial("1.0.0", small), key) <= is_drawn("timer", OnTrial("1.0.0", large), key)


def test_lots_of_several_trials_are_independent() -> None:
    first, second = OnTrial("1.1.0", 0.5), OnTrial("1.2.0", 0.5)
    for one, other in (
        (("timer", first), ("weather", first)),
        (("timer", first), ("timer", second)),
    ):
        both = sum(is_drawn(*one, key) and is_drawn(*other, key) for key in KEYS)
        assert abs(both / len(KEYS) - 0.25) < 0.03


def versions(value: str, key: str = "request 1") -> dict[str, str | None]:
    return {name: given.guideline_version for name, given in assign(SERVED, value, key).guidelines.items()}


def test_the_lot_gives_each_trial_its_own_answer() -> None:
    seen = {tuple(sorted(versions("trial", key).items())) for key in KEYS[:100]}
    assert len(seen) == 4
    assignment = assign(SERVED, "trial", KEYS[0])
    assert assignment.candidates == {"timer": "1.1.0", "weather": "1.0.0"}
    assert assignment.served == {
        "timer": versions("trial", KEYS[0])["timer"],
        "weather": versions("trial", KEYS[0]).get("weather"),
    }
    assert versions("trial", KEYS[0])["search"] == "2.0.0"


def test_an_operator_decides_for_all_agents() -> None:
    assert versions("active") == {"timer": "1.0.0", "search": "2.0.0"}
    assert versions("candidate") == {"timer": "1.1.0", "weather": "1.0.0", "search": "2.0.0"}
    assert versions("none") == {}
    assert versions("1.1.0") == {"timer": "1.1.0", "search": "2.0.0"}
    assert versions("7.0.0") == {"timer": "1.0.0", "search": "2.0.0"}
    for value in ("active", "candidate", "none", "1.1.0"):
        assert assign(SERVED, value, "request 1").candidates == {}
