"""What the place of a mark in a text tells: that a column is one of a list, that a flag goes with its things."""

from __future__ import annotations

import re

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["in_shown_list", "with_its_name", "with_its_things", "words_at"]

_INPUTS = re.compile(r"\b(?:inputs?|arguments?|parameters?|takes?|taking|enter|provide)\b[^.;]*$")


_ROW = re.compile(
    r"(?:(?:(?:the|their|its|his|her) )*[CTF]\d+ (?:, and|,|and|plus) )+(?:(?:the|their|its|his|her) )*[CTF]\d+\b"
)
_GIVEN = re.compile(
    r"\b(?:by|for|of|from|in|on|at|to|per|each|every|where|whose|given|takes?|taking|enter|inputs?|arguments?|parameters?"
    r"|provide|an?|any|one|certain|between|than|using|are|is|:) ?$"
)


def _in_row(text: str, mark: str) -> bool:
    """Whether a mark stands in a row of columns before which nothing says that callers give them."""
    return any(mark in row[0].split() and _GIVEN.search(text[: row.start()]) is None for row in _ROW.finditer(text))


def in_shown_list(text: str, mark: str) -> bool:
    """Whether a mark stands in a list of columns, or behind a colon: "slow tickets: ticket id, priority"."""
    if _in_row(text, mark):
        return True
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


def _as_said(match: re.Match[str]) -> str:
    return "in that time" if moment_of(match[1]) else f"from {match[1]} to {match[2]}"


def words_at(tagged: Tagged, start: int, end: int) -> str:
    """The words of a place of the marked text, as they were said."""
    start = tagged.text.rfind(" ", 0, max(0, start)) + 1 if start > 0 else 0
    part = re.sub(r"\bspan (\S+) (\S+)", _as_said, tagged.text[start:end].strip(" ,."))
    return re.sub(r"\b[RDFCT]\d+\b", lambda mark: tagged.said(mark[0]), part)
