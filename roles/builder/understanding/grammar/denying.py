"""The opposite of conditions: "excluding cancelled orders" leaves those of which nothing is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from roles.builder.understanding.grammar.forms import Condition, Number, Query
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.requirements import Place
from roles.engineering.specification import Filter, FilterGroup

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.filtering import Filters

__all__ = ["add_denied", "rows_left_out"]

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def add_denied(filters: Filters, told: Condition) -> None:
    """Add that not all conditions in `where` hold. Raises `Unfit`, `Unclear`."""
    own = type(filters)(filters.resolver, filters.tables)
    for one in told.where:
        own.add(one)
    if own.inputs:
        raise Unfit("what callers give is not left out", where="request")
    parts = [_not(one, filters.resolver) for one in own.filters]
    parts += [_not_compared(one.left, one.sign, one.right, filters.resolver) for one in own.compared]
    parts += [_opposite(one, filters.resolver) for one in own.groups]
    if not parts:
        raise Unfit("it says nothing of the rows", where="request")
    whole = parts[0] if len(parts) == 1 else FilterGroup(any=True, groups=tuple(parts))
    filters.assumptions += [one.replace("is meant", "is left out", 1) if " is meant as " in one else one
                            for one in own.assumptions]  # fmt: skip
    if whole.related is None and not whole.groups and (len(whole.filters) == 1 or not whole.any):
        filters.filters += [one for one in whole.filters if one not in filters.filters]
    else:
        filters.groups.append(whole)


def rows_left_out(query: Query, base: str) -> Query:
    """ "Total fees by doctor without cancelled visits": of the rows that are put together those are left out.

    Where things are named of which it is said ("doctors without …"), it is these.
    """
    if query.subject or not query.groups:
        return query
    made = tuple(
        Condition("not", where=one.where)
        if (one.kind, one.table, one.sign, one.right) == ("has", base, "=", Number(0.0)) and one.where else one
        for one in query.conditions
    )  # fmt: skip
    return replace(query, conditions=made)


def _not(one: Filter, resolver: Resolver) -> FilterGroup:
    place = Place(table=one.table, column=one.column)
    missing = Filter(table=one.table, column=one.column, comparison="=")
    if one.comparison == "contains":
        raise Unfit("a part of a text is not denied", where="request")
    if one.value is None and not one.moment:
        return FilterGroup(filters=(one.model_copy(update={"comparison": _OPPOSITE[one.comparison]}),))
    if one.comparison == "in":
        values = one.value if isinstance(one.value, list) else [one.value]
        known = resolver.tables.values.get(place)
        held = {each for found in known.values() for each in found} if known else None
        values = [each for each in values if held is None or each in held] or values[:1]
        apart = tuple(Filter(table=one.table, column=one.column, comparison="!=", value=each) for each in values)
    elif isinstance(one.value, bool):
        apart = (one.model_copy(update={"value": not one.value}),)
    else:
        apart = (one.model_copy(update={"comparison": _OPPOSITE[one.comparison]}),)
    if not resolver.tables.column(place).nullable:
        return FilterGroup(filters=apart)
    if len(apart) == 1:
        return FilterGroup(any=True, filters=(*apart, missing))
    return FilterGroup(any=True, filters=(missing,), groups=(FilterGroup(filters=apart),))


def _not_compared(left: Place, sign: str, right: Place, resolver: Resolver) -> FilterGroup:
    opposite = _OPPOSITE["=" if sign == "==" else sign]
    made = [Filter.model_validate({"table": left.table, "column": left.column, "comparison": opposite,
                                   "other": (right.table, right.column)})]  # fmt: skip
    made += [Filter(table=one.table, column=one.column, comparison="=") for one in (left, right)
             if resolver.tables.column(one).nullable]  # fmt: skip
    return FilterGroup(any=True, filters=tuple(made))


def _opposite(group: FilterGroup, resolver: Resolver) -> FilterGroup:
    if group.related is not None:
        ways = {(">=", 1): ("=", 0), ("=", 0): (">=", 1)}
        way = ways.get((group.related.comparison, group.related.number))
        if way is None:
            raise Unfit("so many are not denied", where="request")
        related = group.related.model_copy(update={"comparison": way[0], "number": way[1]})
        return group.model_copy(update={"related": related})
    parts = [*(_not(one, resolver) for one in group.filters), *(_opposite(one, resolver) for one in group.groups)]
    return FilterGroup(any=not group.any, groups=tuple(parts))
