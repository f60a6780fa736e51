"""Counts by things of which some have no rows: these count 0 where every thing is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.measures import Measure
from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged

__all__ = ["with_empty"]

_EVERY = re.compile(r"\b(?:each|every|all)\s+(?:of\s+)?(?:the\s+|our\s+|my\s+)*T\d+\b")
_EMPTY_TOO = re.compile(
    r"\b(?:including|include|includes|also|even|as well as|with|plus|incl|and|count|show|list)\b(?:\s+(?:the"
    r"|those|ones|all|also|even"
    r"|[TC]\d+|for|that|which|who|have|has|with|are|is))*\s+(?:without|with no|no|none|0|zero|empty"
    r"|nothing)\b(?:\s+(?:any|[FTC]\d+))*"
)


def with_empty(
    tagged: Tagged, tables: Tables, rows: Rows, measures: Sequence[Measure], *, forced: bool
) -> list[tuple[int, int]] | None:
    """The places of the text that say so, where things without rows are to be counted with 0; None where not.

    Only counts of rows that nothing else restricts can be so.
    """
    said = [match.span() for match in _EMPTY_TOO.finditer(tagged.text)]
    thing = rows.group_table
    if not thing or rows.entity or not (forced or said or _EVERY.search(tagged.text)):
        return None
    counted = {one.place.table for one in measures}
    if any(one.function != "count" for one in measures) or len(counted) != 1 or thing in counted:
        return None
    asked = [*(one.table for one in rows.filters), *(one.left.table for one in rows.compared)]
    asked += [one.table for one in rows.groups]
    if any(tables.path(thing, one, upwards=True) is None for one in asked):
        return None
    return said
