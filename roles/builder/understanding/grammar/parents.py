"""Rows that belong to no other: "trips without a member" have no key that leads to one."""

from __future__ import annotations

from collections.abc import Sequence

from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Number
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["of_parents", "whole_of"]

_WHOLE = (
    {"amount"},
    {"total"},
    {"total", "amount"},
    {"amount", "due"},
    {"price"},
    {"value"},
    {"sum"},
    {"cost"},
    {"gross"},
    {"quantity"},
    {"qty"},
)
"""What an amount "in full" is, as columns are called."""


def whole_of(part: Place, tables: Tables) -> ColumnRef:
    """The amount that another one is a part of: ``amount`` of ``paid_amount``. Raises `Unfit` where none is."""
    words = {*words_of_name(part.column)}
    own = [
        Place(table=part.table, column=one.name) for one in tables.tables[part.table].columns
        if one.type in ("number", "integer") and one.name != part.column
    ]  # fmt: skip
    named = {place: {*words_of_name(place.column)} - {*words_of_name(part.table)} for place in own}
    found = [place for place, said in named.items() if said and said < words] or [
        place for place, said in named.items() if said in _WHOLE
    ]
    if len(found) != 1:
        raise Unfit("nothing tells what it is in full", where="request")
    return ColumnRef(found[0].column.replace("_", " "), ((found[0], 1.0),))


def of_parents(told: Condition, resolver: Resolver, tables: Sequence[str]) -> Condition:
    """ "Without a member" of rows that may lead to one, as a condition on the key; any other condition as it is."""
    if told.kind != "has" or told.where or told.high is not None or not isinstance(told.right, Number):
        return told
    none = (told.sign, told.right.value) in (("=", 0.0), ("<", 1.0))
    some = (told.sign, told.right.value) in ((">", 0.0), (">=", 1.0))
    for table in tables[:1] if none or some else ():
        keys = resolver.tables.links(table, told.table)
        if len(keys) == 1 and resolver.tables.column(place := Place(table=table, column=keys[0])).nullable:
            return Condition(
                "empty", ColumnRef(keys[0].replace("_", " "), ((place, 1.0),)), negated=some != told.negated
            )
    return told
