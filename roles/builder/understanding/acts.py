"""What things did with amounts, all together: "donors who gave more than 500 in total"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from roles.builder.understanding.grouping import Kept
from roles.builder.understanding.lacking import alike
from roles.builder.understanding.measures import Measure, money_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows import GROUP
from roles.builder.understanding.rows_read import COMPARISONS
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged

__all__ = ["MOST_OF", "kept_by_acts", "kept_of_those", "most_of", "summed_acts", "with_counted"]

_CURRENCY = r"(?: (?:eur|usd|gbp|chf|euros?|dollars?|pounds?|kroner|francs?))?"
_AMOUNT = (
    r"(?:an? F\d+ of )?(?:(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)"
    + _CURRENCY
    + r"|(?:an?|the|some) given(?: (?:[FC]\d+|[a-z]+)){0,3})"
    r"(?P<behind>(?: (?:F\d+|together))?)(?=\s*(?:[.,;:?)]|$|and\b|with\b|by\b|in\b|span\b|since\b|sorted\b))"
)
_SPENDING = frozenset(
    {"spent", "spend", "paid", "pay", "brought", "bring", "earned", "earn", "made", "generated", "raised"}
)
_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}


def _acts(tagged: Tagged) -> Iterator[tuple[re.Match[str], str]]:
    """The conditions on what things did in total, with how they compare."""
    for words, sign in COMPARISONS:
        pattern = (
            r"\b(?P<thing>T\d+) (?:(?:who|that|which|whose|have|has|had|together) )*(?P<verb>[a-z]+|C\d+)"
            r" (?:(?:F\d+|in|for|together) )*?"
            rf"(?P<not>not )?(?P<words>{words}) {_AMOUNT}"
        )
        for match in re.finditer(pattern, tagged.text):
            if any(tagged.span(mark).best.name == "sum" for mark in re.findall(r"\bF\d+\b", match[0])):
                yield match, _OPPOSITE[sign] if match["not"] else sign


def summed_acts(tagged: Tagged, tables: Tables) -> list[Measure]:
    """The amounts that are added up; empty where none are, or it can't be told which."""
    for match, _ in _acts(tagged):
        thing = tagged.table(match["thing"])
        verb = tagged.said(match["verb"]) if match["verb"][0] == "C" else match["verb"]
        children = {
            one: place for one in tables.tables
            if one != thing and tables.path(one, thing, upwards=True) is not None
            and (place := money_of(tables, one)) is not None
        }  # fmt: skip
        told = [one for one in children if alike(verb, one)]
        near = [one for one in children if len(tables.path(one, thing, upwards=True) or []) == 1]
        chosen = told if len(told) == 1 else near if verb in _SPENDING or not told else []
        if len(chosen) == 1:
            return [Measure("sum", children[chosen[0]], implied=True)]
    return []


def kept_by_acts(tagged: Tagged, figure: str) -> list[Kept]:
    """The conditions that a figure of `summed_acts` has to keep."""
    found: list[Kept] = []
    for match, sign in _acts(tagged):
        number = float(match["number"].replace(",", "")) if match["number"] else None
        found.append(Kept(figure, sign, number))
        tagged.take(match)
    return found


MOST_OF = re.compile(
    r"\b(?:which|what|whose|who) (?P<thing>T\d+) (?:(?:has|have|had|did|does|with) )*(?P<verb>(?!of\b|in\b|is\b"
    r"|are\b|has\b|have\b|had\b|with\b)[a-z]+|C\d+) "
    r"(?:in )?(?:the )?(?P<way>most|least|fewest|highest|lowest|largest|smallest)(?: (?:F\d+ )?(?P<mark>C\d+)"
    r"|(?P<alone>(?: F\d+)?(?=\s*(?:[.,;?]|$|and\b|in\b|span\b|since\b))))"
)
""" "Which ship carried the most passengers": what the rows of each hold is added up."""


def most_of(tagged: Tagged, tables: Tables) -> list[Measure]:
    """The amounts of which one thing has the most; empty where nothing is asked so, or it can't be told which."""
    for match in MOST_OF.finditer(tagged.text):
        thing = tagged.table(match["thing"])
        if match["mark"]:
            place = tagged.column(
                match["mark"], [one for one in tables.tables if one != thing and tables.path(one, thing, upwards=True)]
            )
        else:
            places = [
                found
                for one in tables.tables
                if tables.foreign_key(one, thing) and (found := money_of(tables, one)) is not None
            ]
            place = places[0] if len(places) == 1 else None
        if place is None or place.table == thing or tables.path(place.table, thing, upwards=True) is None:
            continue
        if tables.column(place).type in ("number", "integer"):
            tagged.take(match)
            if match["mark"]:
                tagged.use(match["mark"])
            return [Measure("sum", place, mark=match["mark"] or "", implied=True)]
    return []


def kept_of_those(tagged: Tagged, figure: str) -> list[Kept]:
    """The conditions on the one figure of each group: "average score by process, only those above 84"."""
    found: list[Kept] = []
    for words, sign in COMPARISONS:
        pattern = (
            rf"\b(?:only|just|keep|show|where) (?:(?:those|ones|the ones|groups|it|that|with|is|are|an?"
            rf"|the|[FCT]\d+) )+(?P<words>{words}) (?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)(?= ?(?:[.,;?]|$))"
        )
        for match in re.finditer(pattern, tagged.text):
            if not tagged.is_taken(match.start("number")):
                found.append(Kept(figure, sign, float(match["number"].replace(",", ""))))
                tagged.take(match)
    return found


def with_counted(tagged: Tagged, tables: Tables, base: str, measures: Sequence[Measure]) -> Sequence[Measure]:
    """The measures with how many rows there are, where groups have to have so many: "causes with 2 outages or more"."""
    if GROUP.search(tagged.text) is None or any(one.function in ("count", "distinct") for one in measures):
        return measures
    for words, _ in COMPARISONS:
        counted = (
            rf"\b(?:with|have|has|having|of) (?:{words} \d+|\d+ or (?:more|fewer|less)) (?:[a-z]+ )?(?P<mark>T\d+)\b"
        )
        for match in re.finditer(counted, tagged.text):
            if tagged.table(match["mark"]) == base:
                tagged.use(match["mark"])
                return [*measures, Measure("count", Place(table=base, column=tables.key(base)), mark=match["mark"])]
    return measures
