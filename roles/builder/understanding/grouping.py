"""Whose figures are asked for where functions over rows are: groups, order, how many, and what figures have to keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows import singular_said
from roles.builder.understanding.rows_read import COMPARISONS
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged

__all__ = ["FigureOrder", "Kept", "columns_beside", "read_figure_conditions", "read_figure_order", "subject_of"]

_SUBJECT = re.compile(
    r"\b(?:which|what|who|whose|list|show|find|get|give|identify|display|top|bottom|best|worst|rank|all|me|are|is|\d+|most|least|F\d+"
    rf"|every|each|highlight|flag|return|report|of|for)\s+(?:{DETERMINER}|\d+\s+|top\s+|best\s+|[a-z]+ed\s+)*(?P<mark>T\d+)\b"
)
_LINK = (
    r"(?:is|are|was|were|be|has|have|had|that|which|it|its|their|a|an|the|value|figure|of|in|total|should"
    r"|must|lies|lie|stands|comes|come|to|at)"
)
_HIGH = re.compile(
    r"\b(?:(?<!at )most|highest|largest|biggest|greatest|best|top|longest|descending|desc|leading|strongest)\b"
    r"|\bfrom (?:the )?"
    r"(?:highest|largest|biggest|most|best|high)\b|\bmost [a-z]+ (?:[CT]\d+ )?first\b|\blargest to smallest\b"
)
_LOW = re.compile(
    r"\b(?:(?<!at )least|fewest|lowest|smallest|worst|bottom|shortest|cheapest|ascending|asc|weakest)\b|\bfrom"
    r" (?:the )?"
    r"(?:lowest|smallest|least|worst|low)\b|\bsmallest to largest\b"
)
_SORTED = re.compile(r"\b(?:sort|sorted|order|ordered|rank|ranked|ranking)\b|\bby (?:number|count)\b|\btop \d+\b")
_COUNT = re.compile(
    r"\b(?:top|bottom|first|best|worst|highest|lowest|largest|biggest|which|what|the|our|only|are|most|give me"
    r"|show|list|show me|limit(?:ed)? to)\s+"
    r"(?P<number>\d{1,4})\b(?!\s*(?:%|and\b|or\b|to\b|-|day|month|year|unit|mode|scenario))"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A condition on a figure: its name, how it compares, with what number or with an input of that name."""

    figure: str
    sign: str
    number: float | None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class FigureOrder:
    """By which figure things are ordered, which way, and how many of them are wanted (0: all)."""

    figure: str
    descending: bool
    limit: int = 0


_COUNTED = re.compile(r"\b(?:than|least|most|over|under|above|below|exactly|to)\s+\d+\s+$")


def subject_of(tagged: Tagged, besides: Collection[str] = ()) -> str:
    """The mark of the things that a request asks for, in the plural: "which T0", "the top 5 T0"; empty for none.

    `besides` are marks that stand for something else.
    """
    for match in _SUBJECT.finditer(tagged.text):
        counted = _COUNTED.search(tagged.text[: match.start("mark")]) is not None
        if not singular_said(tagged, match["mark"]) and match["mark"] not in besides and not counted:
            return match["mark"]
    first = next((one for one in tagged.marks("TRDFC") if one not in besides), "")
    return first if first[:1] == "T" and not singular_said(tagged, first) else ""


