"""From the logical form of a request to requirements: which of the three kinds it is, and how that is put together."""

from __future__ import annotations

from dataclasses import replace

from roles.builder.understanding.grammar.adjusted import with_changes
from roles.builder.understanding.grammar.calculating import calculation
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    ColumnRef,
    Condition,
    Count,
    Figure,
    Query,
    Ratio,
    Thing,
)
from roles.builder.understanding.grammar.formulas import Formulas
from roles.builder.understanding.grammar.leading import leading, with_top
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.grammar.listing import listing
from roles.builder.understanding.grammar.overview import overview
from roles.builder.understanding.grammar.resolving import Resolver, Unfit, aggregates
from roles.builder.understanding.grammar.side_by_side import is_of_two_levels, side_by_side
from roles.builder.understanding.grammar.versus import has_two_times, with_versus
from roles.builder.understanding.implied import average_like
from roles.builder.understanding.requirements import Place, Requirements

__all__ = ["compiled"]


def compiled(query: Query, linker: Linker, text: str) -> Requirements:
    """The requirements of a request. Raises `Unfit` where it does not fit the tables, `Unclear` where it is open."""
    resolver = Resolver(query, linker)
    query = with_changes(_by_label(_with_implied(query, resolver), resolver), resolver)
    query = with_versus(with_top(query), resolver)
    made = side_by_side(query, resolver) if has_two_times(query) else _made(query, resolver)
    if not _tables_of(made, resolver).issuperset(query.mentioned):
        raise Unfit("a table was named for nothing", where="request")
    return made.model_copy(update={"request": text, "assumptions": (*made.assumptions, *query.notes)})


def _made(query: Query, resolver: Resolver) -> Requirements:
    """The requirements, of one set of rows where that holds all; else of several, side by side."""
    if query.top is None and is_of_two_levels(query, resolver):
        try:
            return side_by_side(query, resolver)
        except Unfit:
            pass
    try:
        return _of_rows(query, resolver)
    except Unfit:
        if not query.figures or query.top is not None:
            raise
        try:
            return side_by_side(query, resolver)
        except Unfit:
            pass
        raise


def _of_rows(query: Query, resolver: Resolver) -> Requirements:
    if query.top is not None:
        return leading(query, resolver)
    if not query.figures:
        if query.rules or query.empty_too:
            raise Unfit("nothing to compute is said", where="request")
        return listing(_by_given(query, resolver), resolver)
    if query.entity is not None and not query.groups:
        return calculation(query, resolver, query.entity)
    if (thing := _of_a_year(query, resolver)) is not None:
        return calculation(query, resolver, thing).model_copy(update={"entity": ""})
    each = _each_row(query, resolver)
    if each is None:
        return overview(_of_each(query, resolver), resolver)
    try:
        return calculation(query, resolver, each)
    except Unfit:
        if query.rules:
            raise
        # many rows belong to each of them: the totals by things
        return overview(query, resolver)


def _of_a_year(query: Query, resolver: Resolver) -> Thing | None:
    """Figures "for a given year" of a table with one row for each year are those of one row."""
    given = [one for one in query.conditions if one.kind == "window" and one.window and one.window.asked == ("year",)]
    if len(given) != 1 or query.groups or query.orders or any(aggregates(one.value) for one in query.figures):
        return None
    formulas = Formulas(resolver, "", [])
    places = [resolver.place(one) for one in resolver.columns_of(query.figures)]
    places += [
        place for one in query.figures if isinstance(one.value, Ratio) for place in formulas.places_of(one.value)
    ]
    names = {one.table for one in places}
    table = next(iter(names)) if len(names) == 1 else ""
    if not table or resolver.tables.order(table) != Place(table=table, column=resolver.tables.key(table)):
        return None
    return Thing(table, "one")


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
    place = resolver.place(key, [about])
    if len(query.orders) == 1 and query.orders[0].by is None and resolver.kind(place) != "text":
        # "sites by area, largest first"
        return replace(query, groups=(), orders=(replace(query.orders[0], by=key, of=""),))
    if place != resolver.tables.label(about):
        raise Unfit("nothing to compute is said", where="request")
    return replace(query, groups=(), entity=None, conditions=(*query.conditions, Condition("asked", key)))


def _tables_of(made: Requirements, resolver: Resolver) -> set[str]:
    """The tables that requirements read, with those between them."""
    places = [*made.show, *made.groups, *(one.place for one in made.condensed)]
    places += [one.place for one in made.bindings if one.place is not None]
    places += [side for one in made.compared for side in (one.left, one.right)]
    places += [place for one in made.sets for place in one.keys]
    wanted = {
        made.table,
        made.entity,
        *(one.table for one in made.sets),
        *(one.table for one in places),
        *(one.table for one in made.all_filters),
    } - {""}
    found = set(wanted)
    for one in wanted:
        for join in resolver.tables.path(made.table, one) or []:
            found |= {join.left_table, join.right_table}
    return found


def _of_each(query: Query, resolver: Resolver) -> Query:
    """ "Margin for each product, highest first": of each row, where the figures are made of its own columns."""
    thing = query.groups[0] if len(query.groups) == 1 else None
    if not isinstance(thing, Thing) or any(aggregates(one.value) for one in query.figures):
        return query
    columns = [resolver.place(one, [thing.table]) for one in resolver.columns_of(query.figures)]
    if not columns or any(one.table != thing.table for one in columns):
        return query
    return replace(query, groups=(), subject=thing.table, every=True)


def _each_row(query: Query, resolver: Resolver) -> Thing | None:
    """ "Per payslip: net pay / gross pay" is a calculation for a payslip: the formula is of one row."""
    if (
        query.entity is not None
        or query.orders
        or query.notes
        or query.every
        or query.grouped_by
        or any(one.kind != "window" for one in query.conditions)
    ):
        return None
    if len(query.groups) == 1 and isinstance(query.groups[0], Thing):
        thing = query.groups[0]
        if thing.which == "each" and not query.rules:
            # "for every show" is of them all
            return None
    elif not query.groups and query.subject and query.figure_first:
        thing = Thing(query.subject)
    else:
        return None
    many = any(aggregates(one.value) for one in query.figures)
    return thing if (query.rules or not many) and thing.table in resolver.tables.tables else None
