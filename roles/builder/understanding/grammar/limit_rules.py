"""Rules for how many are wanted, said behind: "worst first, only the top 5"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Order

__all__ = ["add_limit_rules", "with_limit"]


def add_limit_rules(grammar: Grammar) -> None:
    """Add the rules for ``item``."""
    grammar.words(
        "top_end", {"top|first|best|leading|highest|biggest|largest": "top", "bottom|lowest|smallest": "bottom"}
    )
    lead = ",? and|but? also? only|just|show|return|keep|give_me|limit_to|limited_to|limit_it_to|at_most|no_more_than?"
    add = grammar.add
    add(
        "item",
        f"{lead} only|just? ~ <top_end> <plain_number> ones|results|rows|entries|of_them|of_these|only? please?",
        _limit,
        0.1,
    )
    add("item", "limit|limited|cut|cap|stop it|them|that|the_list|the_result|this? to|at|after ~ <plain_number>"
        " rows|results|entries|ones?",
        lambda number: _limit("top", number), 0.1)  # fmt: skip


def _limit(end: str, number: Any) -> Order | None:
    many = int(number.value)
    return Order(None, "top" if end == "top" else "bottom", many) if many == number.value and many >= 1 else None


def with_limit(orders: list[Order]) -> list[Order]:
    """ "Worst first, only the top 5": the first five in the order that is said; alone the highest ones."""
    tops = [one for one in orders if one.way in ("top", "bottom")]
    others = [one for one in orders if one.way not in ("top", "bottom")]
    if len(tops) != 1 or any(one.limit is not None for one in others):
        return orders
    (top,) = tops
    if len(others) == 1 and top.way == "top":
        return [replace(others[0], limit=top.limit)]
    return orders if others else [replace(top, way="down" if top.way == "top" else "up")]
