"""Columns shown beside figures of single rows, and orders of such rows by a column: lists with something computed."""

from __future__ import annotations

from collections.abc import Sequence

from roles.builder.understanding.grammar.forms import ColumnRef, Query
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.requirements import Place, Requirements

__all__ = ["beside_rows", "ordered_by_rows", "with_rows_shown"]


def beside_rows(query: Query, resolver: Resolver, base: str, tables: Sequence[str]) -> list[Place]:
    """The columns shown of each row, and of what it belongs to. Raises `Unfit` where there may be several."""
    found = [resolver.place(one, [base]) for one in query.shown]
    if any(one.table not in tables for one in found):
        raise Unfit("there may be several for each row", where="request")
    return found


def with_rows_shown(made: Requirements, query: Query, resolver: Resolver, shown: list[Place]) -> Requirements:
    """The requirements with these columns, and with what tells a row from another."""
    if not shown or made.groups:
        return made
    label = resolver.tables.label(made.table)
    key = Place(table=made.table, column=resolver.tables.key(made.table))
    first = [] if key in shown or label in shown else [label or key]
    return made.model_copy(update={"show": tuple(dict.fromkeys([*first, *shown]))})


def ordered_by_rows(made: Requirements, query: Query, resolver: Resolver) -> Requirements | None:
    """The requirements, ordered by a column or the time of the rows; None where the order is one of figures."""
    if made.groups or not made.each or len(query.orders) != 1:
        return None
    (one,) = query.orders
    made_of = [binding.place for binding in made.bindings]
    if one.of == "time":
        dates = [place for place in made.show if resolver.kind(place) == "date"]
        place = resolver.moment(made.table) or (dates[0] if len(dates) == 1 else None)
    elif isinstance(one.by, ColumnRef) and one.way in ("up", "down"):
        place = resolver.place(one.by, [made.table])
        place = None if place in made_of and place not in made.show and len(made.figures) == 1 else place
    else:
        return None
    if place is None:
        return None
    down = one.way in ("down", "new")
    show = made.show if place in made.show else (*made.show, place)
    return made.model_copy(update={"show": show, "order": place, "descending": down, "limit": one.limit or made.limit})
