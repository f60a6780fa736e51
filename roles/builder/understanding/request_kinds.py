"""The three kinds of requests: figures computed by formulas, rows condensed by functions, rows listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from roles.builder.understanding.acts import MOST_OF, kept_by_acts, kept_of_those, with_counted
from roles.builder.understanding.empty_groups import with_empty
from roles.builder.understanding.figures import Figures
from roles.builder.understanding.grouping import (
    Kept,
    columns_beside,
    read_figure_conditions,
    read_figure_order,
    subject_of,
)
from roles.builder.understanding.implied import TOP_BY
from roles.builder.understanding.listings import listed_with_totals, listing
from roles.builder.understanding.measures import IN_DATABASES, Measure, name_of
from roles.builder.understanding.requirements import Binding, Condensed, Figure, Place, Question, Requirements
from roles.builder.understanding.rows import GROUP, read_rows, singular_said
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier, plural
from roles.engineering.specification import Filter, Input

__all__ = ["calculation", "condensed", "listed_with_totals", "listing"]


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
    groups = tuple(rows.groups) if not rows.entity else ()
    if not all(one.function in IN_DATABASES or (groups and one.condensed) for one in measures):
        return _in_formulas(made, tagged, tables, measures, rows)
    if groups and rows.group_table:
        extra = columns_beside(tagged, tables, rows.group_table, base, near)
        groups = (*groups, *(one for one in extra if one not in groups))
    condensed = tuple(
        Condensed.model_validate({"name": one.name, "place": one.place} | (one.condensed or {})) for one in measures
    )
    by_name = {one.name: one for one in condensed}
    filters, inputs = list(rows.filters), list(rows.inputs)
    for one in kept:
        place = by_name[one.figure].place
        given = {"table": place.table, "column": place.column, "comparison": one.sign, "figure": one.figure}
        if one.number is None:
            inputs.append(
                Input(
                    name=f"limit_of_{one.figure}"[:48],
                    type="number",
                    description=f"Limit of the {one.figure.replace('_', ' ')}",
                )
            )
            filters.append(Filter.model_validate(given | {"input": inputs[-1].name}))
        else:
            filters.append(Filter.model_validate(given | {"value": one.number}))
    limit = (
        order.limit if order is not None and order.limit else rows.limit if rows.limited or order is not None else 1_000
    )
    few = any(one.number is not None and (one.sign in ("<", "<=") or one.number == 0) for one in kept)
    if (every := with_empty(tagged, tables, rows, measures, forced=few or beside)) is not None:
        made = made.model_copy(update={"table": rows.group_table, "every": True})
        tagged.taken += every
    elif rows.group_table and not rows.entity and not kept and any(one.function == "count" for one in measures):
        things, counted = plural(tables.one(rows.group_table)), plural(tables.one(base))
        told = f"{things} without such {counted} are left out".replace("_", " ")
        made = made.model_copy(update={"assumptions": (*made.assumptions, told)})
    return made.model_copy(
        update={
            "condensed": condensed,
            "groups": groups,
            "filters": tuple(filters),
            "inputs": tuple(inputs),
            "order_by": order.figure if order is not None and groups else "",
            "descending": order.descending if order is not None else False,
            "limit": limit if groups else 1_000,
        }
    )


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
