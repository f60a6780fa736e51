"""Which day of a row an order by time is about: when something was done, when it began, when somebody was born."""

from __future__ import annotations

from common.language.words import word_set
from roles.builder.understanding.grammar.forms import Named, Order
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import words_of_name

__all__ = ["beginning_of", "told_time"]

_BEGAN = word_set(
    """hired joined join start started since from employed opened opening founded established registered created began
    begin entered appointed admitted enrolled launched introduced signed hire commenced onboarded inception"""
)
_BORN = word_set("born birth birthday birthdate dob")


def beginning_of(resolver: Resolver, table: str) -> Place | None:
    """The day on which rows of a table began; None where there is none, or several."""
    found = [one.name for one in resolver.tables.tables[table].columns
             if one.type == "date" and {*words_of_name(one.name)} & _BEGAN]  # fmt: skip
    return Place(table=table, column=found[0]) if len(found) == 1 else resolver.moment(table)


def told_time(one: Order, resolver: Resolver, base: str) -> Place | None:
    """The day that an order names; None where it names none. Raises `Unfit` where there is no such day."""
    if not isinstance(one.by, Named) or one.of != "time":
        return None
    if one.by.words in ("begun", "age"):
        born = [each.name for each in resolver.tables.tables[base].columns
                if each.type == "date" and {*words_of_name(each.name)} & _BORN]  # fmt: skip
        if one.by.words == "age" and len(born) == 1:
            return Place(table=base, column=born[0])
        found = beginning_of(resolver, base) if one.by.words == "begun" or one.way == "old" else None
    else:
        found = resolver.happened(one.by.words, [base])
    if found is None or found.table != base:
        raise Unfit("no day tells that", where="request")
    return found
