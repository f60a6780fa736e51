"""Conditions that requests put on rows by windows of time: "in March 2024", "in the last N days"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import words_of_name

__all__ = ["read_given_spans", "read_spans"]

_NUMERIC = ("number", "integer")
_ISO = r"\d{4}-\d{2}-\d{2}"
_SPAN = re.compile(
    rf"(?:\b(?P<mark>C\d+)\s+(?:(?!and\b|or\b|T\d|C\d)[a-z]+\s+){{0,3}}|\b)span (?P<start>{_ISO}) (?P<end>{_ISO})"
)


_OTHER_TIMES = re.compile(
    r"\b(?:other|different|another|arbitrary|further|any other) (?:periods?|quarters?|dates?|date ranges?"
    r"|months?|years?"
    r"|ranges?|time ?spans?|windows?|time)\b"
)
"""The period that is named is one of those that will be asked about."""


_DENIED = re.compile(r"\b(?:not|never|nothing|no|[a-z]+n't)(?: (?:been|yet|be|ever|had|a|an|any|[TC]\d+))* $")
""" "Not calibrated in the last year" is as well what was never calibrated."""


def read_spans(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """Add what windows of fixed or counted dates choose."""
    for match in _SPAN.finditer(tagged.text):
        mark = match["mark"] or ""
        if _DENIED.search(tagged.text[: match.start()]):
            continue
        place = tagged.column(mark, near) if mark else None
        if place is not None and tables.column(place).type in _NUMERIC and "year" not in words_of_name(place.column):
            years = match["start"].endswith("-01-01") and match["end"].endswith("-12-31")
            years = years and not {"season", "vintage", "cohort"}.isdisjoint(words_of_name(place.column))
            place = place if years and "span" in match[0].split()[1:2] else None
            if place is not None:
                rows.add(place, ">=", "", "number", int(match["start"][:4]))
                rows.add(place, "<=", "", "number", int(match["end"][:4]))
                tagged.use(mark)
                tagged.take(match)
                continue
        if place is None or tables.column(place).type == "text":
            mark, place = "", _date_of(tagged, tables, near)
            thing = re.search(r"\b(T\d+) $", tagged.text[: match.start()])
            if thing is not None and tables.path(near[0], tagged.table(thing[1]), upwards=True) is None:
                # "nurses who had shifts in May": those of a table whose rows are not the ones that are read
                continue
        if place is None:
            continue
        if _OTHER_TIMES.search(tagged.text) and tables.column(place).type == "date" and not moment_of(match["start"]):
            rows.add_default_span(place, match["start"], match["end"])
        else:
            _add_span(tables, place, match["start"], match["end"], rows)
        if mark:
            tagged.use(mark)
        tagged.take(match)


_GIVEN_SPAN = re.compile(
    r"(?:\b(?P<mark>C\d+)\s+(?:(?!and\b|or\b|T\d|C\d)[a-z]+\s+){0,3}|\b)(?P<way>lately|ahead) given"
    r" (?P<unit>[a-z]+)span"
)


def read_given_spans(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> None:
    """ "In the last N days": how many of them the caller says."""
    for match in _GIVEN_SPAN.finditer(tagged.text):
        place = tagged.column(match["mark"], near) if match["mark"] else None
        if place is not None and tables.column(place).type == "date":
            tagged.use(match["mark"])
        else:
            place = _date_of(tagged, tables, near)
        if place is None or tables.column(place).type != "date":
            continue
        unit, ahead = f"{match['unit']}s", match["way"] == "ahead"
        rows.add_given_moment(place, "<=" if ahead else ">=", unit, ahead=ahead)
        if ahead:
            rows.add_moment(place, ">=", "day+0")
        else:
            rows.add_moment(place, "<", "day+1")
        tagged.take(match)


def _date_of(tagged: Tagged, tables: Tables, near: Sequence[str]) -> Place | None:
    """The column that tells when a row was: a date that the request names, else that of the nearest table."""
    for mark in tagged.marks("C", unused=True):
        place = tagged.column(mark, near)
        if (
            place is not None
            and tables.column(place).type == "date"
            and tables.path(near[0], place.table, upwards=True) is not None
        ):
            tagged.use(mark)
            return place
    for table in near:
        place = tables.order(table)
        if place is not None and tables.path(near[0], table, upwards=True) is not None:
            return place
    return None


def _add_span(tables: Tables, place: Place, start: str, end: str, rows: Rows) -> None:
    if tables.column(place).type != "date":
        rows.add(place, ">=", "", "integer", int(start[:4]))
        rows.add(place, "<=", "", "integer", int(end[:4]))
    elif moment_of(start):
        rows.add_moment(place, ">=", moment_of(start))
        rows.add_moment(place, "<", moment_of(end))
    else:
        # the last day belongs to it, with all its hours
        rows.add(place, ">=", "", "date", start)
        rows.add(place, "<", "", "date", (date.fromisoformat(end) + timedelta(days=1)).isoformat())
