"""What rows are grouped by: columns, things, months and years."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.said_places import with_its_name
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged

__all__ = ["GROUP", "PERIOD", "read_groups"]

_D = DETERMINER
_EACH = (
    r"\b(?:per|by|(?:for|in|of|within|across|from|at)? ?(?:each|every|all the different)|grouped by|broken down by"
    r"|split by|across|by each)"
)
GROUP = re.compile(
    rf"{_EACH}\s+(?!(?<=by )an? C\d+ T){_D}*(?P<mark>[CT]\d+)\b(?P<more>(?:(?:,| and|, and| by| per|"
    rf" &)\s+{_D}*[CT]\d+\b(?! (?:is|are"
    rf"|above|below|over|under)))*)"
)
"""What groups rows: "per T1", "by C2 and C3"."""
PERIOD = re.compile(
    r"(?:\b(?:per|by|(?:for|in|of)? ?(?:each|every)|grouped by|broken down by|split by|over the|month "
    r"by)\s+(?:calendar\s+|the\s+)?"
    r"(?P<unit>day|month|quarter|year)s?\b|\b(?P<word>monthly|quarterly|yearly|annually|daily|month on month"
    r"|year over year|year on year)(?=\s+(?:[FT]\d|the\b)|\s*[.,;]|$))"
)
_AND_MORE = re.compile(
    rf"(?:\s*,|\s+and|\s+by|\s+per)\s+{_D}*(?P<mark>[CT]\d+)\b(?!\s+(?:is|are|above|below|over|under))"
)
""" "Per month and vet name"."""
_AND_PERIOD = re.compile(rf"{GROUP.pattern}(?:\s*,|\s+and|\s+by|\s+per)\s+(?P<unit>day|month|quarter|year)s?\b")
""" "By vet name and month"."""
_FOUND_BY = re.compile(r"\b(?:an?|any|one|given|certain|specific|particular|chosen) T\d+ \( $")
_PERIODS = {"monthly": "month", "quarterly": "quarter", "yearly": "year", "annually": "year", "daily": "day"}


def read_groups(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows, *, of_one: bool) -> None:
    """Read what the rows of `table` are grouped by. `of_one`: "by name" tells how the one thing is found."""
    if rows.entity and rows.entity_by_key:
        return
    for match in GROUP.finditer(tagged.text):
        if _FOUND_BY.search(tagged.text[: match.start()]):
            # "a scientist (by full name)" tells how one is found
            continue
        for mark in [match["mark"], *re.findall(r"[CT]\d+", match["more"])]:
            place = tagged.column(mark, focus) if mark[0] == "C" else None
            if of_one and place is not None and match[0].startswith("by") and tables.label(place.table) == place:
                continue
            if mark[0] == "C" and int(mark[1:]) in tagged.used and tagged.column(mark, focus) not in rows.groups:
                continue
            if _add_group(tagged, tables, table, focus, mark, rows):
                tagged.take(match)
    _read_periods(tagged, tables, table, focus, rows)


def _read_periods(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    """ "Per month", "by vet name and quarter"."""
    for match in (*PERIOD.finditer(tagged.text), *_AND_PERIOD.finditer(tagged.text)):
        unit = match["unit"] or _PERIODS.get(match.groupdict().get("word") or "", "")
        at = next((place for one in (table, *focus) if (place := tables.order(one)) is not None), None)
        if not unit or at is None or tables.path(table, at.table, upwards=True) is None:
            continue
        kind = tables.column(at).type
        if kind != "date" and not (unit == "year" and "year" in at.column.lower()):
            continue
        place = Place.model_validate({"table": at.table, "column": at.column, "part": unit if kind == "date" else ""})
        if place not in rows.groups:
            rows.groups.insert(0, place)
        tagged.take(match)
        more = _AND_MORE.match(tagged.text[match.end() :])
        if more is not None and _add_group(tagged, tables, table, focus, more["mark"], rows):
            tagged.taken.append((match.end(), match.end() + more.end()))


def _add_group(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], mark: str, rows: Rows) -> bool:
    """Add what a mark groups by; False where the rows do not belong to it."""
    if mark[0] == "C":
        place = tagged.column(mark, focus)
        if place is None or tables.path(table, place.table, upwards=True) is None:
            return False
        if place not in rows.groups:
            rows.groups += with_its_name(tables, place)
            tagged.use(mark)
        return True
    named = tagged.table(mark)
    if named == table or tables.path(table, named, upwards=True) is None:
        return False
    label = tables.label(named)
    rows.group_table = named
    for place in (label, Place(table=named, column=tables.key(named))):
        if place is not None and place not in rows.groups:
            rows.groups.append(place)
    tagged.use(mark)
    return True
