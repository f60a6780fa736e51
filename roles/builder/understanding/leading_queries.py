"""Queries for the first rows of each kind: the latest inspection of every machine, the two best sellers of a region."""

from __future__ import annotations

from roles.builder.understanding.naming_columns import free_name
from roles.builder.understanding.requirements import LeadingRows, Place, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import column_identifier
from roles.engineering.specification import Join, Leading, Query, Selected

__all__ = ["with_leading"]


def with_leading(query: Query, leading: LeadingRows, made: Requirements, tables: Tables) -> Query:
    """The query for only the first rows of each kind, in the order that it has."""
    terms: list[Selected] = []
    by: list[str] = []
    for place in leading.by:
        name = _named(query, place)
        if name is None:
            taken = {*query.figures, *(one.name for one in terms)}
            name = free_name(f"kind_{column_identifier(place.column)}"[:44], taken)
            terms.append(Selected(name=name, table=place.table, column=place.column, part=place.part or None))
        by.append(name)
    there = {query.table, *(name for one in query.joins for name in (one.left_table, one.right_table))}
    # rows that belong to nothing are of no kind
    needed = {
        (join.left_table, join.left_column)
        for place in leading.by for join in tables.path(made.table, place.table, upwards=True) or []
    }  # fmt: skip
    joins: list[Join] = [
        one.model_copy(update={"outer": False}) if (one.left_table, one.left_column) in needed else one
        for one in query.joins
    ]
    for place in leading.by:
        for join in tables.path(made.table, place.table, upwards=True) or []:
            if join.right_table not in there:
                joins.append(join)
                there.add(join.right_table)
    return query.model_copy(update={
        "terms": (*query.terms, *terms), "joins": tuple(joins), "order_by": "",
        "leading": Leading(by=tuple(by), order_by=query.order_by, number=leading.number),
    })  # fmt: skip


def _named(query: Query, place: Place) -> str | None:
    """The name of a column in the query, where it has that."""
    for one in query.figures.values():
        plain = one.aggregate is None and not one.expression and one.times is None
        if plain and (one.table, one.column, one.part or "") == (place.table, place.column, place.part):
            return one.name
    return None
