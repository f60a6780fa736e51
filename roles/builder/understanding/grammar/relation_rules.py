"""Rules for how many rows lead to a thing: "customers without orders", "with at least three visits"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import Condition, Number, Thing

__all__ = ["add_relation_rules"]


def add_relation_rules(grammar: Grammar) -> None:
    """Add the rules for ``told`` about rows that lead to a thing: with so many of them, or without any."""
    add = grammar.add
    for lead in (
        "without|lacking any|a|an|a_single?",
        "with no|zero",
        "who|that|which? have|has|had never had a|an|any",
        "who|that|which? have|has|had no",
        "who|that|which never had|have|got|made|placed|received a|an|any",
        "who|that|which? have|has|had not had|got any|a|an",
        "who|that|which? did|do|does not have any|a|an",
        "with not a_single|one",
    ):
        add("told", f"{lead} <bare_table> <own_told>* yet|so_far|at_all?", _none_of)
        add(
            "told",
            f"{lead} <value_like> <bare_table> yet|so_far|at_all?",
            lambda value, thing: _none_of(thing, (value,)),
            0.2,
        )
    add(
        "told",
        "who|that|which? have|has|had not|never <done_word> a|an|any|one|a_single <bare_table> "
        "<own_told>* yet|so_far|at_all?",
        _none_done,
        0.05,
    )
    add("told", "who|that|which? never <done_word> a|an|any|one|a_single <bare_table> <own_told>*", _none_done, 0.05)
    for lead in ("with", "who|that|which? have|has|had|made|placed|got", "having"):
        add("told", f"{lead} <limit> <bare_table> <own_told>*", _so_many)
        add(
            "told",
            f"{lead} <limit> <value_like> <bare_table>",
            lambda limit, value, thing: _so_many(limit, thing, (value,)),
            0.2,
        )
        add(
            "told",
            f"{lead} <number> or more|above <bare_table> <own_told>*",
            lambda number, thing, told: _so_many((">=", number, None), thing, told),
        )
        add("told", f"{lead} more than one <bare_table>", lambda thing: _so_many((">", Number(1.0), None), thing, ()))
        add("told", f"{lead} <limit> <field>", lambda limit, field: compared(field, limit), 0.2)


def _none_done(word: str, thing: Thing, told: tuple[Condition, ...]) -> Condition:
    """ "Never returned a book": none that was returned; "never placed an order": none."""
    return _none_of(thing, told if word in _NO_MORE else (Condition("done", values=(word,)), *told))


_NO_MORE = word_set(
    """had made placed taken took got received booked bought purchased ordered attended visited submitted filed
    requested registered joined done did given gave owned held hosted used borrowed rented hired needed seen
    sold taught played"""
)
"""Participles that say no more than that there is something."""


def _none_of(thing: Thing, told: tuple[Condition, ...]) -> Condition:
    return Condition("has", sign="=", right=Number(0.0), table=thing.table, where=(*thing.where, *told))


def _so_many(limit: Any, thing: Thing, told: tuple[Condition, ...]) -> Condition:
    sign, number, high = limit
    return Condition("has", sign=sign, right=number, high=high, table=thing.table, where=(*thing.where, *told))
