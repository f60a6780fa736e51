"""The queries of a specification: columns, filters, joins, sets of rows, and figures that look at other groups."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import SkipJsonSchema

__all__ = [
    "Filter", "FilterGroup", "Identifier", "Join", "Leading", "Over", "Part", "Query", "Related", "RowSet",
    "Selected", "ValueType", "selected_type",
]  # fmt: skip

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,47}")
_NAMES = re.compile(r"\b[a-z][a-z0-9_]*\b(?!\s*\()")

ValueType = Literal["number", "integer", "text", "date", "boolean"]


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value) or keyword.iskeyword(value):
        raise ValueError(f"{value!r} is no plain lower-case identifier")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]


class Part(BaseModel):
    """A part of a specification."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Join(Part):
    """A foreign key that queries may follow: ``left_table.left_column = right_table.right_column``.

    `outer`: rows of the query's tables stay where the joined table has none for them; its columns are NULL then.
    """

    left_table: str
    left_column: str
    right_table: str
    right_column: str
    outer: bool = False


class Over(Part):
    """How a figure of a group looks at the other groups.

    ``before``: its value in the period right before, along the group column `along`; ``year_before``: in the same
    month or quarter of the year before; NULL where there is no such group. ``all``: its sum over all groups;
    ``so_far``: the sum of those up to this one along `along`. `within` are group columns that stay the same.
    """

    way: Literal["before", "year_before", "all", "so_far"]
    along: Identifier | None = None
    within: tuple[Identifier, ...] = ()


class Selected(Part):
    """A column of a query's rows: `name` stands for ``table.column`` in formulas.

    `aggregate` condenses all matching rows, by the groups of the query, to one value (`rank`: the percentage of a
    percentile); `times` is a table and a column that each value is multiplied by before. `expression` is computed by
    the database in the place of the column: a formula over the query's terms and its columns before this one, each
    with what condenses it. `part` is that of a date: 2024, ``2024-Q1``, ``2024-03``, ``2024-03-15``. `rows` names the
    set of rows that it is read from, where a query has sets. `over` looks at the other groups.
    """

    name: Identifier
    table: str
    column: str
    aggregate: (
        Literal["count", "sum", "mean", "minimum", "maximum", "distinct", "percentile", "stdev", "variance"] | None
    ) = None
    times: tuple[str, str] | None = None
    rank: float | None = Field(default=None, ge=0, le=100)
    expression: str = Field(default="", max_length=2_000)
    part: Literal["year", "quarter", "month", "day"] | None = None
    rows: Identifier | None = None
    over: Over | None = None

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without(handler(self), ("rows", "over"))


