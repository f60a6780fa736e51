"""Rules for participles and flags behind a name: "delayed by more than 60 minutes", "that are not on display"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.condition_rules import compared
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Named, Thing, Window

__all__ = ["add_measured_rules"]


def add_measured_rules(grammar: Grammar) -> None:
    """Add rules for ``told`` about amounts that participles tell, flags, and kinds; and limits of groups."""
    add = grammar.add
    for lead in ("that|which|who? <aux>*", "and|but|, that|which|who? <aux>*"):
        add("told", f"{lead} <done_amount> by|for|at? <limit>", lambda _, field, limit: compared(field, limit), 0.1)
    for lead in ("that|which|who", "and|but that|which|who?"):
        add("told", f"{lead} is|are|was|were not ~ <field>", lambda field: _flag(field, negated=True), 0.1)
        add("told", f"{lead} is|are|was|were ~ <field>", lambda field: _flag(field, negated=False), 0.1)
    add("told", "that|which|who? is|are|was|were in|at|on ~ <told_valued>", _of_column, 0.1)
    add("told", "of|from <year>", _of_year, 0.1)
    add("told", "in <value_word> or <value_word>", _of_kinds, 0.2)
    add("told", "in <value_word> , <value_word> or <value_word>", _of_kinds, 0.2)
    add("item", ",? only|just ~ <bare_table> <limit>", _limited, 0.1)
    add("item", ",? keep|show|return|list only|just? ~ <bare_table> <limit>", _limited, 0.1)


def _of_column(one: Condition) -> Condition | None:
    return one if isinstance(one.left, ColumnRef) else None


def _of_year(year: int) -> Condition:
    return Condition("window", window=Window(f"{year}-01-01", f"{year}-12-31"))


def _flag(field: ColumnRef, *, negated: bool) -> Condition:
    return Condition("flag", field, negated=negated)


def _of_kinds(*values: str) -> Condition | None:
    if any(one.lower() in _NO_KINDS for one in values):
        return None
    return Condition("value", Named("kind"), values=values)


_NO_KINDS = word_set(
    """euro euros eur dollar dollars usd pound pounds gbp franc francs percent minute minutes hour hours day days week
    weeks month months year years kg km tonne tonnes metre metres litre litres detail general total full part advance
    arrears person writing ascending descending"""
)
"""Words behind "in" that tell units, manners and orders."""


def _limited(thing: Thing, limit: Any) -> Condition | None:
    """ "Only routes below 85%": the groups are kept of which the figure keeps the limit."""
    if not thing.plural or thing.where:
        return None
    return Condition("compare", Named("figure"), limit[0], limit[1], table=thing.table, high=limit[2])
