"""Things that have none of others: "members without loans", "products that were never ordered"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import words_of_name

__all__ = ["alike", "read_lacking"]

_LINK = (
    r"(?:is|are|was|were|has|have|had|been|be|that|which|who|do|did|does|doe|got|get|having|not|with|still|so|far|yet)"
)
_WITHOUT = re.compile(
    rf"\b(?P<mark>T\d+)\s+(?:{_LINK}\s+)*(?P<how>without|no|lacking|lack|0|never\s+(?:had|have|has|made|placed|got"
    rf"|received|taken|given)|don't have|doesn't have|didn't have|haven't had|(?<=not )have|(?<=not )had)\s+"
    r"(?:an?\s+|any\s+|single\s+|of\s+the\s+|the\s+|at\s+all\s+)*(?P<other>T\d+)\b"
)
_RESTRICTED = re.compile(
    r"\s+(?:[CT]\d|in\b|since\b|span\b|after\b|before\b|of\b|from\b|lately\b|whose|that|which|with a)"
)
_NEVER = re.compile(
    rf"\b(?P<mark>T\d+)\s+(?:{_LINK}\s+)*(?:never|haven't|hasn't|weren't|wasn't|(?<=not )been)\s+"
    r"(?:been\s+|yet\s+|ever\s+)*(?P<verb>C\d+|[a-z]+)\b(?:\s+(?:an?|any|the)\s+(?P<other>T\d+)\b)?"
)
_UN = re.compile(
    rf"\b(?P<mark>T\d+)\s+(?:{_LINK}\s+)*un(?P<verb>[a-z]{{3,}})\b|\bun(?P<before>[a-z]{{3,}})"
    rf" (?P<mark_2>T\d+)\b"
)
""" "Houses that are unsold"."""
_ACTS = {"borrowed": "loan", "lent": "loan", "sold": "sale", "bought": "purchase", "ordered": "order",
         "booked": "booking", "rented": "rental", "visited": "visit", "reviewed": "review", "used": "usage",
         "watched": "view", "repaired": "repair", "loaned": "loan", "paid": "payment", "reserved": "reservation",
         "driven": "trip", "applied": "application", "admitted": "admission", "enrolled": "enrollment",
         "gave": "gift", "given": "gift", "donated": "donation",
         "bid": "bid", "lost": "loss", "flew": "flight", "flown": "flight", "studied": "study"}  # fmt: skip


def alike(verb: str, table: str) -> bool:
    """Whether the rows of a table are what a verb tells: "borrowed" is told by loans."""
    words = words_of_name(table)
    return _ACTS.get(verb, "") in words or any(word[:4] == verb[:4] for word in words)


def read_lacking(tagged: Tagged, tables: Tables, table: str, rows: Rows) -> None:
    """Add that the rows of `table` have none of those of a table that leads to it by one key."""
    children = [one for one in tables.tables if one != table and len(tables.links(one, table)) == 1]
    for match in _WITHOUT.finditer(tagged.text):
        other = tagged.table(match["other"])
        if tagged.table(match["mark"]) == table and other in children and not tagged.by_key(match["other"]):
            if _RESTRICTED.match(tagged.text[match.end() :]):
                # which of them there are none of would have to be told apart
                continue
            rows.add_lacking(Place(table=other, column=tables.key(other)))
            tagged.use(match["other"])
            tagged.take(match)
    for match in _UN.finditer(tagged.text):
        told = [one for one in children if alike(match["verb"] or match["before"], one)]
        if tagged.table(match["mark"] or match["mark_2"]) == table and len(told) == 1:
            rows.add_lacking(Place(table=told[0], column=tables.key(told[0])))
            tagged.take(match)
    _read_never(tagged, tables, table, children, rows)


def _read_never(tagged: Tagged, tables: Tables, table: str, children: Sequence[str], rows: Rows) -> None:
    """ "Products that were never ordered"."""
    for match in _NEVER.finditer(tagged.text):
        if tagged.table(match["mark"]) != table:
            continue
        verb = tagged.said(match["verb"]) if match["verb"][0] == "C" else match["verb"]
        if match["verb"][0] == "C" and any(
            one.place is not None and one.place.table == table for one in tagged.span(match["verb"]).meanings
        ):
            continue
        told = [one for one in children if alike(verb, one)]
        if match["other"] is not None and tagged.table(match["other"]) in children:
            told = [tagged.table(match["other"])]
        elif match["other"] is not None:
            told = [one for one in told if tables.path(one, tagged.table(match["other"]), upwards=True) is not None]
        if len(told) != 1:
            continue
        rows.add_lacking(Place(table=told[0], column=tables.key(told[0])))
        for mark in (match["verb"], match["other"] or ""):
            if mark[:1] in ("C", "T"):
                tagged.use(mark)
        tagged.take(match)
