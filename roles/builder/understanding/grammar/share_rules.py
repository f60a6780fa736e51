"""Rules for shares: "what percentage of the orders were late", "the share of each customer's orders that …"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Binary,
    Condition,
    Expression,
    Figure,
    Group,
    Share,
    Thing,
    Want,
    which_of,
)  # fmt: skip

__all__ = ["add_share_rules"]


def add_share_rules(grammar: Grammar) -> None:
    """Add the rules for ``share_of``, and the shares that are pieces of a request."""
    add = grammar.add
    grammar.words(
        "share", {"percentage|percent|%|per_cent": True, "share|proportion|part|fraction|portion|ratio": False}
    )
    ask = "what|which|the|a? <share> of"
    add(
        "share_of",
        f"{ask} all|the? ~ <bare_table> <told>",
        lambda percent, thing, told: Figure(Share(thing.table, (told,), thing.where), percent=percent),
        0.1,
    )
    add("share_of", f"{ask} all|the? ~ <bare_table> <told> <told>", _share_of_told, 0.2)
    add("item", f"{ask} each|every <bare_table> 's <bare_table> <told>", _each_share, 0.1)
    add(
        "share_of",
        f"{ask} ~ <field> was|is|were|are|went_to|goes_to|that_was <column>",
        lambda percent, whole, part: Figure(_quotient(part, whole), percent=percent),
        0.2,
    )
    add(
        "share_of",
        "of ~ <bare_table> <told> , what|which|the <share> <told>",
        lambda thing, base, percent, told: Figure(Share(thing.table, (told,), (*thing.where, base)), percent=percent),
    )
    add(
        "share_of",
        "of ~ <bare_table> , what|which|the <share> <told>",
        lambda thing, percent, told: Figure(Share(thing.table, (told,), thing.where), percent=percent),
    )
    for owned in ("<one> 's ~ <bare_table>", "~ <bare_table> of|from|by|for <one>"):
        add("item", f"{ask} {owned} <told>", _share_of_one, 0.1)
    add("figure", "~ <share_of>", lambda figure: figure)
    add("figure", "~ <share_of> <percentage>", lambda figure, _: Figure(figure.value, percent=True))


def _share_of_told(percent: bool, thing: Thing, base: Condition, told: Condition) -> Figure:
    return Figure(Share(thing.table, (told,), (*thing.where, base)), percent=percent)


def _share_of_one(percent: bool, one: Thing, other: Thing, told: Condition) -> Any:
    thing, counted = (one, other) if one.which == "one" else (other, one)
    return Want((Figure(Share(counted.table, (told,), counted.where), percent=percent),)), thing


def _each_share(percent: bool, thing: Thing, counted: Thing, told: Condition) -> Any:
    return Want((Figure(Share(counted.table, (told,), counted.where), percent=percent),)), Group(
        (which_of(thing, "each"),)
    )


def _quotient(left: Expression, right: Expression) -> Expression:
    return Binary("/", left, right)
