"""What a request names and its requirements hold nothing of: columns, things, functions, numbers, an order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from roles.builder.understanding.requirements import Place, Requirements
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import words_of_name
from roles.engineering.formulas import parse

__all__ = ["places_of", "unaccounted"]

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w-])")
_TWO_ENDS = re.compile(r"2 (?:given |said |fixed )?(?:[CT]\d+|values?|dates?|days?|numbers?|ends?|times?|limits?)\b")
_ORDERED = re.compile(
    r"\b(?:(?<!at )(?:most|least)(?! recent)|highest|lowest|largest|smallest|biggest|best|worst|top|latest|newest"
    r"|oldest|earliest|most recent|fewest|sort|sorted|ordered by|ranked|rank|descending|ascending"
    r"|(?:ones? |C\d+ )first(?=\s*(?:[.,;)?]|$)))\b"
)
_PERIODS = frozenset({"year", "quarter", "month", "day", "date"})
_BY_ITSELF = re.compile(r"(?:first|last|full|date|name|number|id|code|type|value)s?|[a-z]+est")
"""Words that may stand for a column, and as often for nothing of the kind."""


def unaccounted(made: Requirements, tagged: Tagged) -> list[str]:
    """The words of marks and numbers that nothing in the requirements stands for."""
    found = [*_columns(made, tagged), *_things(made, tagged), *_functions(made, tagged), *_numbers(made, tagged)]
    found += _dates(made, tagged)
    if _ORDERED.search(tagged.text) and not _is_ordered(made):
        found += [match[0] for match in _ORDERED.finditer(tagged.text)]
    return list(dict.fromkeys(found))


def places_of(made: Requirements) -> list[Place]:
    """The columns that the requirements read, without parts of dates."""
    found = [*made.show, *made.groups, *(one.place for one in made.condensed)]
    found += [one.times for one in made.condensed if one.times is not None]
    found += [one.place for one in made.bindings if one.place is not None]
    found += [Place(table=one.table, column=one.column) for one in made.filters]
    found += [Place(table=table, column=name) for one in made.filter_groups for table, name in sorted(one.reads)]
    found += [Place(table=one.table, column=one.column) for each in made.sets for one in (*each.filters, *each.keys)]
    found += made.leading.by if made.leading is not None else ()
    found += [place for one in made.compared for place in (one.left, one.right)]
    found += [made.order] if made.order is not None else []
    return [Place(table=one.table, column=one.column) for one in dict.fromkeys(found)]


def _columns(made: Requirements, tagged: Tagged) -> Iterable[str]:
    read = places_of(made)
    values = {one.value for one in made.all_filters if isinstance(one.value, str)}
    for mark in tagged.marks("C"):
        if tagged.said(mark) in values:
            continue
        if tagged.said(mark) in _PERIODS and any(one.part for one in made.all_filters):
            # "in a given year" is no column of years
            continue
        places = [one.place for one in tagged.span(mark).meanings if one.place is not None]
        if any(one in read for one in places) or _BY_ITSELF.fullmatch(tagged.said(mark)) or _was_done(tagged, mark):
            continue
        if re.search(rf"\bnever (?:been )?{mark}\b", tagged.text) and any(
            one.value is None for one in made.all_filters
        ):
            # "never sold": of what there are no sales
            continue
        if made.entity and any(place.table == made.entity and tagged.tables.is_key(place) for place in places):
            continue
        yield tagged.said(mark)


def _was_done(tagged: Tagged, mark: str) -> bool:
    """Whether a word only tells what became of an amount: "kegs delivered", "hours worked"."""
    before = re.search(rf"\b(C\d+) {mark}\b", tagged.text)
    if before is None or not re.fullmatch(r"[a-z]+(?:ed|en|id|de|nt|ld)", tagged.said(mark)):
        return False
    places = [one.place for one in tagged.span(before[1]).meanings if one.place is not None]
    return any(tagged.tables.column(place).type in ("number", "integer") for place in places)


def _things(made: Requirements, tagged: Tagged) -> Iterable[str]:
    tables = tagged.tables
    reached = {made.table, made.entity, *(one.table for one in places_of(made))} - {""}
    for name in list(reached):
        for join in tables.path(made.table, name) or [] if made.table else []:
            reached |= {join.left_table, join.right_table}
    for mark in tagged.marks("T"):
        if re.search(rf"\b{mark} T\d+\b", tagged.text):
            # "a dairy account" is an account
            continue
        meant = {one.name for one in tagged.span(mark).meanings if one.kind == "table"}
        if reached and not meant & reached:
            yield tagged.said(mark)


def _functions(made: Requirements, tagged: Tagged) -> Iterable[str]:
    if not tagged.tables:
        return
    done = {one.function for one in made.condensed} | {one.aggregate for one in made.figures if one.aggregate}
    for one in made.figures:
        done |= set(parse(one.expression, scalars=[other.name for other in made.figures]).functions)
    done |= {one.aggregate for one in made.bindings if one.aggregate}
    done |= {"median"} if "percentile" in done else set()
    done |= {"count"} if {"distinct", "count_true", "days_between", "days_since"} & done else set()
    numeric = [place for place in places_of(made) if tagged.tables.column(place).type in ("number", "integer")]
    for mark in tagged.marks("F"):
        function = tagged.span(mark).best.name.split()[0]
        if function in done or re.search(rf"\bgiven (?:F\d+ )*{mark}\b", tagged.text):
            continue
        behind = re.search(rf"\b{mark} (?:(?:of|the|all|each|its|their) )*([CFTRD]\d+)\b", tagged.text)
        asked = tagged.said(mark).startswith("how ")
        if function == "count" and asked and _lists_amounts(made, tagged, behind, numeric):
            yield tagged.said(mark)
            continue
        if function in ("count", "sum") and behind is not None and _tells(tagged, behind[1], numeric):
            # "the number of beds" is a column, "the total of the average minutes" one function
            continue
        if function == "count" and "sum" in done and any({*words_of_name(one.column)} & _QUANTITIES for one in numeric):
            # "number of tickets sold", of rows that tell how many
            continue
        if function == "count" and made.show and not made.condensed:
            # how many rows there are is told with every list
            continue
        yield tagged.said(mark)


_QUANTITIES = frozenset(
    {"quantity", "qty", "unit", "units", "piece", "pieces", "copy", "copies", "pack", "packs", "item"}
)


def _lists_amounts(made: Requirements, tagged: Tagged, behind: re.Match[str] | None, numeric: Sequence[Place]) -> bool:
    """Whether rows are listed with an amount where it was asked how much there is: "how many tickets were sold"."""
    listed = bool(made.show) and not (made.condensed or made.figures or made.entity == made.table)
    return listed and behind is not None and behind[1][0] == "C" and _tells(tagged, behind[1], numeric)


def _tells(tagged: Tagged, mark: str, numeric: Sequence[Place]) -> bool:
    if mark[0] == "C":
        return any(one.place in numeric for one in tagged.span(mark).meanings)
    return mark[0] in "FRD"


def _numbers(made: Requirements, tagged: Tagged) -> Iterable[str]:
    known = _known_numbers(made)
    for match in _NUMBER.finditer(tagged.text):
        if not tagged.is_taken(match.start()) or _TWO_ENDS.match(tagged.text[match.start() :]):
            continue
        if float(match[0].replace(",", "")) not in known:
            yield tagged.text[max(0, tagged.text.rfind(" ", 0, max(0, match.start() - 1))) : match.end()].strip()


_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def _dates(made: Requirements, tagged: Tagged) -> Iterable[str]:
    """Dates of the text that no filter holds; what is said of years may be compared with a column of years."""
    said = " ".join(str(one.value) for one in made.all_filters if one.value is not None)
    said += " ".join(str(one.default) for one in made.inputs if one.default is not None)
    for match in _DATE.finditer(tagged.text):
        if moment_of(match[0]):
            known = any(one.moment for one in made.all_filters)
        else:
            # a window holds the day after its last one
            day = date.fromisoformat(match[0])
            known = any(one in said for one in (match[0], (day + timedelta(days=1)).isoformat()))
            known = known or re.search(rf"\b{day.year}\b(?!-)", said) is not None
        if not known or not tagged.is_taken(match.start()):
            yield match[0] if not moment_of(match[0]) else "the time"


def _known_numbers(made: Requirements) -> set[float]:
    said = [str(one.value) for one in made.all_filters] + [one.moment or "" for one in made.all_filters]
    said += [one.expression for one in (*made.rules, *made.figures)]
    said += [str(one.rank) for one in (*made.condensed, *made.figures)] + [str(one.default) for one in made.inputs]
    said += [str(made.limit)] + ([str(made.leading.number)] if made.leading is not None else [])
    said += [str(one) for group in made.filter_groups for one in group.numbers]
    # an age of 18 years is 216 months ago
    said += [f"{int(one.moment[7:]) / 12:g}" for one in made.all_filters if one.moment.startswith("months-")]
    said += [f"{int(one.moment[4:]) / 7:g}" for one in made.all_filters if one.moment.startswith("day-")]
    found = {float(number) for text in said for number in re.findall(r"\d+(?:\.\d+)?", text)}
    found |= {round(100 * abs(one - 1), 9) for one in found if 0 < one < 10}
    return found | {round(100 * one, 9) for one in found} | {round(one / 100, 9) for one in found}


def _is_ordered(made: Requirements) -> bool:
    extremes = {"minimum", "maximum", "percentile"} & {one.function for one in made.condensed}
    extremes |= {one.aggregate for one in made.figures if one.aggregate in ("minimum", "maximum")}
    named = any(re.search(r"\b(?:minimum|maximum|first|last)\(", one.expression) for one in made.figures)
    return bool(made.order or made.order_by or made.rules or extremes or named or made.single)
