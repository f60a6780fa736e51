"""What the rows of an overview are put together by: things, columns, parts of dates."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.language.words import word_set
from roles.builder.understanding.grammar.forms import ColumnRef, Count, Expression, Query, Thing
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, aggregates, parents_of, surname_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import words_of_name

__all__ = ["RANKS", "Keys", "beside", "keys_of"]

RANKS = word_set(
    """year month week day quarter grade level floor star stars rating class size rank season version number no
    priority"""
)
"""Whole numbers that rows are put together by, as columns of them are called."""


@dataclass(slots=True)
class Keys:
    """What rows are put together by; `thing` is the table of things, where there is one."""

    places: list[Place]
    thing: str = ""
    each: bool = False
    links: list[Place] = field(default_factory=list[Place])


def keys_of(query: Query, resolver: Resolver, base: str, values: list[Expression]) -> Keys:
    """What rows of `base` are put together by. Raises `Unfit` where they don't belong to that, `Unclear`."""
    keys = Keys([])
    groups = query.groups
    if not groups and query.subject and query.subject != base:
        if _periodic(query, resolver, base) and not any(aggregates(one) for one in values):
            return keys
        groups = (Thing(query.subject, "all"),)
    elif not groups and query.subject == base and any(aggregates(one) for one in values) and not query.entity:
        _want_rows(query, values)
    for one in groups:
        if isinstance(one, str):
            moment = next((found for table in parents_of(resolver, base) if (found := resolver.moment(table))), None)
            if moment is None or (resolver.kind(moment) != "date" and one != "year"):
                raise Unfit("rows have no time", where="request")
            keys.places.append(moment.model_copy(update={"part": one}) if resolver.kind(moment) == "date" else moment)
        elif isinstance(one, Thing):
            if one.table == base or resolver.tables.path(base, one.table, upwards=True) is None:
                raise Unfit("rows don't belong to such things", where="request")
            label = resolver.tables.label(one.table)
            keys.thing = keys.thing or one.table
            keys.each = keys.each or one.which in ("each", "all")
            keys.places += [label, *surname_of(resolver, label)] if label is not None else []
            keys.places.append(Place(table=one.table, column=resolver.tables.key(one.table)))
        else:
            keys.places += _column_key(one, resolver, base, keys)
    return keys


def _column_key(one: ColumnRef, resolver: Resolver, base: str, keys: Keys) -> list[Place]:
    place = resolver.place(one, [base])
    tables = resolver.tables
    if tables.path(base, place.table, upwards=True) is None:
        raise Unfit("rows don't belong to that", where="request")
    parent = next((join.right_table for join in tables.joins
                   if (join.left_table, join.left_column) == (place.table, place.column)), "")  # fmt: skip
    if parent and (label := tables.label(parent)) is not None:
        tables.meant[(place.table, parent)] = place.column
        keys.links.append(place)
        return [label, place]
    kind = resolver.kind(place)
    if kind in ("date", "number") or (kind == "integer" and not {*words_of_name(place.column)} & RANKS):
        raise Unfit("groups are of kinds", where="request")
    if tables.label(place.table) == place and place.table != base:
        keys.thing = keys.thing or place.table
    return [place]


def _periodic(query: Query, resolver: Resolver, base: str) -> bool:
    """Whether rows are of whole years each and the request is not of one of these, or there is one for each thing."""
    order = resolver.tables.order(base)
    if order is None:
        return [one.right_table for one in resolver.tables.joins if one.left_table == base] == [query.subject]
    return resolver.kind(order) != "date" and not any(one.kind == "window" for one in query.conditions)


def beside(query: Query, resolver: Resolver, keys: Keys, base: str) -> list[Place]:
    """What else is told of the things that rows are grouped by."""
    found: list[Place] = []
    for one in query.shown:
        place = resolver.place(one, [keys.thing] if keys.thing else [base])
        fits = keys.thing and resolver.tables.path(keys.thing, place.table, upwards=True) is not None
        if not fits and place not in keys.places:
            raise Unfit("there may be several for each group", where="request")
        found.append(place)
    return found


def _want_rows(query: Query, values: list[Expression]) -> None:
    """Raises `Unfit` where rows are to be in the order of what would be one value of them all."""
    if query.orders and any(not isinstance(one, Count) for one in values):
        raise Unfit("one row has no total", where="request")
