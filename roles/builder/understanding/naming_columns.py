"""Names for the columns of queries: short, and none of them twice."""

from __future__ import annotations

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import column_identifier

__all__ = ["RESERVED", "column_name", "free_name"]

RESERVED = frozenset(
    {
        "mode",
        "validation_status",
        "failed_rules",
        "analysis",
        "suggestions",
        "report",
        "row_count",
        "adjustments",
        "arithmetic",
    }
)
"""Names that mean something in every agent."""


def column_name(place: Place, tables: Tables, base: str, taken: set[str]) -> str:
    """The name of a column in the rows of a query of `base`."""
    plain = place.part or column_identifier(place.column)
    one = tables.one(place.table)
    owned = plain if plain.startswith(one) else f"{one}_{plain}"[:48]
    if plain in ("id", "key") or (place.table != base and plain in ("name", "title", "code")) or plain in taken:
        plain = owned
    return free_name(plain, taken)


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    found, number = name, 2
    while found in taken or found in RESERVED:
        found, number = f"{name[:44]}_{number}", number + 1
    return found
