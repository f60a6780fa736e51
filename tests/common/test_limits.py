"""Budgets count and stop at their bounds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from common.errors import LimitExceeded
from common.limits import Budget, Limits


def test_each_bound_is_named_when_it_trips() -> None:
    budget = Budget(Limits(turns=1, tool_calls=1, tokens=10, cost=0.5))
    budget.spend_turn()
    budget.spend_tool_call()
    with pytest.raises(LimitExceeded) as turns:
        budget.spend_turn()
    with pytest.raises(LimitExceeded) as tools:
        budget.spend_tool_call()
    with pytest.raises(LimitExceeded) as tokens:
        budget.spend_tokens(6, 5, 0.0)
    assert [turns.value.limit, tools.value.limit, tokens.value.limit] == ["turns", "tool_calls", "tokens"]
    assert (budget.usage.model_calls, budget.usage.tool_calls) == (1, 1)


def test_cost_trips_and_an_unknown_price_makes_the_cost_unknown() -> None:
    with pytest.raises(LimitExceeded) as cost:
        Budget(Limits(cost=0.5)).spend_tokens(1, 1, 0.6)
    assert cost.value.limit == "cost"
    budget = Budget(Limits(cost=0.5))
    budget.spend_tokens(1, 1, None)
    assert budget.usage.cost is None


def test_the_wall_clock_is_read_from_the_clock_given() -> None:
    now = 100.0
    budget = Budget(Limits(wall_clock=2.0), clock=lambda: now)
    assert budget.remaining() == 2.0
    now = 101.5
    assert (budget.elapsed(), budget.remaining()) == (1.5, 0.5)
    now = 103.0
    with pytest.raises(LimitExceeded, match=r"2\.0 seconds"):
        budget.check_time()


def test_a_request_overrides_single_limits() -> None:
    merged = Limits(turns=3).over(Limits(turns=30, tokens=100))
    assert (merged.turns, merged.tokens, merged.cost) == (3, 100, None)


@pytest.mark.parametrize("bad", [{"turns": 0}, {"tokens": -1}, {"wall_clock": 0}, {"turns": 1000}, {"steps": 1}])
def test_nonsense_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(bad)
