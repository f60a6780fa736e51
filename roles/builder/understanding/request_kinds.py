"""The three kinds of requests: figures computed by formulas, rows condensed by functions, rows listed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.figures import Figures
from roles.builder.understanding.measures import IN_DATABASES, Measure, name_of
from roles.builder.understanding.requirements import Binding, Condensed, Figure, Place, Question, Requirements
from roles.builder.understanding.rows import Rows, read_rows, singular_said
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier
from roles.engineering.specification import Filter, Input

__all__ = ["calculation", "condensed", "listing"]

_MAX_SHOWN = 12


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
    rows = read_rows(tagged, tables, base, focus, grouping=True)
    grouped = _by_groups(made, figures, rows)
    if grouped is not None:
        return grouped.model_copy(update={"table": base, "filters": tuple(rows.filters), "inputs": tuple(rows.inputs)})
    entity = rows.entity or rows.group_table or _entity(tagged, tables, base)
    entity = entity if tables.path(base, entity) is not None else base
    order = tables.order(base) if base != entity or figures.series else None
    return made.model_copy(
        update={
            "table": base,
            "entity": entity if _needs_entity(tagged, figures, rows, entity, base) else "",
            "filters": tuple(rows.filters),
            "inputs": tuple(rows.inputs),
            "order": order,
            "descending": not figures.series,
            "assumptions": (*made.assumptions, *_latest(figures, order, base, entity)),
        }
    )


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


def condensed(tagged: Tagged, tables: Tables, measures: Sequence[Measure], focus: Sequence[str]) -> Requirements:
    """Functions over rows: by groups, of the rows that belong to one thing, or of all."""
    places = [place for one in measures for place in (one.place, one.other) if place is not None]
    base = tables.base([one.table for one in places]) or places[0].table
    near = list(dict.fromkeys([base, *focus]))
    rows = read_rows(tagged, tables, base, near, grouping=True)
    simple = all(one.function in IN_DATABASES for one in measures)
    if rows.entity == base and not rows.entity_by_key and all(one.place.table == base for one in measures):
        rows.entity = ""
    made = Requirements(
        request=tagged.text,
        kind="data",
        table=base,
        filters=tuple(rows.filters),
        inputs=tuple(rows.inputs),
        entity=rows.entity,
    )
    if simple:
        groups = tuple(rows.groups) if not rows.entity else ()
        return made.model_copy(
            update={
                "condensed": tuple(
                    Condensed.model_validate({"name": one.name, "function": one.function, "place": one.place})
                    for one in measures
                ),
                "groups": groups,
                "order": rows.order,
                "descending": rows.descending,
                "limit": rows.limit,
            }
        )
    return _in_formulas(made, tagged, tables, measures, rows)


def _in_formulas(
    made: Requirements, tagged: Tagged, tables: Tables, measures: Sequence[Measure], rows: Rows
) -> Requirements:
    """Functions that databases do not have are formulas over the rows; the caller names one group at a time."""
    del tagged
    bindings: dict[str, Binding] = {}
    for one in measures:
        for place in (one.place, one.other):
            if place is not None:
                bindings.setdefault(name_of(place), Binding(name=name_of(place), place=place))
    entity, filters, inputs = rows.entity, list(rows.filters), list(rows.inputs)
    for place in rows.groups:
        if rows.group_table:
            entity = entity or rows.group_table
            break
        name = column_identifier(place.column)
        filters.append(Filter(table=place.table, column=place.column, comparison="=", input=name))
        inputs.append(Input(name=name, type=tables.column(place).type, description=name.replace("_", " ").capitalize()))
    return made.model_copy(
        update={
            "kind": "calculation",
            "figures": tuple(
                Figure(name=one.name, expression=one.expression, title=one.name.replace("_", " ").capitalize())
                for one in measures
            ),
            "bindings": tuple(bindings.values()),
            "entity": entity,
            "filters": tuple(filters),
            "inputs": tuple(inputs),
            "order": tables.order(made.table),
        }
    )


def listing(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> Requirements:
    """Rows of a table with some of their columns, or one row by its key."""
    table = _listed(tagged, tables)
    near = list(dict.fromkeys([table, *focus]))
    rows = read_rows(tagged, tables, table, near, grouping=False)
    marked = [
        place
        for mark in tagged.marks("C", unused=True)
        if (place := tagged.column(mark, _owners(tagged, mark, near))) is not None
    ]
    shown = [place for place in marked if tables.path(table, place.table) is not None]
    label = tables.label(table)
    filtered = [Place(table=one.table, column=one.column) for one in rows.filters if not isinstance(one.value, bool)]
    first = [label] if label is not None else []
    if not shown:
        shown = [
            Place(table=table, column=one.name)
            for one in tables.tables[table].columns
            if not tables.is_key(Place(table=table, column=one.name)) or one.name in tables.tables[table].key
        ][:_MAX_SHOWN]
        first = []
    extra = [place for place in filtered if tables.column(place).type != "text"]
    ordered = [rows.order] if rows.order is not None else []
    every = list(dict.fromkeys([*first, *shown, *extra, *ordered]))
    entity = rows.entity if rows.entity and tables.path(table, rows.entity) is not None else ""
    single = bool(entity) and entity != table and not (rows.order or rows.limited or _said_in_plural(tagged))
    if single:
        rows.order, rows.descending = tables.order(table), True
    latest = (f"of several rows of {table} the latest counts",) if single and rows.order is not None else ()
    return Requirements(
        request=tagged.text,
        kind="data",
        table=table,
        entity=entity,
        show=tuple(every[: 3 * _MAX_SHOWN]),
        single=single,
        assumptions=(*latest, *rows.assumptions),
        filters=tuple(rows.filters),
        inputs=tuple(rows.inputs),
        order=rows.order,
        descending=rows.descending,
        limit=rows.limit,
    )


def _said_in_plural(tagged: Tagged) -> bool:
    """Whether anything is said in the plural, so that several rows are wanted."""
    return any(not singular_said(tagged, mark) for mark in tagged.marks("CT"))


def _owners(tagged: Tagged, mark: str, near: Sequence[str]) -> list[str]:
    """The tables to look for a column in: first one that is named just before it, as in "customer and its city"."""
    del tagged, mark
    return list(near)


def _listed(tagged: Tagged, tables: Tables) -> str:
    """The table whose rows are listed: the first that is named in the plural or at all, else that of the columns."""
    marks = tagged.marks("T")
    plural = [mark for mark in marks if not singular_said(tagged, mark)]
    if plural:
        return tagged.table(plural[0])
    named = [tagged.table(mark) for mark in marks]
    places = [place for mark in tagged.marks("C") if (place := tagged.column(mark, named)) is not None]
    # "the latest prices of a fund" are rows of the prices
    wanted = [*(one.table for one in places), *named[:1]]
    return tables.base(wanted) or wanted[0]