def read_figure_conditions(
    tagged: Tagged, names: Callable[[str], str], accept: Callable[[re.Match[str]], bool] = lambda match: True
) -> list[Kept]:
    """The conditions on figures; `names` gives the figure that a mark stands for, empty for none.

    Only those that `accept` takes count.
    """
    found: list[Kept] = []
    for words, sign in COMPARISONS:
        number = r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)\s?(?P<percent>%)?"
        before = (
            rf"\b(?P<mark>[RDCT]\d+)\s+(?:{_LINK}\s+)*(?P<not>not\s+)?{words}\s+(?:{number}"
            rf"|(?P<given>(?:an?|some|the)\s+(?:given|certain|chosen|specified|minimum"
            rf"|maximum)\b(?:\s+[a-z]+)?))"
        )
        behind = (
            rf"\b(?P<not>not\s+)?{words}\s+(?:an?\s+|the\s+)?{number}\s+(?:(?:of|in|for|on)\s+)?(?:the\s+"
            rf"|an?\s+)?(?P<mark>[RDCT]\d+)\b"
        )
        reverse = rf"\b(?P<not>not\s+)?{words}\s+(?:an?|the)\s+(?P<mark>[RD]\d+)\s+of\s+{number}"
        after = ""
        if sign in (">=", "<="):
            more = "more|higher|better|above|greater|over|upwards" if sign == ">=" else "less|lower|below|under|fewer"
            after = rf"\b(?P<mark>[RDC]\d+)\s+(?:{_LINK}\s+)*(?P<not>not\s+)?{number}\s+(?:or|and)\s+(?:{more})\b"
        for pattern in filter(None, (before, behind, reverse, after)):
            for match in re.finditer(pattern, tagged.text):
                figure = names(match["mark"])
                if not figure or tagged.is_taken(match.end() - 1) or not accept(match):
                    continue
                if pattern is before and match["mark"][0] == "T" and re.match(r" [CT]\d", tagged.text[match.end() :]):
                    # "lines longer than 10 km": the number is of something else
                    continue
                opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
                said = match["number"]
                value = float(said.replace(",", "")) if said else None
                found.append(
                    Kept(figure, opposite[sign] if match["not"] else sign, value, bool(said and match["percent"]))
                )
                tagged.take(match)
    return list(dict.fromkeys(found))


_MUCH = ("slowest", "heaviest", "dearest", "priciest", "costliest", "busiest", "tallest", "latest")
_SO_FIRST = re.compile(rf"\b(?P<word>{'|'.join(_MUCH)}|fastest|quickest|lightest|cheapest|quietest) first\b")


def read_figure_order(tagged: Tagged, names: Callable[[str], str], default: str) -> FigureOrder | None:
    """The order of things by a figure, where the request tells one; `default` is meant where none is named."""
    high, low, plain = (
        next(
            (one for one in pattern.finditer(tagged.text) if not any(a <= one.start() < b for a, b in tagged.spent)),
            None,
        )
        for pattern in (_HIGH, _LOW, _SORTED)
    )
    count = _COUNT.search(tagged.text)
    if high is None and low is None and plain is None and _SO_FIRST.search(tagged.text) is None:
        return None
    figure = default
    by = re.search(
        rf"\b(?:by|on|in terms of|according to|with the (?:highest|lowest|most|best|worst|largest|smallest|least"
        rf"|fewest))\s+{DETERMINER}*(?:F\d+\s+)*"
        rf"(?:of\s+)?(?P<mark>[RDCT]\d+)\b", tagged.text
    )  # fmt: skip
    if by is not None and names(by["mark"]):
        figure = names(by["mark"])
    word = _SO_FIRST.search(tagged.text)
    if word is not None:
        timed = any(one in figure for one in ("time", "duration", "second", "minute", "hour", "day"))
        if word["word"] in ("slowest", "fastest", "quickest") and not timed:
            return None
        tagged.take(word)
        high, low = (word, None) if word["word"] in _MUCH else (None, word)
    first = high if low is None or (high is not None and high.start() < low.start()) else low
    descending = (
        first is high if first is not None else bool(count or (plain and "rank" in plain[0]) or "top" in tagged.text)
    )
    for match in (high, low, plain, count):
        if match is not None:
            tagged.take(match)
    return FigureOrder(figure, descending, int(count["number"]) if count is not None else 0)


def columns_beside(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str]) -> list[Place]:
    """The columns of grouped things that the request wants to see beside their figures."""
    found: list[Place] = []
    for mark in tagged.marks("C", unused=True):
        place = tagged.column(mark, [table, *focus])
        if place is not None and (place.table == table or tables.path(table, place.table, upwards=True) is not None):
            found.append(place)
            tagged.use(mark)
    return list(dict.fromkeys(found))
