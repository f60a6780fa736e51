"""Names of formulas that mean the rows of a table: "number of enrollments", "total gifts"."""

from __future__ import annotations

from roles.builder.understanding.measures import money_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of, words_of_name

__all__ = ["place_of_rows"]


def place_of_rows(function: str, phrase: str, tables: Tables) -> Place | None:
    """The column that a function over the rows of a table is over: its key to count, else its one column of amounts.

    None where the phrase is no table, or it can't be told.
    """
    words = words_of(phrase)
    named = [one for one in tables.tables if words_of_name(one.rpartition(".")[2]) == words]
    named = named or [one for one in tables.tables if words_of_name(one.rpartition(".")[2])[-1:] == words]
    if len(named) != 1 or not function:
        return None
    if function == "count":
        return Place(table=named[0], column=tables.key(named[0]))
    return money_of(tables, named[0]) if function in ("sum", "mean", "median", "minimum", "maximum") else None
