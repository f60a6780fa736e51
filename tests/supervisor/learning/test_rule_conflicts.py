"""What contradicts what."""

from __future__ import annotations

import pytest

from supervisor.learning.candidates import Key
from supervisor.learning.rule_conflicts import Claim, Claims, claim_of_behaviour, claim_of_text


def claim(said: str | tuple[Key, float]) -> Claim:
    return claim_of_text(said) if isinstance(said, str) else claim_of_behaviour(*said)


def against(one: str | tuple[Key, float], other: str | tuple[Key, float]) -> bool:
    claims = Claims()
    claims.add(claim(one))
    return bool(claims.against(claim(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("prefer a over b", "prefer b over a"),
        ("order a before b", "order b before a"),
        ("order a before b", (("order", "a", "b"), -0.2)),
        ("stop after a", "order a before b"),
        ("avoid a", (("both", "a", "b"), 0.2)),
        ("avoid a", (("count", "a", 3), 0.2)),
        ("avoid a", (("failed then", "b", "a"), 0.2)),
        ("avoid a", "prefer a over b"),
        ("retry a 1", "retry a 0"),
        ("retry a 1", (("failed then", "a", "a"), -0.2)),
        ("order a before b", (("first", "b"), 0.2)),
        ((("first", "a"), 0.2), (("first", "b"), 0.2)),
        ((("gram", "a", "b", "c"), 0.2), (("gram", "b", "c"), -0.2)),
        ((("gram", "a", "b"), 0.2), "order b before a"),
        ((("gram", "a", "b"), 0.2), "stop after a"),
        ((("calls", 5), 0.2), (("calls", 5), -0.2)),
        ((("calls", 5), 0.2), (("steps", 3), -0.2)),
        ((("count", "a", 5), 0.2), (("steps", 3), -0.2)),
        ((("mean thought", 500), 0.2), (("thinking chars", 300), -0.2)),
        ((("opens with thought",), 0.2), (("thoughts", 1), -0.2)),
        ((("whole", "a", "b", "c"), 0.2), (("calls", 3), -0.2)),
    ],
)
def test_these_contradict_each_other_whichever_comes_first(
    one: str | tuple[Key, float], other: str | tuple[Key, float]
) -> None:
    assert against(one, other)
    assert against(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("prefer a over b", "prefer b over c"),
        ("prefer a over b", "order b before a"),
        ("order a before b", "stop after b"),
        ("stop after a", "stop after b"),
        ("avoid b", "prefer a over b"),
        ("Be kind.", (("uses", "a"), 0.2)),
        ((("calls", 3), 0.2), (("calls", 5), -0.2)),
        ((("calls", 5), 0.2), (("count", "a", 3), -0.2)),
        ((("steps", 9), 0.2), (("calls", 3), -0.2)),
        ((("gram", "a", "b"), 0.2), (("gram", "b", "a"), -0.2)),
        ((("gram", "a", "b", "a"), 0.2), (("order", "a", "b"), 0.2)),
        ((("both", "a", "b"), -0.2), (("uses", "a"), 0.2)),
    ],
)
def test_these_can_both_hold(one: str | tuple[Key, float], other: str | tuple[Key, float]) -> None:
    assert not against(one, other)
    assert not against(other, one)


def test_a_circle_over_many_rules_is_seen() -> None:
    claims = Claims()
    for one, other in ("ab", "bc", "cd"):
        assert claims.against(claim_of_text(f"order {one} before {other}")) == ""
        claims.add(claim_of_text(f"order {one} before {other}"))
    assert "circle" in claims.against(claim_of_text("order d before a"))
    assert claims.against(claim_of_text("order a before d")) == ""
