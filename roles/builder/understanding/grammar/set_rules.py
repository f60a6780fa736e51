"""Rules for figures of several sets of rows: "revenue of paid orders minus refunds", "orders and returns of each"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.figure_rules import owned
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Condition,
    Definition,
    Expression,
    Figure,
    Group,
    Named,
    Number,
    Thing,
    Want,
    count_of,
    is_computed,
    which_of,
)  # fmt: skip

__all__ = ["add_set_rules"]


def add_set_rules(grammar: Grammar) -> None:
    """Add the rules for ``arithmetic`` over sets with conditions, and for ``item``."""
    add = grammar.add
    behind = "of|from|on|in|for|across|over|by all|the? ~"
    add("of_some", f"~ <function>? ~ <column> {behind} <value_like> <bare_table>", _of_some)
    add("of_some", f"~ <function>? ~ <column> {behind} <bare_table> <told>",
        lambda function, column, thing, told: _of_some(function, column, told, thing), 0.1)  # fmt: skip
    add("of_some", "~ <function>? ~ <value_like> <bare_table> <column>",
        lambda function, value, thing, column: _of_some(function, column, value, thing), 0.2)  # fmt: skip
    add("side", "<field>", lambda column: column)
    add("side", "<aggregate>", lambda one: one)
    add("side", "~ <amount_of>", lambda column: column, 0.3)
    add("side", "<of_some>", lambda one: one, 0.05)
    signs: tuple[tuple[str, Literal["-", "+", "/"]], ...] = (
        ("-|–|minus|less", "-"), ("+|plus", "+"), ("/|÷|divided_by|over|relative_to", "/"),
    )  # fmt: skip
    for words, operator in signs:
        for left, right in (("of_some", "side"), ("side", "of_some")):
            add("arithmetic", f"<{left}> {words} ~ <{right}>",
                partial(_of_both, operator), 0.05)  # fmt: skip
    add("item", "how many ~ <bare_table> and|, how many ~ <bare_table> there_were|there_are|are_there|were_there|it_has"
        "|it_had|they_have|they_had|there_have_been?", _both, 0.05)  # fmt: skip
    add("item", "how many ~ <bare_table> and ~ <bare_table> there_were|there_are|are_there|were_there?", _both, 0.1)
    add("item", "how many ~ <bare_table> and how_many? ~ <bare_table> does|did|do|has|have|had each|every <bare_table>"
        " have|had|get|got|make|place|receive|take?",
        lambda one, other, thing: (_both(one, other), Group((which_of(thing, "each"),))), 0.05)  # fmt: skip
    add("item", "<name> per|by|for_each|in_each|for_every|of_each <part> <defines> <figure> )?",
        lambda name, part, _, figure: _defined(name, figure, (part,)), 0.06)  # fmt: skip
    add("item", "<name> per|by|for_each|in_each|for_every|of_each <field> <defines> <figure> )?",
        lambda name, field, _, figure: _defined(name, figure, (field,)), 0.1)  # fmt: skip
    for has in ("have|has|had|with|having", "where|whose|for_which"):
        add("item", f"which|what? all? ~ <bare_table> {has} ~ a|an? <name> ( <figure> ) <be>? <limit>",
            _chosen, 0.05)  # fmt: skip
    add("item", "<aggregate> ,? <versus> <aggregate>", _listed, 0.1)


def _of_some(function: str | None, column: ColumnRef, told: Condition, thing: Thing) -> Expression | None:
    own = owned(column, thing)
    if own is None or told.kind in ("has", "window"):
        return None
    return Aggregate(function or "sum", own, (told,))


def _of_both(operator: Literal["-", "+", "/"], one: Expression, other: Expression) -> Binary:
    return Binary(operator, _summed(one), _summed(other))


def _summed(one: Expression) -> Expression:
    return Aggregate("sum", one) if isinstance(one, ColumnRef) else one


def _both(one: Thing, other: Thing) -> Want | None:
    return Want((Figure(count_of(one)), Figure(count_of(other)))) if one.table != other.table else None


def _defined(name: str, figure: Figure, keys: tuple[Any, ...]) -> Any:
    return (Definition(name, figure), Group(keys)) if is_computed(figure) else None


def _chosen(thing: Thing, name: str, figure: Figure, _: object, limit: Any) -> Any:
    if not is_computed(figure) or not isinstance(limit[1], Number):
        return None
    return which_of(thing, ""), Definition(name, figure), compared(Named("figure"), limit)


def _listed(one: Expression, _: object, other: Expression) -> Want | None:
    return Want((Figure(one), Figure(other))) if one != other else None
