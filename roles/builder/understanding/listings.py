"""Requests for rows: which columns of which table, and functions over them beside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.measures import Measure, name_of
from roles.builder.understanding.requirements import Binding, Figure, Place, Requirements
from roles.builder.understanding.rows import GROUP, read_rows, singular_said
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged

__all__ = ["listed_with_totals", "listing"]

_MAX_SHOWN = 12


def listing(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> Requirements:
    """Rows of a table with some of their columns, or one row by its key."""
    table = _listed(tagged, tables)
    near = list(dict.fromkeys([table, *focus]))
    rows = read_rows(tagged, tables, table, near, grouping=False)
    marked = [
        place
        for mark in tagged.marks("CT")
        if (mark[0] == "C" and int(mark[1:]) not in tagged.used)
        or mark in rows.shown
        or _listed_thing(tagged, mark, table)
        if (place := _date_that_counts(tagged, tables, rows, mark) or _shown_place(tagged, tables, mark, near))
        is not None
    ]
    shown = [place for place in marked if tables.path(table, place.table) is not None]
    label = tables.label(table)
    filtered = [
        Place(table=one.table, column=one.column)
        for one in rows.filters if not isinstance(one.value, bool) and (one.input or one.value is not None)
    ]  # fmt: skip
    first = [label if label is not None else Place(table=table, column=tables.key(table))]
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
    free = (rows.latest or not rows.order) and not _said_in_plural(tagged)
    single = (bool(entity) and entity != table and free and not rows.limited) or (rows.by_label and free)
    if single and entity and not rows.latest:
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
        compared=tuple(rows.compared),
        inputs=tuple(rows.inputs),
        order=rows.order,
        descending=rows.descending,
        limit=rows.limit,
    )


_ITEM = r"(?:[,:(]|\band|\bwith|\bshow|\blist|\bincluding|\bgive|\bshowing)\s+(?:the\s+|their\s+|its\s+|his\s+|her\s+)?"


def _listed_thing(tagged: Tagged, mark: str, table: str) -> bool:
    """Whether a table stands in the list of what is to be shown: "student name, course and absences"."""
    if mark[0] != "T" or int(mark[1:]) in tagged.used or not singular_said(tagged, mark):
        return False
    if tagged.table(mark) == table and (tagged.by_key(mark) or tagged.span(mark).best.score == 1.0):
        return False
    return re.search(rf"{_ITEM}{mark}\s*(?:[,.;)]|and\b|$)", tagged.text) is not None


def _date_that_counts(tagged: Tagged, tables: Tables, rows: Rows, mark: str) -> Place | None:
    """ "Who left since May? name, date": of several dates the one that rows are chosen by; None for other columns."""
    if mark[0] != "C" or tagged.said(mark) not in ("date", "dates", "day"):
        return None
    places = [Place(table=one.table, column=one.column) for one in rows.filters]
    dates = list(dict.fromkeys(one for one in places if tables.column(one).type == "date"))
    return dates[0] if len(dates) == 1 else None


_LABEL_WORDS = frozenset({"name", "names", "title", "titles", "label", "labels"})


def _shown_place(tagged: Tagged, tables: Tables, mark: str, near: Sequence[str]) -> Place | None:
    if mark[0] == "C":
        if tagged.said(mark) in _LABEL_WORDS and (key := re.search(rf"\b(C\d+) {mark}\b", tagged.text)) is not None:
            # "the destination port name" is that of the port to which the key leads
            place = tagged.column(key[1], near)
            links = [
                one
                for one in tables.joins
                if place and (one.left_table, one.left_column) == (place.table, place.column)
            ]
            if links and tables.meant.get((links[0].left_table, links[0].right_table)) in (links[0].left_column, None):
                return tables.label(links[0].right_table) or tagged.column(mark, near)
        return tagged.column(mark, near)
    if tagged.table(mark) == near[0]:
        # "with name and month": a column that is called like the last word of its table
        return next((one.place for one in tagged.span(mark).meanings if one.kind == "column"), None)
    named = tagged.table(mark)
    key = Place(table=named, column=tables.key(named))
    return key if tagged.by_key(mark) else tables.label(named) or key


_LISTS = re.compile(
    rf"\b(?:list|show|display|give me|get|find)\s+(?:me\s+|us\s+)?(?:{DETERMINER}"
    rf"|[a-z]+ed\s+)*(?P<mark>T\d+)\b[^.;?]*?(?:\band|\bplus|\btogether with|\bas well as"
    rf"|,)\s+(?:also\s+)?(?:the\s+|their\s+|its\s+|an?\s+)?F\d+"
)


def listed_with_totals(
    tagged: Tagged, tables: Tables, measures: Sequence[Measure], focus: Sequence[str]
) -> Requirements | None:
    """Rows with functions over them beside: "list the orders of a customer and their total"; None for anything else."""
    match = _LISTS.search(tagged.text)
    if match is None or singular_said(tagged, match["mark"]) or GROUP.search(tagged.text[match.start() :]):
        return None
    base = tagged.table(match["mark"])
    totals = [one for one in measures if one.function != "count"]
    if any(one.other is not None or tables.path(base, one.place.table, upwards=True) is None for one in totals):
        return None
    counted = [one for one in measures if one.function == "count"]
    if any(one.place.table != base for one in counted):
        return None
    for one in counted:
        # how many rows there are is told with every list
        tagged.taken += (
            [found.span() for found in re.finditer(rf"\bF\d+ (?:[a-z]+ )*{one.mark}\b", tagged.text)]
            if one.mark
            else []
        )
    made = listing(tagged, tables, focus)
    if made.single or not totals:
        return made if not made.single else None
    tagged.taken += [found.span() for found in re.finditer(r"\bF\d+\b", tagged.text)]
    shown = list(made.show)
    bindings: dict[str, Binding] = {}
    figures: list[Figure] = []
    for one in totals:
        shown += [one.place] if one.place not in shown else []
        bindings[name_of(one.place)] = Binding(name=name_of(one.place), place=one.place)
        function = one.function.partition(" ")[0]
        title = f"{function} of {one.place.column.replace('_', ' ')}".capitalize()
        figures.append(Figure(name=f"{function}_of_{name_of(one.place)}"[:48], expression=one.expression, title=title))
    return made.model_copy(update={
        "kind": "calculation", "show": tuple(shown), "bindings": tuple(bindings.values()), "figures": tuple(figures),
    })  # fmt: skip


def _said_in_plural(tagged: Tagged) -> bool:
    """Whether anything is said in the plural, so that several rows are wanted."""
    said = any(not singular_said(tagged, mark) for mark in tagged.marks("CT"))
    return said or re.search(r"\b(?:everything|all of (?:them|it))\b", tagged.text) is not None


def _listed(tagged: Tagged, tables: Tables) -> str:
    """The table whose rows are listed: the first that is named in the plural or at all, else that of the columns."""
    marks = tagged.marks("T")
    plural = [mark for mark in marks if not singular_said(tagged, mark)]
    if plural:
        return tagged.table(plural[0])
    named = [tagged.table(mark) for mark in marks] or tagged.sure_tables()
    places = [place for mark in tagged.marks("C") if (place := tagged.column(mark, named)) is not None]
    # "the latest prices of a fund" are rows of the prices
    wanted = [*(one.table for one in places), *named[:1]]
    return tables.base(wanted) or wanted[0]
