"""Rules for what took longest: "which job took longest", "slowest first"."""

# What an action is given depends on the pattern beside it, which no type tells.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from roles.builder.understanding.grammar.chart import Grammar
from roles.builder.understanding.grammar.forms import (
    Binary,
    ColumnRef,
    Expression,
    Figure,
    Named,
    Order,
    Thing,
    Want,
)

__all__ = ["add_longest_rules", "span_of"]


def span_of(start: ColumnRef, end: ColumnRef) -> Expression | None:
    """The days between two days of a row; None where they are the same."""
    return None if start.candidates == end.candidates else Binary("-", end, start)


def add_longest_rules(grammar: Grammar) -> None:
    """Add rules for ``item``."""
    add = grammar.add
    grammar.words(
        "so_long",
        {
            "longest|most_time|the_most_time|slowest": "down",
            "shortest|least_time|the_least_time|quickest|fastest": "up",
        },
    )
    took = "took|takes|needed|has_taken|had_taken|lasted"
    deed = "to get|have|be? <date_field>"
    for lead, several in (
        ("which|what <bare_table>", False),
        ("~ <bare_table> that|which", False),
        ("~ <plain_number> <bare_table> that|which", True),
    ):
        add(
            "item",
            f"{lead} {took} ~ <so_long> <the_end_day> <the_beginning>",
            lambda *given, several=several: _took(given, several),
            0.1,
        )
        add(
            "item",
            f"{lead} {took} ~ <so_long> {deed} <the_beginning>",
            lambda *given, several=several: _took(given, several),
            0.05,
        )
        add(
            "item",
            f"{lead} {took} ~ <so_long> ,? <span>",
            lambda *given, several=several: _took_span(given, several),
            0.0,
        )
    add("item", ",? ~ <so_long> ones? first", lambda way: Order(Named("duration"), way), 0.02)


def _took(given: tuple[Any, ...], several: bool) -> Any:
    *before, way, end, start = given
    days = span_of(start, end)
    return None if days is None else _first(before, way, days, several=several)


def _took_span(given: tuple[Any, ...], several: bool) -> Any:
    *before, way, days = given
    return _first(before, way, days, several=several)


def _first(before: list[Any], way: Any, days: Expression, *, several: bool) -> Any:
    thing = before[-1]
    number = int(before[0].value) if several else 1
    if thing.plural and not several:
        return None
    return (
        Thing(thing.table, "", thing.plural, where=thing.where),
        Want((Figure(days, "days"),)),
        Order(days, way, number),
    )
