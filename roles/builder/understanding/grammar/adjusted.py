"""Figures under what a request assumes ("if prices rise by 3 %"), and rounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    Changed,
    ColumnRef,
    Expression,
    Number,
    Query,
    Ratio,
    Rounded,
)  # fmt: skip
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.resolving import Resolver, Unfit

__all__ = ["rounded", "with_changes"]


def with_changes(query: Query, resolver: Resolver) -> Query:
    """The figures with what is assumed of their columns, and a note on it. Raises `Unfit` where it changes nothing."""
    if not query.changes:
        return query
    figures = [one.value for one in query.figures]
    if any(isinstance(one, Ratio) for one in figures):
        formulas = Formulas(resolver, "", [])
        figures = [formulas.expanded(one) for one in figures]
    notes: list[str] = []
    for change in query.changes:
        made = [_changed(one, change, resolver) for one in figures]
        if made == figures:
            raise Unfit("what is assumed changes no figure", where="request")
        figures = made
        notes.append(_told(change, resolver))
    if len({_what(one, resolver) for one in query.changes}) < len(query.changes):
        raise Unfit("one column is changed twice", where="request")
    return replace(
        query, notes=(*query.notes, *notes),
        figures=tuple(
            replace(one, value=value, name=one.name or (one.value.name if isinstance(one.value, Ratio) else ""))
            for one, value in zip(query.figures, figures, strict=True)
        ),
    )  # fmt: skip


def _what(change: Changed, resolver: Resolver) -> object:
    return resolver.place(change.of) if isinstance(change.of, ColumnRef) else change.of


def _changed(one: Expression, change: Changed, resolver: Resolver) -> Any:
    same = (
        isinstance(one, ColumnRef) and isinstance(change.of, ColumnRef)
        and resolver.place(one) == resolver.place(change.of)
    )  # fmt: skip
    if same or one == change.of:
        return Binary("*" if change.operation == "multiply" else "+", one, Number(change.amount))
    match one:
        case Binary(left=left, right=right):
            return replace(one, left=_changed(left, change, resolver), right=_changed(right, change, resolver))
        case Aggregate(of=of):
            return replace(one, of=_changed(of, change, resolver))
        case _:
            return one


def _told(change: Changed, resolver: Resolver) -> str:
    what = resolver.place(change.of).column.replace("_", " ") if isinstance(change.of, ColumnRef) else "the figure"
    if change.operation == "add":
        return f"{what} is taken {abs(change.amount):g} {'higher' if change.amount > 0 else 'lower'}"
    percent = round((change.amount - 1) * 100, 9)
    return f"{what} is taken {abs(percent):g} % {'higher' if percent > 0 else 'lower'}"


def rounded(text: str, way: Rounded | None, *, by_database: bool = False) -> str:
    """A formula, rounded. Databases only round to whole numbers. Raises `Unfit` where they would have to do more."""
    if way is None:
        return text
    if by_database and way.function != "round":
        raise Unfit("databases don't round up or down", where="request")
    if by_database and way.digits:
        power = 10**way.digits
        return f"(round(({text}) * {power}) / {power})"
    return f"{way.function}({text}, {way.digits})" if way.digits else f"{way.function}({text})"
