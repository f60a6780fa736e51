"""Requests for rows condensed by functions: which figures, by which groups, and which of those are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from roles.builder.understanding.acts import MOST_OF, kept_by_acts, kept_of_those, with_counted
from roles.builder.understanding.empty_groups import with_empty
from roles.builder.understanding.grouping import (
    FigureOrder,
    Kept,
    columns_beside,
    read_figure_conditions,
    read_figure_order,
    subject_of,
)
from roles.builder.understanding.implied import TOP_BY
from roles.builder.understanding.measures import IN_DATABASES, Measure, name_of
from roles.builder.understanding.requirements import Binding, Condensed, Figure, Place, Requirements
from roles.builder.understanding.rows import GROUP, read_rows
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier, plural
from roles.engineering.specification import Filter, Input

__all__ = ["condensed"]

_EVERY = 1_000
"""Rows that are listed where the request tells no number of them."""


def _kept(tagged: Tagged, measures: Sequence[Measure], name_of: Callable[[str], str]) -> list[Kept]:
    """The conditions on the figures."""
    kept = read_figure_conditions(tagged, name_of)
    if measures[0].implied and measures[0].function == "sum":
        kept += kept_by_acts(tagged, measures[0].name)
    if len(measures) == 1 and not kept and GROUP.search(tagged.text):
        kept = kept_of_those(tagged, measures[0].name)
    return kept


def condensed(tagged: Tagged, tables: Tables, measures: Sequence[Measure], focus: Sequence[str]) -> Requirements:
    """Functions over rows: by groups, of the rows that belong to one thing, or of all."""
    places = [place for one in measures for place in (one.place, one.other) if place is not None]
    base = tables.base([one.table for one in places]) or places[0].table
    base, measures = _through_links(tagged, tables, base, measures)
    measures = with_counted(tagged, tables, base, measures)
    near = list(dict.fromkeys([base, *focus]))
    named = {one.mark: one.name for one in measures if one.mark}
    subject = subject_of(tagged, list(named))
    counts = {one.place.table: one.name for one in measures if one.function in ("count", "distinct")}

    def name_of(mark: str) -> str:
        return named.get(mark, "") or (counts.get(tagged.table(mark), "") if mark[0] == "T" else "")

    kept = _kept(tagged, measures, name_of)
    rows = read_rows(tagged, tables, base, near, grouping=True)
    order = read_figure_order(tagged, name_of, measures[0].name)
    if rows.entity == base and not rows.entity_by_key and all(one.place.table == base for one in measures):
        rows.entity = ""
    if not rows.groups and not rows.entity and (which := _which(tagged, tables, near, base)) is not None:
        rows.groups.append(which)
        rows.limit = rows.limit if rows.limited or order is None else 1
    beside = bool(subject) and _beside(tagged, subject)
    if not subject and order is not None and (one_of := TOP_BY.search(tagged.text) or MOST_OF.search(tagged.text)):
        subject = one_of["thing"]
        rows.limit = rows.limit if rows.limited else 1
    if not rows.groups and not rows.entity and subject:
        group_by_subject(tagged, tables, base, tagged.table(subject), rows, forced=bool(kept or order or beside))
    made = Requirements(
        request=tagged.text,
        kind="data",
        table=base,
        filters=tuple(rows.filters),
        compared=tuple(rows.compared),
        inputs=tuple(rows.inputs),
        entity=rows.entity,
        assumptions=tuple(rows.assumptions),
    )
    if not all(one.function in IN_DATABASES or (rows.groups and not rows.entity and one.condensed) for one in measures):
        return _in_formulas(made, tables, measures, rows)
    made = _by_functions(made, measures, rows, kept, order)
    if made.groups and rows.group_table:
        extra = columns_beside(tagged, tables, rows.group_table, near)
        beside_them = tuple(one for one in extra if one not in made.groups)
        made = made.model_copy(update={"groups": (*made.groups, *beside_them)})
    return _with_all_things(made, tagged, tables, measures, rows, kept, wanted=beside)


def _by_functions(
    made: Requirements, measures: Sequence[Measure], rows: Rows, kept: Sequence[Kept], order: FigureOrder | None
) -> Requirements:
    """Figures that the database computes: by which groups, which of them are kept, in which order and how many."""
    figures = tuple(
        Condensed.model_validate({"name": one.name, "place": one.place} | (one.condensed or {})) for one in measures
    )
    groups = tuple(rows.groups) if not rows.entity else ()
    filters, inputs = _conditions(kept, figures)
    if order is not None and order.limit:
        limit = order.limit
    else:
        limit = rows.limit if rows.limited or order is not None else _EVERY
    return made.model_copy(
        update={
            "condensed": figures,
            "groups": groups,
            "filters": (*made.filters, *filters),
            "inputs": (*made.inputs, *inputs),
            "order_by": order.figure if order is not None and groups else "",
            "descending": order.descending if order is not None else False,
            "limit": limit if groups else _EVERY,
        }
    )


def _conditions(kept: Sequence[Kept], figures: Sequence[Condensed]) -> tuple[list[Filter], list[Input]]:
    """The conditions on figures; a limit that the request does not tell is an input."""
    places = {one.name: one.place for one in figures}
    filters: list[Filter] = []
    inputs: list[Input] = []
    for one in kept:
        place = places[one.figure]
        given = {"table": place.table, "column": place.column, "comparison": one.sign, "figure": one.figure}
        if one.number is None:
            name = f"limit_of_{one.figure}"[:48]
            inputs.append(Input(name=name, type="number", description=f"Limit of the {one.figure.replace('_', ' ')}"))
            filters.append(Filter.model_validate(given | {"input": name}))
        else:
            filters.append(Filter.model_validate(given | {"value": one.number}))
    return filters, inputs


def _with_all_things(
    made: Requirements,
    tagged: Tagged,
    tables: Tables,
    measures: Sequence[Measure],
    rows: Rows,
    kept: Sequence[Kept],
    *,
    wanted: bool,
) -> Requirements:
    """With things that have no rows, where those are asked for; else it is told that they are left out."""
    few = any(one.number is not None and (one.sign in ("<", "<=") or one.number == 0) for one in kept)
    if (every := with_empty(tagged, tables, rows, measures, forced=few or wanted)) is not None:
        tagged.taken += every
        return made.model_copy(update={"table": rows.group_table, "every": True})
    if rows.group_table and not rows.entity and not kept and any(one.function == "count" for one in measures):
        things, counted = plural(tables.one(rows.group_table)), plural(tables.one(made.table))
        told = f"{things} without such {counted} are left out".replace("_", " ")
        return made.model_copy(update={"assumptions": (*made.assumptions, told)})
    return made


def _beside(tagged: Tagged, subject: str) -> bool:
    """Whether a figure is wanted beside each of the things: "drivers and how many trips they made"."""
    return (
        re.search(
            rf"\b{subject}\b[^.;?]*?(?:\band|\bwith|\bplus|\bby|,)\s+(?:the\s+|their\s+|its\s+)?F\d+", tagged.text
        )
        is not None
    )


def _through_links(
    tagged: Tagged, tables: Tables, base: str, measures: Sequence[Measure]
) -> tuple[str, Sequence[Measure]]:
    """ "Students in each course": they are counted in the table that links the two, each once."""
    for match in GROUP.finditer(tagged.text):
        mark = match["mark"]
        if mark[0] != "T" or tables.path(base, tagged.table(mark), upwards=True) is not None:
            continue
        link = tables.base([base, tagged.table(mark)])
        if (
            link is not None
            and link != base
            and tables.path(link, base, upwards=True) is not None
            and all(one.function == "count" for one in measures)
        ):
            return link, [replace(one, function="distinct") for one in measures]
    return base, measures


def _which(tagged: Tagged, tables: Tables, near: Sequence[str], base: str) -> Place | None:
    """ "Which genre has the most books": the column whose values are compared."""
    match = re.search(
        r"\b(?:which|what)\s+(?:one\s+)?(?P<mark>C\d+)\s+(?:has|have|had|is|are|was|does|did|brings?|makes?"
        r"|sells?|gets?)\b",
        tagged.text,
    )
    place = tagged.column(match["mark"], near) if match is not None else None
    if (
        match is None
        or place is None
        or tables.column(place).type == "number"
        or tables.path(base, place.table, upwards=True) is None
    ):
        return None
    tagged.use(match["mark"])
    return place


def group_by_subject(tagged: Tagged, tables: Tables, base: str, subject: str, rows: Rows, *, forced: bool) -> None:
    """Make groups of the things that are asked for, where the rows belong to them."""
    if subject == base or tables.path(base, subject, upwards=True) is None:
        return
    if not forced and not re.search(r"\b(?:list|show|which|rank|compare)\b", tagged.text):
        return
    label = tables.label(subject)
    rows.group_table = subject
    rows.groups += [one for one in (label, Place(table=subject, column=tables.key(subject))) if one is not None]


def _in_formulas(made: Requirements, tables: Tables, measures: Sequence[Measure], rows: Rows) -> Requirements:
    """Functions that databases do not have are formulas over the rows; the caller names one group at a time."""
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
