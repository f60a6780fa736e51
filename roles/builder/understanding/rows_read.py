"""What was read of the rows that a request is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from roles.builder.understanding.requirements import Compared, Place
from roles.engineering.specification import Filter, Input

__all__ = ["COMPARISONS", "Rows"]

COMPARISONS = (
    (r"(?:at least|no less than|not less than|no fewer than|a minimum of|minimum|>=|≥)", ">="),
    (r"(?:at most|no more than|not more than|up to|a maximum of|maximum|<=|≤)", "<="),
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|exceeds|larger than|bigger than|longer than"
     r"|in excess of|later than|after|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|shorter than|fewer than|beneath|earlier than|before"
     r"|<)", "<"),
)  # fmt: skip
"""Words that compare, with what they mean; a pattern for each."""


@dataclass(slots=True)
class Rows:
    """What was read of the rows.

    `by_label`: the one thing is found by its name. `shown` are marks of
    columns that conditions named.
    """

    entity: str = ""
    entity_by_key: bool = False
    by_label: bool = False
    groups: list[Place] = field(default_factory=list[Place])
    group_table: str = ""
    filters: list[Filter] = field(default_factory=list[Filter])
    compared: list[Compared] = field(default_factory=list[Compared])
    shown: list[str] = field(default_factory=list[str])
    inputs: list[Input] = field(default_factory=list[Input])
    order: Place | None = None
    descending: bool = False
    limit: int = 1_000
    limited: bool = False
    assumptions: list[str] = field(default_factory=list[str])

    def add(self, place: Place, comparison: str, name: str, kind: str, value: JsonValue = None) -> None:
        """Add a filter, by a fixed value or by an input of that name."""
        where: dict[str, JsonValue] = {"table": place.table, "column": place.column, "comparison": comparison}
        if value is not None:
            self.filters.append(Filter.model_validate(where | {"value": value}))
            return
        name = _free(name, {one.name for one in self.inputs})
        described = name.replace("_", " ").capitalize()
        self.inputs.append(Input.model_validate({"name": name, "type": kind, "description": described}))
        self.filters.append(Filter.model_validate(where | {"input": name}))

    def add_null(self, place: Place, *, known: bool) -> None:
        """Add a filter by whether a column holds anything."""
        given = {"table": place.table, "column": place.column, "comparison": "!=" if known else "="}
        self.filters.append(Filter.model_validate(given))

    def add_moment(self, place: Place, comparison: str, moment: str) -> None:
        """Add a filter by a time that depends on the day."""
        given = {"table": place.table, "column": place.column, "comparison": comparison, "moment": moment}
        self.filters.append(Filter.model_validate(given))


def _free(name: str, taken: set[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