def _without(data: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Without what is empty: specifications that have none of it keep their fingerprints."""
    return {name: value for name, value in data.items() if value or name not in names}


def selected_type(one: Selected, column: ValueType) -> ValueType:
    """The type of a selected value, by that of its column."""
    if one.aggregate in ("count", "distinct"):
        return "integer"
    if one.part is not None and one.aggregate is None:
        return "integer" if one.part == "year" else "text"
    if (
        one.expression
        and one.aggregate is None
        and re.search(r"[<>]|[=!]=", one.expression)
        and "if" not in one.expression
    ):
        return "boolean"
    return "number" if one.expression or one.aggregate in ("mean", "percentile", "stdev", "variance") else column


class Filter(Part):
    """Rows whose ``table.column`` compares so with an input's value, or with a fixed one (then `value`).

    `figure` names a term or column of the query that is compared in the place of ``table.column``; where it condenses
    rows, groups are left out and not rows. Of a figure that is true or false, `value` is true. `moment` is a day that
    is known when it is asked (`roles.engineering.moments`), in the place of a value; with an input its number is
    multiplied by that: ``day-1`` with 30 is 30 days ago. `other` is a table and a column that is compared with. `part`
    is that of a date that is compared, as `Selected` has it: with ``2024-03`` all days of that month.
    """

    table: str
    column: str
    comparison: Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains"]
    input: Identifier | None = None
    value: JsonValue = None
    figure: Identifier | None = None
    moment: str = Field(default="", pattern=r"^(?:(?:day|week|month|months|quarter|year)[+-]\d{1,4})?$")
    other: tuple[str, str] | None = None
    part: Literal["year", "quarter", "month", "day"] | None = None

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without(handler(self), ("other", "part"))


class Related(Part):
    """Rows of `table` and of what is joined to it, that lead by `link` to a row outside: so many (`number`) of them.

    The left side of `link` is one of these rows, the right one a table of the query, or of the group around it.
    """

    table: str
    link: Join
    joins: tuple[Join, ...] = ()
    comparison: Literal["=", "!=", "<", "<=", ">", ">="] = ">="
    number: int = Field(default=1, ge=0)


class FilterGroup(Part):
    """Filters and groups of which all hold, or one (`any`); with `related`, of rows that are there elsewhere.

    Where a filter in it takes what a caller did not give, the whole group is left out. `figure` has no place in it.
    """

    any: bool = False
    filters: tuple[Filter, ...] = ()
    groups: SkipJsonSchema[tuple[FilterGroup, ...]] = ()  # models are shown no type that holds itself
    related: Related | None = None

    @property
    def all_filters(self) -> tuple[Filter, ...]:
        """Its filters, with those of the groups in it."""
        return (*self.filters, *(one for group in self.groups for one in group.all_filters))

    @property
    def numbers(self) -> set[int]:
        """How many related rows are compared with."""
        own = set[int]() if self.related is None else {self.related.number}
        return own.union(*(one.numbers for one in self.groups))

    @property
    def tables(self) -> set[str]:
        """The tables of the query that it reads: not those of related rows."""
        if self.related is not None:
            return {self.related.link.right_table}
        found = {one.table for one in self.filters} | {one.other[0] for one in self.filters if one.other is not None}
        return found.union(*(one.tables for one in self.groups))

    @property
    def reads(self) -> set[tuple[str, str]]:
        """All tables and columns that it reads, those of related rows as well."""
        found = {(one.table, one.column) for one in self.filters}
        found |= {one.other for one in self.filters if one.other is not None}
        joins = () if self.related is None else (self.related.link, *self.related.joins)
        found |= {(one.left_table, one.left_column) for one in joins}
        found |= {(one.right_table, one.right_column) for one in joins}
        return found.union(*(one.reads for one in self.groups))


class Leading(Part):
    """Of all rows with the same values of `by` (names of the query) the first ones, as `order_by` has them.

    At most `number` of each, and all that are as good as the last of them; rows without a value are none of them.
    `order_by` names a selected column, with ``-`` before it for descending.
    """

    by: tuple[Identifier, ...] = Field(min_length=1)
    order_by: str
    number: int = Field(default=1, ge=1, le=10_000)


class RowSet(Part):
    """Rows of a table that count once, whatever the other sets of a query hold: nothing is joined across sets.

    `keys` are its columns for the groups of the query, by the same names; of a set that nothing is selected from
    these only are read, so that its groups are there without rows of the others. A filter whose input was not given
    is left out; `figure` and its kind have no place here.
    """

    name: Identifier
    table: str
    joins: tuple[Join, ...] = ()
    filters: tuple[Filter, ...] = ()
    keys: tuple[Selected, ...] = ()

    @property
    def tables(self) -> set[str]:
        """The tables that it reads."""
        found = {self.table, *(one.table for one in (*self.filters, *self.keys))}
        return found | {name for join in self.joins for name in (join.left_table, join.right_table)}


class Query(Part):
    """What is read from a data source: columns of joined tables, filtered, at most `limit` rows.

    `one`: exactly one row is wanted (by key); none is the error ``not_found``. Otherwise the columns are series. An
    optional filter (its input was not given) is left out. `group_by` names selected columns; the others have an
    aggregate then. `order_by` names a selected column, with ``-`` before it for descending; what is not known comes
    last. `terms` are what formulas and filters are made of, and no part of the rows. Where there are `sets`, their
    rows, one below the other, are in the place of the joined table; `filters` are of figures then. `filter_groups`
    hold besides the filters. `leading` leaves the first rows of each kind, before the order and the limit.
    """

    name: Identifier
    source: Identifier = "database"
    table: str
    columns: tuple[Selected, ...] = Field(min_length=1)
    terms: tuple[Selected, ...] = ()
    joins: tuple[Join, ...] = ()
    filters: tuple[Filter, ...] = ()
    group_by: tuple[Identifier, ...] = ()
    order_by: str = ""
    one: bool = False
    limit: int = Field(default=1_000, ge=1, le=100_000)
    sets: tuple[RowSet, ...] = ()
    filter_groups: tuple[FilterGroup, ...] = ()
    leading: Leading | None = None

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without(handler(self), ("sets", "filter_groups", "leading"))

    @property
    def figures(self) -> Mapping[str, Selected]:
        """The terms and columns by name, each after those that its formula may use."""
        return {one.name: one for one in (*self.terms, *self.columns)}

    @property
    def all_filters(self) -> tuple[Filter, ...]:
        """The filters of the query, of its groups and of its sets."""
        grouped = (each for one in self.filter_groups for each in one.all_filters)
        return (*self.filters, *grouped, *(each for one in self.sets for each in one.filters))

    @property
    def tables(self) -> set[str]:
        """The tables that it reads."""
        found = {self.table, *(one.table for one in (*self.columns, *self.terms, *self.filters))}
        found |= {name for join in self.joins for name in (join.left_table, join.right_table)}
        found |= {table for one in self.filter_groups for table, _ in one.reads}
        return found.union(*(one.tables for one in self.sets))

    def condenses(self, one: Selected) -> bool:
        """Whether a term or column is one value of many rows."""
        if one.aggregate is not None or one.over is not None:
            return True
        known = self.figures
        names = [name for name in _NAMES.findall(one.expression) if name != one.name]
        return any(self.condenses(known[name]) for name in names if name in known)

    def looks_around(self, one: Selected) -> bool:
        """Whether a term or column is made of other groups."""
        known = self.figures
        names = [name for name in _NAMES.findall(one.expression) if name != one.name]
        return one.over is not None or any(self.looks_around(known[name]) for name in names if name in known)

    @property
    def is_wrapped(self) -> bool:
        """Whether figures look at other groups, so that none may be left out before they are computed."""
        return any(one.figure for one in self.filters) and any(self.looks_around(one) for one in self.figures.values())
