"""The one thing that a caller names by what people call it, and not by its number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roles.builder.understanding.rows_read import Rows
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier

__all__ = ["read_label"]

_BY_LABEL = re.compile(
    r"\b(?:by|given|from|for|with|using|based on|taking|takes|input is|inputs are|enter)\s+(?:an?\s+|the\s+"
    r"|its\s+|their\s+|his\s+|her\s+)*(?P<mark>C\d+)\b"
)
_IN_BRACKETS = re.compile(
    r"\b(?:an?|any|one|given|certain|specific|particular|chosen) (?P<thing>T\d+) \( (?:(?:by|its|the|given|as"
    r"|use|using) )*(?P<mark>C\d+)(?: (?:is|as|an|the|input|given|parameter|argument))*"
    r" \)"
)
""" "Of an owner (owner name)"."""


def read_label(tagged: Tagged, tables: Tables, table: str, focus: Sequence[str], rows: Rows) -> None:
    """ "By its name": the thing is named by what people call it, not by its number."""
    if rows.entity_by_key:
        return
    ways = [*_IN_BRACKETS.finditer(tagged.text), *(() if rows.groups else _BY_LABEL.finditer(tagged.text))]
    above = [one for one in tables.tables if tables.path(table, one, upwards=True) is not None]
    wanted = [rows.entity] if rows.entity else list(dict.fromkeys([table, *focus, *above]))
    for match in ways:
        place = tagged.column(match["mark"], [*wanted, *focus])
        if place is None or place.table not in wanted or tables.label(place.table) != place:
            continue
        same = [one for one in rows.filters if (one.table, one.column) == (place.table, place.column)]
        if not same:
            if int(match["mark"][1:]) in tagged.used or (
                not rows.entity and match.re is _BY_LABEL and not match[0].startswith("by")
            ):
                continue
            rows.add(place, "contains", column_identifier(place.column), "text")
        if match.re is _IN_BRACKETS:
            rows.groups.clear()
            rows.group_table = ""
        rows.entity, rows.by_label = "", True
        tagged.use(match["mark"])
        tagged.take(match)
        return
