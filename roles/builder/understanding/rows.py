"""Which rows a request is about: the thing that a caller names, filters, groups, order, how many, which columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from roles.builder.understanding.adjectives import value_before
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, ONE_OF_MANY, Tagged
from roles.builder.understanding.words import column_identifier, singular
from roles.engineering.specification import Filter, Input

__all__ = ["Rows", "read_rows"]

_D = DETERMINER
_GROUP = re.compile(rf"\b(?:per|by|(?:for|in|of|within|across|from|at)? ?(?:each|every|all the different)|grouped by"
                    rf"|broken down by|split by"
                    rf"|across)\s+{_D}*(?P<mark>[CT]\d+)\b(?:\s+and\s+(?P<more>C\d+)\b)?")  # fmt: skip
_ENTITY = re.compile(
    rf"\b(?:of|for|in|from|by|per|with|at|on|about|to|find|show|look up|lookup|fetch|get|retrieve"
    rf"|describe)\s+(?:the\s+)?"
    rf"(?:{ONE_OF_MANY}\s+)+(?P<mark>T\d+)\b"
)
_BY_ID = re.compile(
    r"\bby\s+(?:its\s+|their\s+|the\s+)?(?:id|number|key|identifier|primary key)\b|\b(?:with|for|from)\s+(?:an?|the"
    r"|its|given|a given)\s+(?:id|identifier)\b"
)
_EQUAL = re.compile(
    rf"\b(?:in|of|with|from|for|having|at|on|by|whose|where|and)\s+(?:the\s+)?(?:(?:{ONE_OF_MANY})\s+)+(?P<mark>C\d+)\b"
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
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|larger than|bigger than|longer than|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|shorter than|fewer than|beneath|<)", "<"),
    (r"(?:after|later than)", ">"), (r"(?:since|starting from|starting)", ">="),
    (r"(?:before|earlier than|prior to)", "<"),
    (r"(?:until|up to and including)", "<="),
)  # fmt: skip
_VERBS = r"(?:is|are|was|were|be|of|that|it|which|has|have|been)"
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
_OF_NUMBERS = re.compile(r"\b(?:value|number|amount|limit|figure)s?\b")
_HIGHEST = re.compile(
    rf"\b(?:most|highest|largest|biggest|greatest|best|longest|top|newest|latest)\s+{_D}*(?P<mark>C\d+)\b"
)
_LOWEST = re.compile(rf"\b(?:least|lowest|smallest|fewest|worst|shortest|cheapest)\s+{_D}*(?P<mark>C\d+)\b")
_CHEAPEST = re.compile(r"\b(?P<mark>C\d+)\b")
_SORTED = re.compile(
    rf"\b(?:sorted|ordered|order|sort|ranked"
    rf"|rank)\s+(?:(?:them|the|all|T\d+)\s+)*by\s+{_D}*(?P<mark>C\d+)(?P<rest>(?:\s+[a-z]+)?(?:\s+[a-z]+)?)"
)
_FIRST = re.compile(r"\b(?P<most>highest|largest|biggest|most expensive|longest|best)\s+first\b"
                    r"|\b(?:lowest|smallest|cheapest|shortest)\s+first\b")  # fmt: skip
_NEWEST = re.compile(r"\b(?:newest|latest|most recent|recent|last)\b")
_OLDEST = re.compile(r"\b(?:oldest|earliest|first come)\b")
_LIMIT = re.compile(
    r"\b(?:top|first|best|the|last|only|show|list|which|what|latest|newest)\s+(?P<number>\d{1,4})\b(?!\s*(?:%|and|,"
    r"|day|month|year))"
    r"|\b(?P<other>\d{1,4})\s+(?:most|highest|lowest|largest|smallest|newest|latest|oldest|best|cheapest|T\d+\s+with "
    r"the (?:most|"
    r"highest|lowest|largest|smallest))"
)
_NEGATIVE_LEVEL = 5


@dataclass(slots=True)
class Rows:
    """What was read of the rows."""

    entity: str = ""
    entity_by_key: bool = False
    groups: list[Place] = field(default_factory=list[Place])
    group_table: str = ""
    filters: list[Filter] = field(default_factory=list[Filter])
    inputs: list[Input] = field(default_factory=list[Input])
    order: Place | None = None
    descending: bool = False
    limit: int = 1_000
    limited: bool = False
    assumptions: list[str] = field(default_factory=list[str])

    def add(self, place: Place, comparison: str, name: str, kind: str, value: JsonValue = None) -> None:
        """Add a filter, by a fixed value or by an input of that name."""
        if value is not None:
            self.filters.append(
                Filter.model_validate(
                    {"table": place.table, "column": place.column, "comparison": comparison, "value": value}
                )
            )
            return
        name = _free(name, {one.name for one in self.inputs})
        described = name.replace("_", " ").capitalize()
        self.inputs.append(Input.model_validate({"name": name, "type": kind, "description": described}))
        self.filters.append(
            Filter.model_validate(
                {"table": place.table, "column": place.column, "comparison": comparison, "input": name}
            )
        )


def _free(name: str, taken: set[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def read_rows(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], *, grouping: bool) -> Rows:
    """Read all about the rows of `table`. `grouping`: figures over rows are asked for, which "per X" groups."""
    rows = Rows()
    _read_ranges(tagged, tables, table, focus, rows)
    _read_comparisons(tagged, tables, focus, rows)
    _read_dates(tagged, tables, table, focus, rows)
    _read_more_than(tagged, tables, focus, rows)
    _read_order(tagged, tables, table, focus, rows)
    _read_entity(tagged, tables, table, rows, grouping=grouping)
    if grouping:
        _read_groups(tagged, tables, table, focus, rows)
    _read_equalities(tagged, tables, focus, rows, grouping=grouping)
    _read_flags(tagged, tables, focus, rows)
    if (meant := value_before(tagged, tables, table)) is not None and not rows.entity:
        rows.add(meant[0], "contains", "", "text", meant[1])
        rows.assumptions.append(f"{meant[1]!r} is meant as a value of {meant[0].table}.{meant[0].column}")
    return rows


def _read_entity(tagged: Tagged, tables: Tables, table: str, rows: Rows, *, grouping: bool) -> None:
    for mark in tagged.marks("T"):
        if tagged.by_key(mark) and not rows.entity:
            rows.entity, rows.entity_by_key = tagged.table(mark), True
            tagged.use(mark)
    by_id = _BY_ID.search(tagged.text)
    if by_id is not None and not rows.entity:
        before = re.findall(r"\bT\d+\b", tagged.text[: by_id.start()])
        rows.entity = tagged.table(before[-1]) if before else table
        rows.entity_by_key = True
    for match in _ENTITY.finditer(tagged.text):
        mark = match["mark"]
        named = tagged.table(mark)
        words = match[0].split()
        if grouping and {"each", "every", "per"} & set(words[:-1]) and not rows.entity:
            continue
        if not rows.entity and (named != table or grouping or _alone(tagged, mark)):
            rows.entity = named
            tagged.use(mark)


def _alone(tagged: Tagged, mark: str) -> bool:
    """Whether no other table is asked about, so that one row of this one is wanted."""
    return all(tagged.table(other) == tagged.table(mark) for other in tagged.marks("T")) and singular_said(tagged, mark)


def singular_said(tagged: Tagged, mark: str) -> bool:
    """Whether a table is said in the singular: one of its rows."""
    said = tagged.said(mark).split()[-1].removesuffix("'s")
    return singular(said) == said


def _read_groups(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    if rows.entity and rows.entity_by_key:
        return
    for match in _GROUP.finditer(tagged.text):
        mark = match["mark"]
        if mark[0] == "C":
            for each in [mark, *([match["more"]] if match["more"] else [])]:
                place = tagged.column(each, focus)
                if place is not None and place not in rows.groups:
                    rows.groups.append(place)
                    tagged.use(each)
        elif tagged.table(mark) != table or not rows.groups:
            named = tagged.table(mark)
            if named == table:
                continue
            label = tables.label(named)
            rows.group_table = named
            for place in (label, Place(table=named, column=tables.key(named))):
                if place is not None and place not in rows.groups:
                    rows.groups.append(place)
            tagged.use(mark)


def _read_equalities(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows, *, grouping: bool) -> None:
    for match in _VALUE.finditer(tagged.text):
        place = tagged.column(match["mark"], focus)
        if place is not None:
            rows.add(place, "=", "", "text", match["value"].strip('"'))
            tagged.use(match["mark"])
    patterns = (_EQUAL, _TAKEN) if grouping else (_EQUAL, _TAKEN, _BY_COLUMN)
    for pattern in patterns:
        for match in pattern.finditer(tagged.text):
            mark = match["mark"]
            if int(mark[1:]) in tagged.used or (place := tagged.column(mark, focus)) is None or place in rows.groups:
                continue
            kind = tables.column(place).type
            name = column_identifier(place.column)
            label = tables.label(place.table) == place
            rows.add(place, "contains" if label and kind == "text" else "=", name, kind)
            tagged.use(mark)


def _read_flags(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    """Yes-or-no columns stand for the rows where they hold: "active employees", "visits that are not paid"."""
    for mark in tagged.marks("C", unused=True):
        place = tagged.column(mark, focus)
        if place is None or tables.column(place).type != "boolean":
            continue
        around = re.search(
            rf"(?:(?:that|which|who|and|but) (?:\w+ ){{0,3}}{mark}\b)|{mark} T\d+|T\d+ {mark}\b", tagged.text
        )
        if around is not None or tagged.negated(mark):
            rows.add(place, "=", "", "boolean", not tagged.negated(mark))
            tagged.use(mark)


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
        rows.add(place, ">=", f"start_{word}", kind)
        rows.add(place, "<=", f"end_{word}", kind)


def _read_comparisons(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    for words, sign in _MORE:
        pattern = rf"(?P<mark>C\d+)\s+(?:{_VERBS}\s+)*(?P<not>not\s+)?{words}\s+{_SOMETHING}"
        for match in re.finditer(pattern, tagged.text):
            mark = match["mark"]
            place = tagged.column(mark, focus)
            if int(mark[1:]) in tagged.used or place is None:
                continue
            kind = tables.column(place).type
            if kind not in ("number", "integer", "date") or (sign in (">", "<") and _is_time(words) and kind != "date"):
                continue
            tagged.use(mark)
            for other in re.findall(r"\bC\d+\b", match[0][len(mark) :]):
                tagged.use(other)
            opposite = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
            rows.add(place, opposite[sign] if match["not"] else sign, column_identifier(place.column), kind,
                     _fixed(match["number"], match["percent"], kind))  # fmt: skip


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
        ):
            continue
        sign = next(sign for words, sign in _MORE if re.fullmatch(words, match["words"]))
        if match["mark"]:
            tagged.use(match["mark"])
        rows.add(place, sign, column_identifier(place.column), "date", match["fixed"])


def _read_more_than(tagged: Tagged, tables: Tables, focus: Sequence[str], rows: Rows) -> None:
    """Comparisons that name their column last: "employees who earn more than a given salary"."""
    for words, sign in _MORE[:4]:
        for match in re.finditer(rf"(?<!not ){words}\s+{_D}*(?:given\s+)?(?P<mark>C\d+)\b", tagged.text):
            place = tagged.column(match["mark"], focus)
            if place is None or int(match["mark"][1:]) in tagged.used or tables.column(place).type not in _NUMERIC:
                continue
            tagged.use(match["mark"])
            rows.add(place, sign, column_identifier(place.column), tables.column(place).type)


def _is_time(words: str) -> bool:
    return "after" in words or "before" in words


def _fixed(number: str | None, percent: str | None, kind: str) -> JsonValue:
    if number is None:
        return None
    if kind == "date":
        return number if "-" in number else None
    value = float(number.replace(",", "")) / (100 if percent else 1)
    return int(value) if value.is_integer() else value


def _read_order(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    limit = _LIMIT.search(tagged.text)
    if limit is not None:
        rows.limit, rows.limited = max(1, int(limit["number"] or limit["other"])), True
    for pattern, descending in ((_HIGHEST, True), (_LOWEST, False), (_SORTED, False)):
        match = pattern.search(tagged.text)
        if match is None or (place := tagged.column(match["mark"], [table, *focus])) is None:
            continue
        rows.order, rows.descending = place, descending
        if pattern is _SORTED:
            rows.descending = "rank" in match[0] or any(
                word in match["rest"] for word in ("descending", "desc", "highest", "largest", "newest", "down")
            )
        elif _said_cheap(tagged, match["mark"]):
            rows.descending = not descending
        if not rows.limited and pattern is not _SORTED:
            rows.limit = 10
        return
    first = _FIRST.search(tagged.text)
    numeric = [place for mark in tagged.marks("C") if (place := tagged.column(mark, [table, *focus])) is not None
               and tables.column(place).type in ("number", "integer")]  # fmt: skip
    if first is not None and numeric:
        rows.order, rows.descending = numeric[-1], first["most"] is not None
        return
    for match in _CHEAPEST.finditer(tagged.text):
        if (
            tagged.said(match["mark"]).endswith("est")
            and (place := tagged.column(match["mark"], [table, *focus])) is not None
        ):
            rows.order, rows.descending = place, not _said_cheap(tagged, match["mark"])
            rows.limit = rows.limit if rows.limited else 10
            return
    for pattern, descending in ((_NEWEST, True), (_OLDEST, False)):
        if pattern.search(tagged.text) and (place := tables.order(table)) is not None:
            rows.order, rows.descending = place, descending
            return


def _said_cheap(tagged: Tagged, mark: str) -> bool:
    return tagged.said(mark).startswith("cheap")
