"""Functions over rows that a request means without naming them: "bookings per class", "highest score of a course"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.acts import most_of, summed_acts
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grouping import subject_of
from roles.builder.understanding.lacking import alike
from roles.builder.understanding.measures import Measure, money_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.row_order import priced
from roles.builder.understanding.rows import GROUP, PERIOD, singular_said
from roles.builder.understanding.rows_read import COMPARISONS
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["TOP_BY", "average_like", "implied_measures", "wants_rows"]

_LISTING = re.compile(
    r"\b(?:list|show|display|find|look ?up|search|fetch|get|retrieve|filter|return|which|view|see|print|browse)s?\b"
)
_EXTREME = re.compile(
    rf"\b(?P<word>highest|largest|biggest|greatest|maximum|max|longest|top|best|latest|lowest|smallest|minimum|min"
    rf"|shortest|cheapest|least|worst|peak)\s+{DETERMINER}*(?:single\s+|ever\s+|recorded\s+)*(?:T\d+\s+(?=C))?(?P<mark>[CT]\d+)\b"
)
_LOW = word_set("lowest smallest minimum min shortest cheapest least worst")
_MOST = re.compile(r"\b(?:most|least|fewest)\s+(?:(?P<verb>(?!of\b|recent\b|expensive\b)[a-z]+)\s+)?(?P<mark>T\d+)\b")
_RATES = word_set(
    """rate price percentage percent ratio score age rating temperature salary wage grade margin yield share level year
    tariff occupancy density speed per duration stay"""
)


def wants_rows(tagged: Tagged) -> bool:
    """Whether the request has a verb that asks for rows."""
    return _LISTING.search(tagged.text) is not None


def average_like(place: Place) -> bool:
    """Whether values of a column are averaged rather than added up: rates, prices of one, scores, ages."""
    words = words_of_name(place.column)
    return bool(words) and (words[-1] in _RATES or "per" in words or words[0] in ("average", "avg", "mean", "unit"))


def implied_measures(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """The functions with their columns; empty where rows are asked for, or nothing is meant."""
    return (
        summed_acts(tagged, tables)
        or most_of(tagged, tables)
        or _top_by(tagged, tables, focus)
        or _counted(tagged, tables)
        or _dearest(tagged, tables)
        or _extremes(tagged, tables, focus)
        or _most(tagged, tables)
        or _of_groups(tagged, tables, focus)
    )


TOP_BY = re.compile(
    rf"\b(?P<thing>T\d+)\s+(?:by|in terms of|according to|based on|ranked by|sorted by|ordered by|with the "
    rf"(?:highest|most|largest|lowest|smallest|least))\s+"
    rf"{DETERMINER}*(?P<mark>C\d+)\b"
)
_RANKS = re.compile(
    r"\b(?:top|best|highest|largest|biggest|most|leading|worst|lowest|bottom|smallest|least|rank|ranked|sort"
    r"|sorted|order|ordered)\b"
)


def _top_by(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """ "Top 2 wards by total charges": the charges of all that belongs to a ward are added up."""
    for match in TOP_BY.finditer(tagged.text):
        named = tagged.table(match["thing"])
        place = tagged.column(match["mark"], [named, *focus])
        if place is None or place.table == named or tables.column(place).type not in ("number", "integer"):
            continue
        if _RANKS.search(match[0]) is None and _RANKS.search(tagged.text[: match.start()]) is None:
            continue
        if tables.path(place.table, named, upwards=True) is not None:
            tagged.use(match["mark"])
            return [Measure("mean" if average_like(place) else "sum", place, mark=match["mark"], implied=True)]
    return []


def _of_periods(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """ "Loans per month": they are counted; "invoiced amount per quarter": the amounts are added up."""
    match = PERIOD.search(tagged.text)
    before = re.findall(r"\b[CT]\d+\b", tagged.text[: match.start()]) if match is not None else []
    if not before or wants_rows(tagged):
        return []
    found = [
        Measure("mean" if average_like(place) else "sum", place, mark=mark, implied=True)
        for mark in before
        if mark[0] == "C" and int(mark[1:]) not in tagged.used
        and (place := tagged.column(mark, focus)) is not None
        and tables.column(place).type in ("number", "integer") and not tables.is_key(place)
    ]  # fmt: skip
    if found or before[-1][0] == "C":
        for one in found:
            tagged.use(one.mark)
        return found
    if singular_said(tagged, before[-1]):
        return []
    named = tagged.table(before[-1])
    if tables.order(named) is None:
        return []
    tagged.use(before[-1])
    return [Measure("count", Place(table=named, column=tables.key(named)), mark=before[-1])]


def _counted(tagged: Tagged, tables: Tables) -> list[Measure]:
    """ "Customers with more than 3 orders": the rows that belong to a thing are counted."""
    subject = subject_of(tagged)
    for words, _ in COMPARISONS:
        for match in re.finditer(rf"\b{words}\s+\d+\s+(?:[a-z]+\s+)?(?P<mark>T\d+)\b", tagged.text):
            named = tagged.table(match["mark"])
            if subject and named != tagged.table(subject) and tables.path(named, tagged.table(subject), upwards=True):
                tagged.use(match["mark"])
                return [Measure("count", Place(table=named, column=tables.key(named)), mark=match["mark"])]
    return []


def _length_of(tables: Tables, table: str) -> Place | None:
    """The one column of a table that tells how long its things are."""
    columns = [
        Place(table=table, column=one.name)
        for one in tables.tables[table].columns
        if one.type in ("number", "integer") and _LENGTHS.intersection(words_of_name(one.name))
    ]
    return columns[0] if len(columns) == 1 else None


_LENGTHS = word_set("length duration stay day night hour minute distance km nm mile")
_DEAREST = re.compile(
    r"\b(?:(?P<most>most|least) )?(?P<mark>C\d+) (?P<thing>T\d+) (?:of|in|for|per|by|at|from) (?:the )?(?:each "
    r"|every |any |an? )?"
    r"(?:T\d+|C\d+)"
)


def _dearest(tagged: Tagged, tables: Tables) -> list[Measure]:
    """ "The most expensive repair of every vehicle", "cheapest product per category": one value of many."""
    for match in _DEAREST.finditer(tagged.text):
        mark, thing = match["mark"], match["thing"]
        superlative = tagged.said(mark).endswith("est")
        if not (match["most"] or superlative) or not singular_said(tagged, thing):
            continue
        named = tagged.table(thing)
        place = priced(tagged, tables, mark, named)
        if place is None:
            continue
        low = match["most"] == "least" or tagged.said(mark).startswith("cheap")
        tagged.use(mark)
        tagged.take(match)
        tagged.spent.append(match.span())
        return [Measure("minimum" if low else "maximum", place, mark=mark)]
    return []


def _extremes(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """ "Highest score of a course": one value of many."""
    for match in _EXTREME.finditer(tagged.text):
        mark, behind = match["mark"], tagged.text[match.end() :]
        if not singular_said(tagged, mark) or not re.match(
            r"\s+(?:of|for|in|on|by|per|at|that|which|has|ever|of)\s", behind
        ):
            continue
        if re.match(r"\s+(?:of|for|in|on|at)\s+(?:the\s+|all\s+|our\s+)*(?P<mark>T\d+)\b(?<!x)", behind):
            named = re.match(r"\s+(?:of|for|in|on|at)\s+(?:the\s+|all\s+|our\s+)*(?P<mark>T\d+)\b", behind)
            if named is not None and not singular_said(tagged, named["mark"]) and mark[0] == "T":
                continue
        place = tagged.column(mark, focus) if mark[0] == "C" else money_of(tables, tagged.table(mark))
        if mark[0] == "T" and match["word"] in ("longest", "shortest"):
            place = _length_of(tables, tagged.table(mark))
        if place is None or tables.column(place).type not in ("number", "integer"):
            continue
        function = "minimum" if match["word"] in _LOW else "maximum"
        if match["word"] == "latest":
            continue
        tagged.use(mark)
        tagged.take(match)
        tagged.spent.append(match.span())
        return [Measure(function, place, mark=mark)]
    return []


def _most(tagged: Tagged, tables: Tables) -> list[Measure]:
    """ "Most borrowed books", "customers with the most orders": the rows that belong to a thing are counted."""
    match = _MOST.search(tagged.text)
    if match is None:
        return []
    named = tagged.table(match["mark"])
    if match["verb"] is None:
        tagged.use(match["mark"])
        tagged.take(match)
        return [Measure("count", Place(table=named, column=tables.key(named)), mark=match["mark"])]
    children = [join.left_table for join in tables.joins if join.right_table == named]
    said = [one for one in children if any(tagged.table(mark) == one for mark in tagged.marks("T"))]
    told = [one for one in children if alike(match["verb"], one)]
    chosen = said or told or children
    if len(set(chosen)) != 1:
        return []
    tagged.take(match)
    return [Measure("count", Place(table=chosen[0], column=tables.key(chosen[0])), mark="")]


def _of_groups(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """ "Bookings per class", "total assets by industry": what stands before the groups is counted or added up."""
    match = GROUP.search(tagged.text)
    if match is None:
        return _of_periods(tagged, tables, focus)
    place = tagged.column(match["mark"], focus) if match["mark"][0] == "C" else None
    if place is not None and tables.column(place).type == "number":
        return []
    way = match[0].split()[0]
    if re.match(r"by (?:its|their|his|her|an?|any|one|given|certain) ", match[0]) or (
        way == "by" and _of_a_thing(tagged, tables, match["mark"], focus)
    ):
        return []
    if way == "by" and (
        wants_rows(tagged)
        or re.search(r"\b(?:sort|sorted|order|ordered|rank|ranked)\b", tagged.text[: match.start() + 3])
    ):
        return []
    before = list(re.findall(r"\b[CT]\d+\b", tagged.text[: match.start()]))
    if re.search(r"\b(?:highest|lowest|best|worst|largest|smallest|top) C\d+ T\d+\b", tagged.text[: match.start()]):
        # "the highest paid scientist of each team" is a person, and no average
        return []
    found: list[Measure] = []
    for mark in before:
        if mark[0] == "C":
            place = _amount_at(tagged, tables, mark, focus)
            if place is None:
                continue
            function = "mean" if average_like(place) else "sum"
            tagged.use(mark)
            found.append(Measure(function, place, mark=mark, implied=True))
    if found or not before:
        return found
    last = next((mark for mark in reversed(before) if mark[0] == "T"), before[-1])
    grouped = match["mark"]
    if last[0] == "T" and not singular_said(tagged, last) and not (
        grouped[0] == "T" and tagged.table(grouped) == tagged.table(last)
    ) and not wants_rows(tagged):  # fmt: skip
        tagged.use(last)
        named = tagged.table(last)
        return [Measure("count", Place(table=named, column=tables.key(named)), mark=last)]
    return []


def _amount_at(tagged: Tagged, tables: Tables, mark: str, focus: Sequence[str]) -> Place | None:
    """The column of numbers that a mark names to be added up; None where it chooses among rows, or is none."""
    place = tagged.column(mark, focus)
    if place is None or tables.column(place).type not in ("number", "integer") or int(mark[1:]) in tagged.used:
        return None
    if _COMPARED.match(tagged.text[tagged.text.index(mark) + len(mark) :]) or flag_like(tables, place):
        return None
    before = rf"\b(?:than|over|above|below|under|least|most|exactly|to) \d[\d.,]* ?%? {mark}\b"
    return None if re.search(before, tagged.text) else place


_COMPARED = re.compile(
    r" (?:(?:is|are|was|were|of|that|which|has|have|being) )*(?:(?:at least|at most|above|below|over|under|more"
    r" than|less than|up to"
    r"|fewer than|greater than|higher than|lower than|exactly|[<>=]=?) )?\d"
)
"""What follows a column whose values choose among the rows."""


def _of_a_thing(tagged: Tagged, tables: Tables, mark: str, focus: Sequence[str]) -> bool:
    """Whether a column is the name of one thing that is asked about: "of a teacher (by teacher name)"."""
    place = tagged.column(mark, focus) if mark[0] == "C" else None
    if place is None or tables.label(place.table) != place:
        return False
    owners = [one for one in tagged.marks("T") if tagged.table(one) == place.table]
    return any(re.search(rf"\b(?:an?|one|given|any)\s+{one}\b", tagged.text) for one in owners)
