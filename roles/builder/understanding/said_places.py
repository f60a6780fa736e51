"""What the place of a mark in a text tells: that a column is one of a list, that a flag goes with its things."""

from __future__ import annotations

import re

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["in_shown_list", "with_its_name", "with_its_things"]

_INPUTS = re.compile(r"\b(?:inputs?|arguments?|parameters?|takes?|taking|enter|provide)\b[^.;]*$")


def in_shown_list(text: str, mark: str) -> bool:
    """Whether a mark stands in a list of columns behind a colon: "slow tickets: ticket id, priority"."""
    heading, colon, items = text[: text.index(mark)].rpartition(":")
    behind = text[text.index(mark) + len(mark) :]
    return (
        bool(colon)
        and re.fullmatch(r"\s*(?:(?:the\s+)?[CTF]\d+\s*(?:,|and)\s*)*(?:the\s+)?", items) is not None
        and re.match(r"\s*(?:,|and\b)\s*(?:the\s+)?[CTF]\d", behind) is not None
        and _INPUTS.search(heading) is None
    )


def with_its_name(tables: Tables, place: Place) -> list[Place]:
    """A column that leads to another table with what its rows are called there, where one key alone leads there."""
    links = [join for join in tables.joins if join.left_table == place.table]
    led = next((join.right_table for join in links if join.left_column == place.column), "")
    clear = len(tables.links(place.table, led)) == 1 or tables.meant.get((place.table, led)) == place.column
    label = tables.label(led) if led and clear else None
    return [one for one in (label, place) if one is not None]


def with_its_things(tagged: Tagged, mark: str, table: str) -> bool:
    """Whether the things are said together with their flag: "vehicles in service"."""
    first = tagged.said(mark).split()[0]
    return singular(first) != first and singular(first) == words_of_name(table.rpartition(".")[2])[-1]
