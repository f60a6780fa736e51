"""Rules for amounts of formulas that the caller gives: "price plus an increase in percent that I enter"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import Binary, Expression, Given, Named, Number

__all__ = ["add_given_rules"]


def add_given_rules(grammar: Grammar) -> None:
    """Add rules for ``sum`` with amounts that the caller gives, and for ``item`` that say so."""
    add = grammar.add
    gives = (
        "i|we|you|the_user|the_caller|users|one enter|enters|give|gives|choose|chooses|type|types|pick|picks|provide"
        "|provides|set|sets|name|names|say|says in?"
    )
    grammar.words("percent_word", {"in_percent|in_%|in_per_cent|(_in_percent_)|(_in_%_)|(_%_)|as_a_percentage": True})
    grammar.words("more_or_less", {
        "plus|+|increased_by|raised_by|up_by|with": 1.0, "minus|-|less|reduced_by|lowered_by|cut_by|down_by": -1.0,
    })  # fmt: skip
    add("given_by_caller", f"that|which|,_which? {gives}", lambda: True)
    add("given_by_caller", "given|entered|chosen|set by ~ caller|user|me|us", lambda: True)
    add("given_percent", "a|an|the <identifier> <:percent_word> <:given_by_caller>?", lambda word: Given(word), 0.05)
    add(
        "given_percent",
        "a|an|the percentage|percent|% <identifier> <:given_by_caller>?",
        lambda word: Given(word),
        0.05,
    )
    add(
        "given_percent",
        "a|an|the <identifier> percentage|percent|rate <:given_by_caller>",
        lambda word: Given(word),
        0.05,
    )
    add("given_percent", "a|an|the|some certain? percentage|percent <:given_by_caller>?",
        lambda: Given("percentage"), 0.05)  # fmt: skip
    add("given_amount", "a|an|the <identifier> <:given_by_caller>", lambda word: Given(word), 0.05)
    add("given_amount", "a|an given|chosen <identifier>", lambda word: Given(word), 0.05)
    add("sum", "<product> <more_or_less> <given_percent>", _by_percent, 0.02)
    add("sum", "<product> <more_or_less> <given_amount>", _by_amount, 0.1)
    add("product", "<power> times|* <given_amount>", lambda of, given: Binary("*", of, given), 0.1)
    add("item", "let|lets|have me|us|the_user|the_caller|them enter|give|choose|type|pick|provide|set in? ~"
                " <identifier>",
        lambda _: Named("given"), 0.05)  # fmt: skip
    add("item", "i|we|you|the_user|the_caller will|can|want_to|'ll? enter|give|choose|type|pick|provide|set ~"
                " <identifier>",
        lambda _: Named("given"), 0.1)  # fmt: skip
    add("item", "~ <identifier> is|are given|entered|chosen|set|provided by ~ user|caller|me|us",
        lambda _: Named("given"), 0.1)  # fmt: skip


def _by_percent(of: Expression, sign: float, given: Given) -> Expression | None:
    if isinstance(of, Number | Given):
        return None
    part = Binary("/", given, Number(100.0))
    return Binary("*", of, Binary("+" if sign > 0 else "-", Number(1.0), part))


def _by_amount(of: Expression, sign: float, given: Given) -> Expression | None:
    return None if isinstance(of, Number | Given) else Binary("+" if sign > 0 else "-", of, given)
