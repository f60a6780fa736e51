"""In which order rows are wanted, and how many of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.superlatives import read_superlative
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import DETERMINER, Tagged
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["read_order"]

_D = DETERMINER

_HIGHEST = re.compile(
    rf"\b(?:most|highest|largest|biggest|greatest|best|longest|top|newest|latest)\s+{_D}*(?P<mark>C\d+)\b"
)


_TOP_BY = re.compile(
    rf"\b(?P<how>top|best|highest|largest|biggest|most|leading|worst|lowest|bottom|smallest|least"
    rf"|cheapest)\s+(?:\d+\s+)?{_D}*"
    rf"(?:T\d+)\s+(?:by|in terms of|according to|based on|ranked by|ordered by|measured by|with the (?:highest"
    rf"|most|largest|lowest|smallest))\s+{_D}*(?P<mark>C\d+)\b"
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
    r"\b(?:top|first|best|worst|the|last|only|show|list|which|what|latest|newest|oldest|largest|biggest|highest"
    r"|smallest|lowest"
    r"|longest|shortest|heaviest|bottom|cheapest|dearest|earliest|greatest|get|give me"
    r"|find)\s+(?P<number>\d{1,4})\b(?!\s*(?:%|and|,"
    r"|day|month|year))"
    r"|\b(?P<other>\d{1,4})\s+(?:most|highest|lowest|largest|smallest|newest|latest|oldest|best|cheapest|T\d+\s+with "
    r"the (?:most|"
    r"highest|lowest|largest|smallest))"
)


_SO_MANY = re.compile(r"\b(?P<mark>C\d+)\s+(?P<number>\d{1,4})\s+T\d+\b")
""" "The cheapest 3 rooms"."""


_ONE_VALUE = re.compile(r" (?:known |recorded )?C\d+ (?:of|for) (?:an?|the|one|any|given) ")
""" "The latest price of a fund": one row counts, where nothing is said in the plural."""


_ORDER_ONLY = re.compile(
    r"(?: (?:ones?|T\d+|C\d+))? (?:(?:come |coming |goes |go |listed |shown )?first(?! \d)|(?:at|on|to) (?:the )?top"
    r"|down to|to (?:the )?(?:least|most|lowest|highest|smallest|largest|[CT]\d+))\b"
)
""" "Most expensive first", "cheapest at the top": an order of all rows, and no choice among them."""


def _at_most(tagged: Tagged, rows: Rows, match: re.Match[str]) -> int:
    """How many rows an order leaves that tells no number: all where it is an order only, else the first ten."""
    return rows.limit if rows.limited or _ORDER_ONLY.match(tagged.text[match.end() :]) else 10


def read_order(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    """Read by what the rows of `table` are ordered, and how many of them are wanted."""
    limit = _LIMIT.search(tagged.text)
    if limit is None:
        limit = next((one for one in _SO_MANY.finditer(tagged.text) if tagged.said(one["mark"]).endswith("est")), None)
    if limit is not None:
        rows.limit, rows.limited = (
            max(1, int(limit["number"] or limit["other"]) if limit.re is _LIMIT else int(limit["number"])),
            True,
        )
        tagged.take(limit)
    near = [table, *focus]
    if (
        read_superlative(tagged, tables, table, near, rows)
        or _of_price(tagged, tables, table, rows)
        or _of_the_top(tagged, near, rows)
        or _of_extremes(tagged, tables, near, rows)
        or _of_first(tagged, tables, near, rows)
    ):
        return
    for pattern, descending in ((_NEWEST, True), (_OLDEST, False)):
        if (match := pattern.search(tagged.text)) is not None and (place := tables.order(table)) is not None:
            rows.order, rows.descending = place, descending
            tagged.take(match)
            rows.latest = _ONE_VALUE.match(tagged.text[match.end() :]) is not None
            thing = re.match(r" (T\d+)\b", tagged.text[match.end() :])
            if (
                thing is not None
                and not rows.limited
                and tagged.table(thing[1]) == table
                and _in_singular(tagged, thing[1])
            ):
                # "the last visit" is one
                rows.limit, rows.limited = 1, True
            return


_PRICES = word_set("price cost rate fee fare charge amount rent")
_SO_DEAR = re.compile(
    r"\b(?:(?P<most>most|least) )?(?P<mark>C\d+) (?:\d{1,4} )?(?P<thing>T\d+)\b"
    r"|\b(?P<number>\d{1,4}) (?:(?P<most_2>most|least) )(?P<mark_2>C\d+) (?P<thing_2>T\d+)\b"
)


def priced(tagged: Tagged, tables: Tables, mark: str, table: str) -> Place | None:
    """What a thing costs: the column of its table that a word such as "cheapest" means, else its one price."""
    place = tagged.column(mark, [table])
    if place is not None and place.table == table:
        return place
    columns = [
        Place(table=table, column=one.name)
        for one in tables.tables[table].columns
        if one.type in ("number", "integer") and _PRICES.intersection(words_of_name(one.name))
    ]
    dear = re.match(r"cheap|pric|expensive|costl|dear", tagged.said(mark)) is not None
    return columns[0] if dear and len(columns) == 1 else None


def _of_price(tagged: Tagged, tables: Tables, table: str, rows: Rows) -> bool:
    """ "The cheapest 3 rooms", "the most expensive rooms"."""
    for match in _SO_DEAR.finditer(tagged.text):
        mark, thing = match["mark"] or match["mark_2"], match["thing"] or match["thing_2"]
        most = match["most"] or match["most_2"]
        if (
            int(mark[1:]) in tagged.used
            or tagged.table(thing) != table
            or not (most or tagged.said(mark).endswith("est"))
        ):
            continue
        place = priced(tagged, tables, mark, table)
        if place is None or tables.column(place).type not in ("number", "integer"):
            continue
        rows.order, rows.descending = place, most != "least" and not _said_cheap(tagged, mark)
        rows.limit = 1 if not rows.limited and _in_singular(tagged, thing) else _at_most(tagged, rows, match)
        rows.shown.append(mark) if tagged.column(mark, [table]) == place else None
        tagged.use(mark)
        tagged.take(match)
        return True
    return False


def _in_singular(tagged: Tagged, thing: str) -> bool:
    """Whether one thing is wanted: "the cheapest room"."""
    said = tagged.said(thing).split()[-1]
    return singular(said) == said


def _of_the_top(tagged: Tagged, near: Sequence[str], rows: Rows) -> bool:
    """ "Top 3 admissions by charges"."""
    top = _TOP_BY.search(tagged.text)
    place = tagged.column(top["mark"], near) if top is not None else None
    if top is None or place is None:
        return False
    rows.order = place
    rows.descending = top["how"] not in ("worst", "lowest", "bottom", "smallest", "least", "cheapest")
    rows.limit = rows.limit if rows.limited else 10
    rows.shown.append(top["mark"])
    tagged.use(top["mark"])
    tagged.take(top)
    return True


def _of_extremes(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> bool:
    """ "The highest prices", "sorted by price"."""
    for pattern, descending in ((_HIGHEST, True), (_LOWEST, False), (_SORTED, False)):
        match = pattern.search(tagged.text)
        if match is None or (place := tagged.column(match["mark"], near)) is None:
            continue
        if match[0].startswith(("latest", "newest")) and tables.column(place).type != "date":
            # "the latest price" is that of the latest row
            continue
        rows.order, rows.descending = place, descending
        tagged.take(match)
        if pattern is _SORTED:
            rows.descending = "rank" in match[0] or any(
                word in match["rest"] for word in ("descending", "desc", "highest", "largest", "newest", "down")
            )
        elif _said_cheap(tagged, match["mark"]):
            rows.descending = not descending
        if pattern is not _SORTED:
            rows.limit = _at_most(tagged, rows, match)
        return True
    return False


def _of_first(tagged: Tagged, tables: Tables, near: Sequence[str], rows: Rows) -> bool:
    """ "Highest first", "the cheapest"."""
    first = _FIRST.search(tagged.text)
    places = [place for mark in tagged.marks("C") if (place := tagged.column(mark, near)) is not None]
    numeric = [place for place in places if tables.column(place).type in ("number", "integer")]
    if first is not None and numeric:
        rows.order, rows.descending = numeric[-1], first["most"] is not None
        tagged.take(first)
        return True
    for match in _CHEAPEST.finditer(tagged.text):
        place = tagged.column(match["mark"], near)
        if place is not None and tagged.said(match["mark"]).endswith("est"):
            rows.order, rows.descending = place, not _said_cheap(tagged, match["mark"])
            rows.limit = _at_most(tagged, rows, match)
            return True
    return False


def _said_cheap(tagged: Tagged, mark: str) -> bool:
    return tagged.said(mark).startswith("cheap")
