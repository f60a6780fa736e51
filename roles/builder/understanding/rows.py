"""Which rows a request is about: the thing that a caller names, filters, groups, order, how many, which columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import JsonValue

from roles.builder.understanding.adjectives import value_before
from roles.builder.understanding.conditions import flag_like, read_conditions
from roles.builder.understanding.lacking import alike
from roles.builder.understanding.priced_rows import read_prices
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.row_groups import GROUP, PERIOD, read_groups
from roles.builder.understanding.row_labels import read_label
from roles.builder.understanding.row_order import read_order
from roles.builder.understanding.rows_read import Rows, percent_of
from roles.builder.understanding.said_places import in_shown_list, with_its_things
from roles.builder.understanding.said_values import read_said_values
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, ONE_OF_MANY, Tagged
from roles.builder.understanding.than_planned import read_than_planned
from roles.builder.understanding.words import column_identifier, singular, words_of_name

__all__ = ["GROUP", "PERIOD", "read_rows", "singular_said"]

_D = DETERMINER
_ENTITY = re.compile(
    rf"\b(?:of|for|in|from|by|per|with|at|on|about|to|find|show|look up|lookup|fetch|get|retrieve"
    rf"|describe|given)\s+(?:the\s+)?"
    rf"(?:{ONE_OF_MANY}\s+)+(?P<mark>T\d+)\b(?:\s+(?P<head>T\d+)\b)?"
)
_SHOWN_KEY = re.compile(
    r"\b(?:show|list|give|display|return|include|including|includes|report|print|see|want|need|like|get|know|output|with|plus|columns?)\s+(?:me\s+|us\s+)?"
    r"(?:(?:only|just|also|the|their|its|all)\s+)*(?:[CTF]\d+\s*(?:,|and)\s*(?:the\s+|their\s+|its\s+)?)*$"
)
_BY_ID = re.compile(
    r"\bby\s+(?:its\s+|their\s+|the\s+)?(?:id|number|key|identifier|primary key)\b|\b(?:with|for|from)\s+(?:an?|the"
    r"|its|given|a given)\s+(?:id|identifier)\b"
)
_EQUAL = re.compile(
    rf"\b(?:in|of|with|from|for|having|at|on|by|whose|where|and|under|via|through|into|to|within|using|against)\s+(?:the\s+)?(?:(?:{ONE_OF_MANY})\s+)+(?P<mark>C\d+)\b"
    rf"(?!\s+(?:is|are|below|above|over|under|greater|less|more))"
)
_BY_COLUMN = re.compile(rf"\b(?:by|based on|filtered by|matching)\s+{_D}*(?P<mark>C\d+)\b")
_TAKEN = re.compile(
    rf"\b(?:take|taking|given|accept|accepting|input|inputs are|input is|i give|i enter|enter|ask for|provide"
    rf"|provided)\s+{_D}*"
    rf"(?P<mark>C\d+)\b"
)
_VALUE = re.compile(r"(?P<mark>C\d+)\s+(?:is|are|=|equal|being|of)?\s*(?P<value>\"[^\"]+\")")
_MORE = (
    (r"(?:at least|no less than|not below|>=|≥|minimum of|from)", ">="), (r"(?:at most|no more than|not above|up to"
    r"|<=|≤|maximum of)", "<="),
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|larger than|bigger than|longer than"
     r"|heavier than|slower than|taller than|wider than|deeper than|costlier than|dearer than|pricier than"
     r"|more expensive than|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|shorter than|fewer than|beneath|lighter than"
     r"|faster than|quicker than|cheaper than|less expensive than|<)", "<"),
    (r"(?:after|later than)", ">"), (r"(?:since|starting from|starting)", ">="),
    (r"(?:before|earlier than|prior to)", "<"),
    (r"(?:until|up to and including)", "<="),
)  # fmt: skip
_VERBS = r"(?:is|are|was|were|be|of|that|it|which|has|have|been|content|value|level|figure)"
_SOMETHING = (
    r"(?:(?P<number>\d{4}-\d{2}-\d{2}|\d+(?:,\d{3})*(?:\.\d+)?)(?P<percent>%)?|(?:an?|the|some|any|given|certain"
    r"|specific|my|user)\b"
    r"(?:\s+(?:given|certain|specific|particular|chosen|minimum|maximum|start|end|cut|off))*\s+(?:[a-z]+|[CTF]\d+))"
)
_BETWEEN = re.compile(
    rf"\b(?:between|from|within|in|during|for)\s+(?:(?:2|an?|the|given|some|any|certain|start|start and end|date"
    rf"|time)\s+)*(?:(?P<date>C\d+|date|day|"
    rf"range|period|interval|time|window|value|number|amount|limit|figure)s?)\s*(?:range|period|interval|window)?(?:\s+(?:and|to"
    rf"|until)\s+{_D}*(?:C\d+|[a-z]+ (?:date|C\d+)))?\b"
)
_NUMERIC = ("number", "integer")
_LIMITS = frozenset(
    {"minimum", "min", "maximum", "max", "limit", "target", "reorder", "threshold", "budget", "goal", "quota"}
)
"""Words of columns that others are held against."""
_YEARS = frozenset({"year", "season", "vintage", "cohort"})
"""Words of columns whose numbers are years."""
_OF_NUMBERS = re.compile(r"\b(?:value|number|amount|limit|figure)s?\b")


def read_rows(
    tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], *, grouping: bool, of_one: bool = False
) -> Rows:
    """Read all about the rows of `table`. `grouping`: figures over rows are asked for, which "per X" groups.

    `of_one`: figures of one thing are asked for, so that "by name" tells how it is found.
    """
    rows = Rows()
    read_than_planned(tagged, tables, [table, *focus], rows)
    read_prices(tagged, tables, table, rows)
    read_conditions(tagged, tables, table, focus, rows)
    _read_ranges(tagged, tables, table, focus, rows)
    _read_comparisons(tagged, tables, focus, rows)
    _read_dates(tagged, tables, table, focus, rows)
    _read_more_than(tagged, tables, focus, rows)
    read_order(tagged, tables, table, focus, rows)
    _read_entity(tagged, tables, table, rows, grouping=grouping)
    if grouping:
        read_groups(tagged, tables, table, focus, rows, of_one=of_one)
    _read_equalities(tagged, tables, focus, rows, grouping=grouping)
    _read_flags(tagged, tables, focus, rows)
    read_said_values(tagged, tables, list(dict.fromkeys([table, *focus])), rows)
    read_label(tagged, tables, table, focus, rows)
    if (meant := value_before(tagged, tables, table)) is not None and not rows.entity:
        tagged.taken += [one.span() for one in re.finditer(rf"\b{meant[1]}\b", tagged.text)]
        if _is_measured(tagged, meant[1], rows):
            return rows
        rows.add(meant[0], "contains", "", "text", meant[1])
        rows.assumptions.append(f"{meant[1]!r} is meant as a value of {meant[0].table}.{meant[0].column}")
    return rows


_BY_SO_MUCH = r" by (?:(?:more|less|fewer|greater) than|at least|at most|over|under|above|below|up to|exactly|\d)"


def _is_measured(tagged: Tagged, word: str, rows: Rows) -> bool:
    """Whether a condition on numbers says what a participle means: "delayed by more than 60 minutes" is no state."""
    said = re.search(rf"\b{word}{_BY_SO_MUCH}", tagged.text) is not None
    return said and any(one.comparison in ("<", "<=", ">", ">=") and alike(word, one.column) for one in rows.filters)


def _read_entity(tagged: Tagged, tables: Tables, table: str, rows: Rows, *, grouping: bool) -> None:
    for mark in tagged.marks("T"):
        if not tagged.by_key(mark):
            continue
        if _SHOWN_KEY.search(tagged.text[: tagged.text.index(mark)]) or in_shown_list(tagged.text, mark):
            rows.shown.append(mark)
            tagged.use(mark)
        elif not rows.entity:
            rows.entity, rows.entity_by_key = tagged.table(mark), True
            tagged.use(mark)
    by_id = _BY_ID.search(tagged.text)
    if by_id is not None and not rows.entity:
        before = re.findall(r"\bT\d+\b", tagged.text[: by_id.start()])
        rows.entity = tagged.table(before[-1]) if before else table
        rows.entity_by_key = True
    for match in _ENTITY.finditer(tagged.text):
        # "a dairy account" is an account, "a fund's cash flows" are those of a fund
        owned = "'" in tagged.said(match["mark"])
        mark = match["head"] if match["head"] and not owned and singular_said(tagged, match["head"]) else match["mark"]
        named = tagged.table(mark)
        words = match[0].split()
        if grouping and {"each", "every", "per"} & set(words[:-1]) and not rows.entity:
            continue
        tagged.take(match)
        if not rows.entity and (named != table or grouping or _alone(tagged, mark)):
            rows.entity = named
            tagged.use(mark)


def _alone(tagged: Tagged, mark: str) -> bool:
    """Whether no other table is asked about, so that one row of this one is wanted."""
    return all(tagged.table(other) == tagged.table(mark) for other in tagged.marks("T")) and singular_said(tagged, mark)


_UNCOUNTED = frozenset(
    {"staff", "personnel", "people", "aircraft", "crew", "livestock", "cattle", "equipment", "series"}
)
"""Words that are the same of one and of many."""


def singular_said(tagged: Tagged, mark: str) -> bool:
    """Whether a table is said in the singular: one of its rows."""
    said = tagged.said(mark).split()[-1].removesuffix("'s").removesuffix("'")
    if said in _UNCOUNTED:
        return re.search(rf"\b{ONE_OF_MANY} {mark}\b", tagged.text) is not None
    return singular(said) == said


def _read_equalities(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows, *, grouping: bool) -> None:
    for match in _VALUE.finditer(tagged.text):
        place = tagged.column(match["mark"], focus)
        if place is not None:
            tagged.take(match)
            rows.add(place, "=", "", "text", match["value"].strip('"'))
            tagged.use(match["mark"])
    patterns = (_EQUAL, _TAKEN) if grouping else (_EQUAL, _TAKEN, _BY_COLUMN)
    for pattern in patterns:
        for match in pattern.finditer(tagged.text):
            mark = match["mark"]
            if int(mark[1:]) in tagged.used or (place := tagged.column(mark, focus)) is None or place in rows.groups:
                continue
            if pattern is _BY_COLUMN and place == rows.order:
                continue
            if {"each", "every"}.intersection(match[0].split()):
                # no value is given: one row of each is wanted, or figures by it
                continue
            kind = tables.column(place).type
            name = column_identifier(place.column)
            label = tables.label(place.table) == place
            tagged.take(match)
            rows.add(place, "contains" if label and kind == "text" else "=", name, kind)
            tagged.use(mark)


def _read_flags(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    """Yes-or-no columns stand for the rows where they hold: "active employees", "visits that are not paid"."""
    for mark in tagged.marks("C", unused=True):
        place = tagged.column(mark, focus)
        if place is None or not flag_like(tables, place):
            continue
        around = re.search(
            rf"(?:(?:that|which|who|and|but) (?:\w+ ){{0,3}}{mark}\b)|{mark} T\d+|{mark} (?=C\d)|T\d+ {mark}\b"
            rf"|\bonly {mark}\b|\b{mark} ones?\b",
            tagged.text,
        )
        if around is None and with_its_things(tagged, mark, place.table):
            around = re.search(rf"\b{mark}\b", tagged.text)
        if around is not None or tagged.negated(mark):
            holds = not tagged.negated(mark)
            rows.add(place, "=", "", "boolean", holds if tables.column(place).type == "boolean" else int(holds))
            tagged.use(mark)
            tagged.take_mark(mark)


def _read_ranges(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    for match in _BETWEEN.finditer(tagged.text):
        words = match[0].split()
        said = match["date"]
        if words[0] == "between" and re.search(r"\bF\d+\s+between\s*$", tagged.text[: match.start() + 8]):
            continue
        if words[0] != "between" and not {"range", "period", "interval", "window"} & set(words):
            continue
        place = None
        if said and said[0] == "C":
            place = tagged.column(said, [table, *focus])
            if place is not None and tables.column(place).type == "text":
                continue
            tagged.use(said)
        before = re.findall(r"\bC\d+\b", tagged.text[: match.start()])[-1:]
        near = tagged.column(before[0], [table, *focus]) if before else None
        wanted = ("number", "integer") if _OF_NUMBERS.search(match[0]) else ("date",)
        if near is not None and tables.column(near).type in wanted:
            place = near
            tagged.use(before[0])
        elif _OF_NUMBERS.search(match[0]):
            continue
        place = place or tables.order(table)
        if place is None:
            continue
        kind = tables.column(place).type
        word = "date" if kind == "date" else column_identifier(place.column)
        tagged.take(match)
        rows.add(place, ">=", f"start_{word}", kind)
        rows.add(place, "<=", f"end_{word}", kind)


def _read_comparisons(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    for words, sign in _MORE:
        pattern = rf"(?P<mark>C\d+)\s+(?:{_VERBS}\s+)*(?P<not>not\s+)?{words}\s+{_SOMETHING}"
        found = list(re.finditer(pattern, tagged.text))
        if sign in (">=", "<=") and "least" in words + "least" * (sign == "<="):
            more = "more|higher|better|above|greater|over|upwards" if sign == ">=" else "less|lower|below|under|fewer"
            found += re.finditer(
                rf"(?P<mark>C\d+)\s+(?:{_VERBS}\s+)*(?P<not>not\s+)?(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<percent>%)?\s+(?:or|and)\s+(?:{more})\b",
                tagged.text,
            )
        for match in found:
            mark = match["mark"]
            place = tagged.column(mark, focus)
            if int(mark[1:]) in tagged.used or place is None:
                continue
            kind = tables.column(place).type
            dated = match["number"] is not None and match["number"].count("-") == 2
            if kind == "date" and match["number"] and not dated:
                continue
            if dated and kind != "date" and not _YEARS.intersection(words_of_name(place.column)):
                continue
            if kind not in ("number", "integer", "date") or (
                _is_time(words) and kind != "date" and not dated and "year" not in words_of_name(place.column)
            ):
                continue
            if match["percent"] and not percent_of(place):
                continue
            tagged.use(mark)
            tagged.take(match)
            for other in re.findall(r"\bC\d+\b", match[0][len(mark) :]):
                tagged.use(other)
            opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
            rows.add(place, opposite[sign] if match["not"] else sign, column_identifier(place.column), kind,
                     _fixed(match["number"], match["percent"] if percent_of(place) == 100 else None, kind))  # fmt: skip


_OF_DATES = re.compile(
    rf"(?P<words>after|later than|since|starting from|before|earlier than|prior to|until)\s+{_D}*(?:(?P<mark>C\d+)"
    r"|(?P<plain>date|day)|(?P<fixed>\d{4}-\d{2}-\d{2}))\b"
)


def _read_dates(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    """Comparisons with a date that name no column: "visits after a given date"."""
    if any(
        one.input and tables.column(Place(table=one.table, column=one.column)).type == "date" for one in rows.filters
    ):
        return
    for match in _OF_DATES.finditer(tagged.text):
        place = tagged.column(match["mark"], [table, *focus]) if match["mark"] else tables.order(table)
        if (
            place is None
            or tables.column(place).type != "date"
            or any(one.column == place.column for one in rows.filters)
            or tagged.is_taken(match.start())
        ):
            continue
        sign = next(sign for words, sign in _MORE if re.fullmatch(words, match["words"]))
        if match["mark"]:
            tagged.use(match["mark"])
        tagged.take(match)
        rows.add(place, sign, column_identifier(place.column), "date", match["fixed"])


def _read_more_than(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    """Comparisons that name their column last: "employees who earn more than a given salary"."""
    for words, sign in _MORE[:4]:
        for match in re.finditer(
            rf"(?<!not ){words}\s+{_D}*(?:given\s+)?(?:[a-z]+\s+(?:in|of)\s+)?(?P<mark>C\d+)\b", tagged.text
        ):
            place = tagged.column(match["mark"], focus)
            if re.search(rf"\b(?:their|its|his|her|over the)\s+{match['mark']}$", match[0]):
                # what a thing has itself, no value that a caller gives
                continue
            if place is None or int(match["mark"][1:]) in tagged.used or tables.column(place).type not in _NUMERIC:
                continue
            if re.search(rf"(?:{words}|the|its|their) {match['mark']}$", match[0]) and _LIMITS.intersection(
                words_of_name(place.column)
            ):
                # "parts below minimum stock" compares with what is stored
                continue
            tagged.use(match["mark"])
            tagged.take(match)
            rows.add(place, sign, column_identifier(place.column), tables.column(place).type)


def _is_time(words: str) -> bool:
    return "after" in words or "before" in words


def _fixed(number: str | None, percent: str | None, kind: str) -> JsonValue:
    if number is None:
        return None
    if kind == "date":
        return number if "-" in number else None
    number = number[:4] if re.fullmatch(r"\d{4}-\d{2}-\d{2}", number) else number
    value = float(number.replace(",", "")) / (100 if percent else 1)
    return int(value) if value.is_integer() else value
