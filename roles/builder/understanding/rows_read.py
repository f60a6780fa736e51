"""What was read of the rows that a request is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from common.language.words import word_set
from roles.builder.understanding.requirements import Compared, Place
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import words_of_name
from roles.engineering.specification import Filter, Input

__all__ = ["COMPARISONS", "Rows", "percent_of"]

COMPARISONS = (
    (r"(?:at least|no less than|not less than|no fewer than|a minimum of|minimum|>=|≥)", ">="),
    (r"(?:at most|no more than|not more than|up to|a maximum of|maximum|<=|≤)", "<="),
    (r"(?:above|over|more than|greater than|higher than|exceed|exceeding|exceeds|larger than|bigger than|longer than"
     r"|in excess of|later than|after|heavier than|slower than|taller than|wider than|deeper than|costlier than"
     r"|dearer than|pricier than|more expensive than|>)", ">"),
    (r"(?:below|under|less than|lower than|smaller than|shorter than|fewer than|beneath|earlier than|before"
     r"|lighter than|faster than|quicker than|cheaper than|less expensive than|<)", "<"),
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
    latest: bool = False
    """The one row that comes first in time, or last, is wanted."""
    assumptions: list[str] = field(default_factory=list[str])

    def add(self, place: Place, comparison: str, name: str, kind: str, value: JsonValue = None) -> None:
        """Add a filter, by a fixed value or by an input of that name."""
        if isinstance(value, str) and kind == "date" and moment_of(value):
            self.add_moment(place, comparison, moment_of(value))
            return
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

    def add_given_moment(self, place: Place, comparison: str, unit: str, *, ahead: bool) -> None:
        """Add a filter by a time so many days, weeks, months or years from today as the caller says."""
        if unit not in {one.name for one in self.inputs}:
            described = f"Number of {unit}"
            most = {"days": 36_500, "weeks": 5_200, "months": 1_200, "years": 100}[unit]
            self.inputs.append(Input(name=unit, type="integer", description=described, minimum=0, maximum=most))
        steps = {"days": "day", "weeks": "day", "months": "months", "years": "months"}[unit]
        step = {"weeks": 7, "years": 12}.get(unit, 1)
        moment = f"{steps}{'+' if ahead else '-'}{step}"
        given = {"table": place.table, "column": place.column, "comparison": comparison, "moment": moment}
        self.filters.append(Filter.model_validate(given | {"input": unit}))

    def add_default_span(self, place: Place, start: str, end: str) -> None:
        """Add a filter by two dates that the caller may give; where not, these count. Twice the same is once."""
        for name, sign, value in (("start_date", ">=", start), ("end_date", "<=", end)):
            if name in {one.name for one in self.inputs}:
                continue
            described = f"{name.replace('_', ' ').capitalize()} of the period"
            self.inputs.append(Input(name=name, type="date", description=described, required=False, default=value))
            given = {"table": place.table, "column": place.column, "comparison": sign, "input": name}
            self.filters.append(Filter.model_validate(given))

    def add_lacking(self, key: Place) -> None:
        """Add that no row of a table belongs to a thing: its key is not there."""
        self.add_null(key, known=False)

    def add_moment(self, place: Place, comparison: str, moment: str) -> None:
        """Add a filter by a time that depends on the day."""
        given = {"table": place.table, "column": place.column, "comparison": comparison, "moment": moment}
        self.filters.append(Filter.model_validate(given))


_SHARES = word_set(
    """rate share fraction ratio margin discount interest occupancy vacancy tax utilisation utilization yield growth
    haircut commission probability attendance quota coverage turnover return roi dscr ltv dti weight"""
)


def percent_of(place: Place) -> int:
    """What a number in percent is divided by: 1 for ``fat_percent``, 100 for a rate, 0 where that can't be told."""
    words = set(words_of_name(place.column))
    if words & {"percent", "pct", "percentage", "perc"}:
        return 1
    return 100 if words & _SHARES else 0


def _free(name: str, taken: set[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
