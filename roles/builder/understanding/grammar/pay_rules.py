"""Rules for what people earn and things cost: "who earns least", "which room costs most", "under 2 euros"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from functools import partial
from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import Condition, Named, Order, Thing

__all__ = ["add_pay_rules", "alone"]


def alone(thing: Thing) -> Thing:
    """A thing as what rows are of, however it was asked about."""
    return Thing(thing.table, "", thing.plural, where=thing.where)


def add_pay_rules(grammar: Grammar) -> None:
    """Add the rules for what people earn and things cost."""
    add = grammar.add
    pays: tuple[tuple[str, Any], ...] = (
        ("earns|earn|earned|gets_paid|is_paid|gets|makes|has_the|with_the", "pay"),
        ("costs|cost|charges|charge", "price"),
    )  # fmt: skip
    for words, of in pays:
        for lead in ("which|what <bare_table>", "~ <bare_table>", "<who_table>"):
            per = "per_hour|an_hour|per_month|a_month|per_day|a_day|per_week|per_year?"
            add("item", f"{lead} that|which|who? {words} <most> {per}", partial(_paid, of=of), 0.0)
            add(
                "item",
                f"{lead} that|which|who? {words} ~ <superlative> per_hour|an_hour|per_month?",
                partial(_paid, of=of),
                0.0,
            )
    for words, of in (("earns|earn|earning|makes|is_paid|are_paid|who_earn|who_earns|that_earn", "pay"),
                      ("costs|cost|costing|priced|priced_at|priced_at|that_cost", "price")):  # fmt: skip
        for lead in ("", "that|who|which"):
            add(
                "told",
                f"{lead} {words} <limit> <:currency>? per_hour|an_hour|per_month|a_month?",
                partial(_paid_so, of=of),
                0.0,
            )
    for first in ("first", "at_the_top", ""):
        for words, way in (("best|highest|most", "down"), ("worst|lowest|least", "up")):
            add("item", f",? ~ {words} paid {first}", lambda way=way: Order(None, way, of="pay"), 0.05)
    grammar.words("currency", {"euro|euros|eur|€|dollars|dollar|usd|pounds|gbp|francs|chf|each": True})
    add("money_limit", "<sign> ~ <plain_number> euro|euros|eur|€|dollars|dollar|usd|pounds|gbp|francs|chf",
        lambda sign, number: (sign, number, None), 0.0)  # fmt: skip
    add("money_limit", "<sign> €|$|£ <plain_number>", lambda sign, number: (sign, number, None), 0.0)
    add("told", "<money_limit>", partial(_paid_so, of="price"), 0.3)
    add("told", "for <money_limit>", partial(_paid_so, of="price"), 0.3)


def _paid(thing: Thing, way: Any, *, of: Any) -> Any:
    return None if thing.plural else (alone(thing), Order(None, way, 1, of=of))


def _paid_so(limit: Any, *, of: str) -> Condition:
    return compared(Named(f"its {of}"), limit)
