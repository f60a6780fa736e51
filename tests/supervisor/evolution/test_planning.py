"""What a cycle decides: by what is allowed, by evidence, within budgets, and never on who is protected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from common.evolution_settings import EvolutionSettings
from supervisor.evolution.fitness import Use
from supervisor.evolution.needs import Need
from supervisor.evolution.planning import Decision, Found, plan_cycle
from supervisor.evolution.population import Agent, Population
from tests.supervisor.evolution.evolution_help import NOW, agent, need

ALL: Any = ("create", "improve", "prune")
LONG_AGO = NOW - timedelta(hours=100)
FAILING = Use(calls=20, failed=19, seconds=60.0, requests=20)


def decide(
    needs: Sequence[Need] = (), agents: Sequence[Agent] = (), *, requests: int = 5_000, **more: Any
) -> list[Decision]:
    own = {name: more.pop(name) for name in list(more) if name in EvolutionSettings.model_fields}
    population = Population(tuple(agents), requests)
    return plan_cycle(Found(NOW, needs, population, **more), EvolutionSettings(**{"allowed": ALL, **own}))


def earlier(kind: str, subject: str, *, hours: float = 1, by_itself: bool = True, **figures: Any) -> dict[str, Any]:
    return {
        "kind": kind, "subject": subject, "figures": figures, "by_itself": by_itself, "result": None,
        "taken_at": NOW - timedelta(hours=hours),
    }  # fmt: skip


def weak(name: str = "bad", **more: Any) -> Agent:
    return agent(name, use=FAILING, **{"stand_ins": ("other",), **more})


def test_a_need_is_met_where_it_is_large_enough() -> None:
    (decision,) = decide([need()])
    assert (decision.kind, decision.subject, decision.by_itself) == ("create", "need-ratio", True)
    assert decision.figures == {"requests": 9, "users": 3, "days": 1}
    assert decision.causes == ("t1", "t2")
    assert decide([need(support=4)]) == []
    assert decide([need(users=1)]) == []
    assert len(decide([need(users=1, days=2)])) == 1


def test_what_is_not_allowed_waits_for_a_person() -> None:
    bad = weak()
    found: dict[str, Any] = {"weak_since": {"bad": LONG_AGO}}
    decisions = decide([need()], [bad], allowed=(), **found)
    assert [(one.kind, one.by_itself) for one in decisions] == [("prune", False), ("create", False)]
    decisions = decide([need()], [weak(stand_ins=())], allowed=(), **found)
    assert ("improve", False) in [(one.kind, one.by_itself) for one in decisions]


@pytest.mark.parametrize("why", ["not understood", "name taken"])
def test_what_nobody_could_build_rightly_waits_for_a_person(why: str) -> None:
    (decision,) = decide([need(understood=why != "not understood")], taken=["ratio_agent"])
    assert not decision.by_itself


def test_budgets_bound_what_one_cycle_does() -> None:
    needs = [need(f"ratio{number}") for number in range(5)]
    assert len(decide(needs, builds=2)) == 2
    assert decide(needs, builds=0) == []
    agents = [weak(f"bad{number}") for number in range(5)]
    since = {one.name: LONG_AGO for one in agents}
    decisions = decide([], agents, weak_since=since, prunes=1, improvements=3)
    assert [one.kind for one in decisions] == ["prune", "improve", "improve", "improve"]


def test_what_was_tried_is_not_tried_again_at_once() -> None:
    assert decide([need()], earlier=[earlier("create", "need-ratio")]) == []
    assert len(decide([need()], earlier=[earlier("create", "need-ratio", hours=200)])) == 1
    assert len(decide([need()], earlier=[earlier("create", "need-ratio", by_itself=False)])) == 1
    one = agent()
    assert [made.kind for made in decide([], [one])] == ["improve"]
    assert decide([], [one], earlier=[earlier("improve", "one", version="1.0.0")]) == []
    assert len(decide([], [one], earlier=[earlier("improve", "one", version="0.9.0")])) == 1


def test_the_weakest_is_improved_first_and_who_is_pinned_never() -> None:
    slow = agent("slow", use=Use(calls=30, seconds=90.0, requests=30))
    bad = agent("bad", use=FAILING)
    agents = [agent("well"), slow, bad, agent("pinned", use=FAILING, pinned=True)]
    decisions = decide([], agents, improvements=2)
    assert [one.subject for one in decisions] == ["bad", "slow"]
    assert "19 of 20 calls failed" in decisions[0].why
    assert "3 s in the mean" in decisions[1].why
    assert decide([], [agent(use=Use(calls=3, failed=3, seconds=1.0))]) == []
    (costly,) = decide([], [agent(use=Use(calls=30, seconds=1.0, requests=30, cost=9.0))])
    assert "0.3 dollars" in costly.why
    (large,) = decide([], [agent(use=Use(), constraints=0.5)], allowed=())
    assert "50 % of its constraints" in large.why


def test_who_is_weak_for_long_goes() -> None:
    (decision,) = decide([], [weak()], weak_since={"bad": LONG_AGO})
    assert (decision.kind, decision.by_itself) == ("prune", True)
    assert "below 0.6 since 2026-11-17" in decision.why
    for since in ({}, {"bad": NOW - timedelta(hours=71)}):
        assert "prune" not in [one.kind for one in decide([], [weak()], weak_since=since)]
    new = weak(at=NOW - timedelta(hours=1))
    assert "prune" not in [one.kind for one in decide([], [new], weak_since={"bad": LONG_AGO})]


@pytest.mark.parametrize("protected", [{"pinned": True}, {"stand_ins": ()}])
def test_who_is_protected_stays_and_that_is_told_once(protected: dict[str, Any]) -> None:
    bad = weak(**protected)
    kept = [one for one in decide([], [bad], weak_since={"bad": LONG_AGO}) if one.kind == "keep"]
    assert len(kept) == 1
    assert kept[0].by_itself
    again = decide([], [bad], weak_since={"bad": LONG_AGO}, earlier=[earlier("keep", "bad", version="1.0.0")])
    assert [one for one in again if one.kind in ("keep", "prune")] == []


def test_who_is_never_asked_goes_only_where_much_is_asked() -> None:
    unused = agent("bad", use=Use(), stand_ins=())
    assert [one.kind for one in decide([], [unused], weak_since={"bad": LONG_AGO})] == ["prune"]
    assert decide([], [unused], weak_since={"bad": LONG_AGO}, requests=999) == []


def test_nothing_is_tried_on_an_agent_that_is_on_trial() -> None:
    assert decide([], [agent("weak", use=FAILING)]) != []
    assert decide([], [agent("weak", use=FAILING, on_trial=True)]) == []
