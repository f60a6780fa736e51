"""From the logical form of a request to requirements: which of the three kinds it is, and how that is put together."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.calculating import calculation
from roles.builder.understanding.grammar.forms import Aggregate, ColumnRef, Condition, Count, Figure, Query, Thing
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.grammar.listing import listing
from roles.builder.understanding.grammar.overview import overview
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, aggregates
from roles.builder.understanding.implied import average_like
from roles.builder.understanding.requirements import Requirements

__all__ = ["compiled"]


def compiled(query: Query, linker: Linker, text: str) -> Requirements:
    """The requirements of a request. Raises `Unfit` where it does not fit the tables, `Unclear` where it is open."""
    resolver = Resolver(query, linker)
    query = _by_label(_with_implied(query, resolver), resolver)
    if not query.figures:
        if query.rules or query.empty_too:
            raise Unfit("nothing to compute is said", where="request")
        made = listing(_by_given(query, resolver), resolver)
    elif query.entity is not None and not query.groups:
        made = calculation(query, resolver, query.entity)
    elif (each := _each_row(query, resolver)) is not None:
        made = calculation(query, resolver, each)
    else:
        made = overview(query, resolver)
    if not _tables_of(made, resolver).issuperset(query.mentioned):
        raise Unfit("a table was named for nothing", where="request")
    return made.model_copy(update={"request": text})


def _with_implied(query: Query, resolver: Resolver) -> Query:
    """ "Amount per quarter" is the total, "vehicles per depot" how many there are."""
    if query.figures or query.rules or not (query.groups or query.added_up):
        return query
    places = [resolver.place(one) for one in query.shown]
    if not places and query.subject and query.groups and not query.grouped_by:
        return replace(query, figures=(Figure(Count(query.subject)),))
    added = [
        resolver.kind(place) in ("number", "integer") and not resolver.tables.is_key(place)
        and (query.added_up or not average_like(place)) for place in places
    ]  # fmt: skip
    if places and all(added) and (query.added_up or not query.subject) and (query.groups or query.entity):
        figures = tuple(Figure(Aggregate("sum", one)) for one in query.shown)
        return replace(query, figures=figures, shown=(), added_up=False)
    return query


def _by_label(query: Query, resolver: Resolver) -> Query:
    """ "Of a client, whose name is given": it is not its key that the caller gives."""
    if query.entity is None:
        return query
    label = resolver.tables.label(query.entity.table)
    asked = [one.left for one in query.conditions if one.kind == "asked" and isinstance(one.left, ColumnRef)]
    return (
        replace(query, entity=None) if label in [resolver.place(one, [query.entity.table]) for one in asked] else query
    )


def _by_given(query: Query, resolver: Resolver) -> Query:
    """ "Find employees by name": the caller gives the name. Raises `Unfit` for other groups of rows."""
    if not query.groups:
        return query
    key = query.groups[0]
    about = query.entity.table if query.entity is not None else query.subject
    if len(query.groups) > 1 or not isinstance(key, ColumnRef) or not about:
        raise Unfit("nothing to compute is said", where="request")
    if resolver.place(key, [about]) != resolver.tables.label(about):
        raise Unfit("nothing to compute is said", where="request")
    return replace(query, groups=(), entity=None, conditions=(*query.conditions, Condition("asked", key)))


def _tables_of(made: Requirements, resolver: Resolver) -> set[str]:
    """The tables that requirements read, with those between them."""
    places = [*made.show, *made.groups, *(one.place for one in made.condensed)]
    places += [one.place for one in made.bindings if one.place is not None]
    places += [side for one in made.compared for side in (one.left, one.right)]
    wanted = {made.table, made.entity, *(one.table for one in places), *(one.table for one in made.filters)} - {""}
    found = set(wanted)
    for one in wanted:
        for join in resolver.tables.path(made.table, one) or []:
            found |= {join.left_table, join.right_table}
    return found


def _each_row(query: Query, resolver: Resolver) -> Thing | None:
    """ "Per payslip: net pay / gross pay" is a calculation for a payslip: the formula is of one row."""
    if (
        query.entity is not None
        or query.orders
        or query.every
        or query.grouped_by
        or any(one.kind != "window" for one in query.conditions)
    ):
        return None
    if len(query.groups) == 1 and isinstance(query.groups[0], Thing):
        thing = query.groups[0]
    elif not query.groups and query.subject and query.figure_first:
        thing = Thing(query.subject)
    else:
        return None
    many = any(aggregates(one.value) for one in query.figures)
    return thing if (query.rules or not many) and thing.table in resolver.tables.tables else None
