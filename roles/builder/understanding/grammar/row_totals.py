"""Figures of one thing with many rows: amounts are the totals of its rows, ratios those of the totals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.forms import Aggregate, Binary, ColumnRef, Query, Ratio
from roles.builder.understanding.grammar.resolving import Resolver, aggregates, inner_columns
from roles.builder.understanding.grammar.totals import Totals
from roles.builder.understanding.words import plural

__all__ = ["over_its_rows"]


def over_its_rows(query: Query, resolver: Resolver, base: str, thing: str) -> tuple[Query, tuple[str, ...]]:
    """The figures of a thing over all its rows of `base`, with a note, where these are rows of many days.

    "What were the takings of a branch, quantity times price": the total, as a request names no single row. Raises
    `Unfit` where figures have no one total.
    """
    order = resolver.tables.order(base)
    values = [one.value for one in query.figures]
    parents = [one.right_table for one in resolver.tables.joins if one.left_table == base]
    many = resolver.kind(order) == "date" if order is not None else parents != [thing]
    if base == thing or not many or any(isinstance(one, Ratio) for one in values) or query.shown:
        return query, ()
    if all(aggregates(one) for one in values):
        return query, ()
    for one in values:
        if any(resolver.place(each, [base]).table == base for each in inner_columns(one)):
            break
    else:
        return query, ()
    if any(_divides_rows(one, resolver, base) for one in values):
        # "cost / distance of a vehicle" may be of one row as well, so it is asked
        return query, ()
    totals = Totals(resolver, base, thing)
    figures = tuple(replace(one, value=totals.of(one.value)) for one in query.figures)
    rows, of = plural(resolver.tables.one(base)), resolver.tables.one(thing)
    return replace(query, figures=figures), (f"it is the total of all {rows} of the {of}".replace("_", " "),)


def _divides_rows(one: Any, resolver: Resolver, base: str) -> bool:
    """Whether single values of rows are divided by each other."""
    if not isinstance(one, Binary):
        return False
    if one.operator == "/" and _of_single_rows(one.left, resolver, base) and _of_single_rows(one.right, resolver, base):
        return True
    return _divides_rows(one.left, resolver, base) or _divides_rows(one.right, resolver, base)


def _of_single_rows(one: Any, resolver: Resolver, base: str) -> bool:
    match one:
        case ColumnRef():
            return resolver.place(one, [base]).table == base
        case Aggregate():
            return False
        case Binary(left=left, right=right):
            return _of_single_rows(left, resolver, base) or _of_single_rows(right, resolver, base)
        case _:
            return False
