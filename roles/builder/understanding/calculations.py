"""Requests for figures by formulas: of which rows they are."""

from __future__ import annotations

import re

from roles.builder.understanding.figures import Figures
from roles.builder.understanding.requirements import Condensed, Place, Question, Requirements
from roles.builder.understanding.rows import read_rows, singular_said
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import plural

__all__ = ["calculation"]


def calculation(tagged: Tagged, tables: Tables, figures: Figures) -> Requirements:
    """Figures by formulas: of one row, of the rows that belong to one, or of what the caller gives."""
    made = Requirements(
        request=tagged.text,
        figures=tuple(figures.figures.values()),
        bindings=tuple(figures.bindings.values()),
        missing=tuple(figures.missing),
        assumptions=tuple(dict.fromkeys(figures.assumptions)),
    )
    places = figures.places
    if not places:
        return made
    base = tables.base([one.table for one in places])
    if base is None:
        names = ", ".join(sorted({one.table for one in places}))
        text = f"How do the tables {names} belong together? No foreign key joins them."
        return made.model_copy(update={"missing": (*made.missing, Question(name="join", text=text))})
    focus = list(dict.fromkeys([*(tagged.table(mark) for mark in tagged.marks("T")), base]))
    rows = read_rows(tagged, tables, base, focus, grouping=True, of_one=True)
    grouped = _by_groups(made, figures, rows)
    if grouped is not None:
        return grouped.model_copy(update={"table": base, "filters": tuple(rows.filters), "inputs": tuple(rows.inputs)})
    entity = rows.entity or rows.group_table or ("" if rows.by_label else _entity(tagged, tables, base))
    entity = entity if not entity or tables.path(base, entity) is not None else base
    if entity == base and not rows.entity and not tagged.marks("T") and _chosen_by_value(rows, base):
        # "of a fiscal year": the year tells the row
        entity = ""
    rows = _apart_from(rows, figures)
    order = tables.order(base) if base != entity or figures.series else None
    if _of_many_days(tagged, tables, figures, order, base, entity):
        many, one = plural(tables.one(base)), tables.one(entity)
        text = f"There may be several {many} for one {one}: is the latest meant, or all of them in total?".replace(
            "_", " "
        )
        made = made.model_copy(update={"missing": (*made.missing, Question(name="which_rows", text=text))})
    return made.model_copy(
        update={
            "table": base,
            "entity": entity if entity and _needs_entity(tagged, figures, rows, entity, base) else "",
            "filters": tuple(rows.filters),
            "compared": tuple(rows.compared),
            "inputs": tuple(rows.inputs),
            "order": order,
            "descending": not figures.series,
            "assumptions": (*made.assumptions, *_latest(figures, order, base, entity)),
        }
    )


def _of_many_days(
    tagged: Tagged, tables: Tables, figures: Figures, order: Place | None, base: str, entity: str
) -> bool:
    """Whether a figure of one row is asked for of a thing that has a row for each of many days, and none is named."""
    if figures.series or order is None or not entity or base == entity or tables.column(order).type != "date":
        return False
    named = any(tagged.table(mark) == base for mark in tagged.marks("T"))
    return not named and re.search(r"\b(?:latest|last|current|newest|most recent)\b", tagged.text) is None


def _chosen_by_value(rows: Rows, table: str) -> bool:
    return any(one.table == table and one.comparison == "=" and one.input for one in rows.filters)


def _apart_from(rows: Rows, figures: Figures) -> Rows:
    """The rows with other names for inputs that are called like what the figures are made of.

    Where the formula takes what the caller gives, "the price is given" is said of that, not of a column of the formula.
    """
    made_of = [one.place for one in figures.bindings.values() if one.place is not None]
    if any(one.input is not None for one in figures.bindings.values()):
        taken = {one.input for one in rows.filters if one.input and one.comparison == "="
                 and Place(table=one.table, column=one.column) in made_of}  # fmt: skip
        rows.filters = [one for one in rows.filters if not one.input or one.input not in taken]
        rows.inputs = [one for one in rows.inputs if one.name not in taken]
    bound = {one.name for one in figures.bindings.values() if one.place is not None} | set(figures.figures)
    names = {one.name: f"given_{one.name}"[:48] for one in rows.inputs if one.name in bound}
    rows.inputs = [one.model_copy(update={"name": names.get(one.name, one.name)}) for one in rows.inputs]
    rows.filters = [
        one.model_copy(update={"input": names.get(one.input, one.input)}) if one.input else one for one in rows.filters
    ]
    return rows


def _latest(figures: Figures, order: Place | None, base: str, entity: str) -> tuple[str, ...]:
    if figures.series or order is None or base == entity:
        return ()
    return (f"of several rows of {base} for one thing the latest by {order.column} counts",)


def _needs_entity(tagged: Tagged, figures: Figures, rows: Rows, entity: str, base: str) -> bool:
    """Single figures are of one row; series may be of all rows, where the request names none."""
    if not figures.series or rows.entity or rows.group_table:
        return True
    return entity != base and any(
        singular_said(tagged, mark) for mark in tagged.marks("T") if tagged.table(mark) == entity
    )


def _entity(tagged: Tagged, tables: Tables, base: str) -> str:
    """The table that a request is about: a table it names to which the base leads, else the base's parent."""
    for mark in tagged.marks("T"):
        if tables.path(base, tagged.table(mark), upwards=True) is not None:
            return tagged.table(mark)
    one = tables.one(base).replace("_", " ")
    if any(re.match(rf"{one}\b", tagged.said(mark)) for mark in tagged.marks("D")):
        # "restoration cost = …" is one of each restoration
        return base
    parents = [join.right_table for join in tables.joins if join.left_table == base]
    return parents[0] if len(parents) == 1 else base


_SUM_OF_PRODUCT = re.compile(r"(sum)\((\w+)(?: \* (\w+))?\)")


def _by_groups(made: Requirements, figures: Figures, rows: Rows) -> Requirements | None:
    """A sum of columns, or of the product of two, by groups: databases compute that. None for anything else."""
    if not rows.groups or rows.entity or len(made.figures) != 1:
        return None
    match = _SUM_OF_PRODUCT.fullmatch(made.figures[0].expression)
    if match is None:
        return None
    first, second = figures.bindings[match[2]].place, figures.bindings[match[3]].place if match[3] else None
    if first is None or (match[3] and second is None):
        return None
    one = Condensed(name=made.figures[0].name, function="sum", place=first, times=second)
    return made.model_copy(
        update={"kind": "data", "figures": (), "bindings": (), "condensed": (one,), "groups": tuple(rows.groups)}
    )
