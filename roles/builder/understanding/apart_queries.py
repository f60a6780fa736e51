"""Queries over several sets of rows, each put together by itself: revenue of orders minus costs of returns."""

from __future__ import annotations

from collections.abc import Iterable

from roles.builder.understanding.overview_queries import bound_columns
from roles.builder.understanding.requirements import Requirements, RowsApart
from roles.builder.understanding.tables import Tables
from roles.engineering.specification import Filter, Join, Query, RowSet, Selected

__all__ = ["joins_up", "single_row_of_sets", "with_sets"]


def with_sets(query: Query, made: Requirements, tables: Tables, chosen: Iterable[Filter] = ()) -> Query:
    """The query with the sets of rows of the requirements in the place of its joins.

    `chosen` are filters of the thing that a caller names: they hold in all sets.
    """
    named = dict(zip(query.group_by, (key for key in query.columns if key.name in query.group_by), strict=True))
    sets = tuple(_set(one, list(named.values()), made, tables, list(chosen)) for one in made.sets)
    figures = tuple(one for one in query.filters if one.figure)
    return query.model_copy(update={"sets": sets, "joins": (), "filters": figures})


def _set(one: RowsApart, groups: list[Selected], made: Requirements, tables: Tables, chosen: list[Filter]) -> RowSet:
    keys = tuple(
        Selected(name=group.name, table=place.table, column=place.column, part=place.part or None)
        for group, place in zip(groups, one.keys, strict=True)
    )
    filters = (*one.filters, *chosen)
    read = [each.place.table for each in made.bindings if each.rows == one.name and each.place is not None]
    wanted = [*(each.table for each in (*keys, *filters)), *read]
    return RowSet(name=one.name, table=one.table, joins=joins_up(tables, one.table, wanted), filters=filters, keys=keys)


def joins_up(tables: Tables, base: str, wanted: Iterable[str]) -> tuple[Join, ...]:
    """The joins from rows of `base` to those that they belong to."""
    found: list[Join] = []
    there = {base}
    for table in dict.fromkeys(wanted):
        for join in tables.path(base, table, upwards=True) or []:
            if join.right_table not in there:
                found.append(join)
                there.add(join.right_table)
    return tuple(found)


def single_row_of_sets(made: Requirements, tables: Tables, name: str, chosen: Filter) -> Query:
    """The query for the one thing that a caller names, with the parts of its figures in one row."""
    key = Selected(name=f"{tables.one(made.entity)}_key"[:48], table=made.entity, column=tables.key(made.entity))
    parts = bound_columns(made)
    query = Query(
        name=name, table=made.entity, columns=(key, *(one for one in parts if one.aggregate)),
        terms=tuple(one for one in parts if not one.aggregate), group_by=(key.name,), one=True, limit=1,
    )  # fmt: skip
    return with_sets(query, made, tables, [chosen])
