"""Tables to which several keys lead, as voyages to ports: which one is meant is said, or it is asked about."""

from __future__ import annotations

import re

from common.language.words import word_set
from roles.builder.understanding.requirements import Place, Question, Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["note_links", "with_clear_conditions", "with_clear_links", "with_figures_once", "with_rows_once"]


def note_links(tagged: Tagged, tables: Tables) -> None:
    """Note the keys that a request names, where several lead to the same table."""
    named: dict[tuple[str, str], set[str]] = {}
    for mark in tagged.marks("C"):
        for one in tagged.span(mark).meanings:
            for join in tables.joins:
                if one.place is not None and (one.place.table, one.place.column) == (join.left_table, join.left_column):
                    named.setdefault((join.left_table, join.right_table), set()).add(join.left_column)
    tables.meant.update({pair: next(iter(columns)) for pair, columns in named.items() if len(columns) == 1})


_ADDS_UP = re.compile(
    r"\b(?:spen[dt]s?|earn(?:s|ed)?|paid|pays?|sold|sells?|bought|buys?|ordered|used?|consume[sd]?|made"
    r"|generate[sd]?|brought|received?"
    r"|collect(?:s|ed)?|donate[sd]?|drove|driven|produce[sd]?)\b"
)
"""Verbs of what may be one of several or all of them together."""


def with_rows_once(made: Requirements, tables: Tables) -> Requirements:
    """The requirements, with a question where things would be listed once for each of several others they have."""
    if not made.show or made.condensed or made.figures or made.missing or made.uncovered or made.single:
        return made
    shown = {one.table for one in made.show}
    for one in made.filters:
        lacks = one.comparison == "=" and one.value is None and not (one.input or one.moment)
        if one.figure or lacks or one.table in shown or tables.path(made.table, one.table, upwards=True) is not None:
            continue
        what, of = one.table.replace("_", " "), made.table.replace("_", " ")
        text = (
            f"There may be several {what} for one of the {of}, which would be listed as often. Are the {what}"
            f" meant, or "
        )
        text += f"how many of them each of the {of} has?"
        return made.model_copy(update={"missing": (Question(name="unclear", text=text),)})
    return made


def with_figures_once(made: Requirements, tables: Tables) -> Requirements:
    """The requirements, with a question where figures would be made of rows that count once for each of others."""
    if made.missing or made.uncovered or made.sets:
        return made
    wanted = [*(one.place.table for one in made.condensed),
              *(one.place.table for one in made.bindings if one.place is not None)]  # fmt: skip
    base = tables.base(wanted) if wanted else None
    apart = [one for one in wanted if base is not None and tables.path(base, one, upwards=True) is None]
    if not apart:
        return made
    one, other = (name.replace("_", " ") for name in (str(base), apart[0]))
    text = (
        f"The figures are made of {one} and of {other}, which don't belong to each other. What is to be put together "
        f"of each, and for what? Say it as “the total of … of each …”."
    )
    return made.model_copy(update={"missing": (Question(name="unclear", text=text),)})


_PILES_UP = word_set("hour minute kg km mile litre liter kwh point tonne")
"""Units of what is as well meant altogether: "engineers with more than 40 hours"."""


def with_clear_conditions(made: Requirements, tables: Tables) -> Requirements:
    """The requirements, with a question where things are listed by a number that each has several of."""
    adds_up = _ADDS_UP.search(made.request) is not None
    if not made.show or made.condensed or made.figures or made.missing or made.uncovered:
        return made
    for one in made.filters:
        column = Place(table=one.table, column=one.column)
        compares = one.figure is None and one.comparison in ("<", "<=", ">", ">=")
        if not compares or tables.column(column).type not in ("number", "integer"):
            continue
        if not adds_up and not _PILES_UP.intersection(words_of_name(one.column)):
            continue
        if tables.path(made.table, one.table, upwards=True) is None:
            what, of = one.column.replace("_", " "), made.table.replace("_", " ")
            text = f"There may be several {one.table.replace('_', ' ')} for one of the {of}: "
            text += f"is the {what} of a single one meant, or their total or average? Say which."
            return made.model_copy(update={"missing": (Question(name="unclear", text=text),)})
    return made


def with_clear_links(made: Requirements, tables: Tables) -> Requirements:
    """The requirements, with a question where rows of a table are read that several keys could lead to."""
    if not made.table or made.missing or made.uncovered:
        return made
    used = [*made.show, *made.groups, *(one.place for one in made.condensed)]
    used += [one.place for one in made.bindings if one.place is not None]
    wanted = [*(one.table for one in used), *(one.table for one in made.filters), made.entity]
    for table in dict.fromkeys(one for one in wanted if one):
        join = tables.unclear(made.table, table)
        if join is not None:
            keys = " and ".join(one.replace("_", " ") for one in tables.links(join.left_table, join.right_table))
            text = f"{join.left_table} lead to {join.right_table} by {keys}: which one is meant?"
            return made.model_copy(update={"missing": (Question(name="unclear", text=text),)})
    return made
