"""What a request was understood to ask for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from roles.engineering.specification import Filter, FilterGroup, Input, Mode, Rule

__all__ = [
    "Binding",
    "Compared",
    "Condensed",
    "Figure",
    "LeadingRows",
    "Place",
    "Question",
    "Requirements",
    "RowsApart",
]


Aggregate = Literal[
    "count", "sum", "mean", "minimum", "maximum", "distinct", "percentile", "stdev", "variance"
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Part):
    """Something that has to be known before anything can be built."""

    name: str
    text: str
    choices: tuple[str, ...] = ()


class Place(_Part):
    """A column of a table, or a part of its dates."""

    table: str
    column: str
    part: Literal["", "day", "month", "quarter", "year"] = ""


class Compared(_Part):
    """Rows are left out where one column does not compare so with another."""

    left: Place
    sign: str
    right: Place


class Figure(_Part):
    """A figure to compute. `asked`: the request names it; the others are steps on the way.

    `aggregate` condenses the values of all rows, by groups where there are any.
    """

    name: str
    expression: str
    title: str = ""
    unit: str = ""
    source: str = ""
    asked: bool = True
    aggregate: Aggregate | None = None
    rank: float | None = None
    over: Literal["", "before", "year_before", "all", "so_far"] = ""
    within: tuple[Place, ...] = ()


class Binding(_Part):
    """Where a name of the formulas comes from: a column, or what the caller gives.

    `rows` is the set of rows that the column is read from, where there are sets. `expression` over the columns of the
    same set is condensed by `aggregate` to one value then.
    """

    name: str
    place: Place | None = None
    input: Input | None = None
    phrases: tuple[str, ...] = ()
    rows: str = ""
    expression: str = ""
    aggregate: Aggregate | None = None
    rank: float | None = None


class Condensed(_Part):
    """A column condensed by groups, or over all rows: ``sum`` of it, times another column where `times` is given."""

    name: str
    function: Aggregate
    place: Place
    times: Place | None = None
    rank: float | None = None


class RowsApart(_Part):
    """Rows of a table that are put together by themselves, beside those of other sets; `keys` are for the groups."""

    name: str
    table: str
    filters: tuple[Filter, ...] = ()
    keys: tuple[Place, ...] = ()


class LeadingRows(_Part):
    """Of the rows with the same values in `by` only the first `number`, in the order of the request."""

    by: tuple[Place, ...]
    number: int = 1


class Requirements(_Part):
    """A request, understood. Nothing is built while `missing` or `uncovered` hold anything.

    `table` is the one that is asked about; `entity` the one of which a caller names one row by its key. Rows are listed
    with the columns of `show`, or condensed by the columns of `groups`; `single`: only the first row counts. `each`:
    the figures are those of each row, or of each group. `order_by` names a figure, or what is condensed, to order by.
    `links` are the keys that are meant where several lead to one table. `named_by` is the column by which a caller
    names the row of `entity`, where that is not its key.
    """

    request: str
    given: JsonValue = None
    name: str = "agent"
    title: str = ""
    kind: Literal["calculation", "data"] = "calculation"
    figures: tuple[Figure, ...] = ()
    bindings: tuple[Binding, ...] = ()
    table: str = ""
    entity: str = ""
    named_by: Place | None = None
    show: tuple[Place, ...] = ()
    condensed: tuple[Condensed, ...] = ()
    groups: tuple[Place, ...] = ()
    filters: tuple[Filter, ...] = ()
    filter_groups: tuple[FilterGroup, ...] = ()
    sets: tuple[RowsApart, ...] = ()
    leading: LeadingRows | None = None
    compared: tuple[Compared, ...] = ()
    links: tuple[Place, ...] = ()
    inputs: tuple[Input, ...] = ()
    single: bool = False
    each: bool = False
    every: bool = False
    order: Place | None = None
    order_by: str = ""
    descending: bool = False
    limit: int = Field(default=1_000, ge=1, le=100_000)
    modes: tuple[Mode, ...] = ()
    rules: tuple[Rule, ...] = ()
    missing: tuple[Question, ...] = ()
    uncovered: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def all_filters(self) -> tuple[Filter, ...]:
        """The filters, with those in groups and of sets of rows."""
        grouped = (one for group in self.filter_groups for one in group.all_filters)
        return (*self.filters, *grouped, *(one for each in self.sets for one in each.filters))

    @property
    def looks_around(self) -> bool:
        """Whether figures are made of other groups: of the period before, of all."""
        return any(one.over for one in self.figures)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is missing."""
        return self.missing

    @property
    def beyond(self) -> tuple[str, ...]:
        """What no template covers, and a configured model would be needed for."""
        return self.uncovered

    def text(self) -> str:
        """All of it, as JSON."""
        return self.model_dump_json()

    def summary(self) -> str:
        """What was understood, in a few lines for people."""
        lines = [f"{self.title or self.name}: {'a calculation' if self.kind == 'calculation' else 'a look-up'}"]
        lines += [f"computes {one.name} = {one.expression}" for one in self.figures]
        lines += [f"{one.name} is {_source(one)}" for one in self.bindings]
        lines += [f"{one.name} are rows of {one.table} by themselves" for one in self.sets]
        lines += [f"{one.name} is the {one.function} of {_product(one)}" for one in self.condensed]
        if self.groups:
            lines.append(f"by {', '.join(f'{one.table}.{one.column}' for one in self.groups)}")
        if self.show:
            lines.append(f"shows {', '.join(f'{one.table}.{one.column}' for one in self.show)}")
        lines += [
            f"only those with {one.figure or f'{one.table}.{one.column}'} {one.comparison} "
            f"{one.input or one.moment or ('nothing' if one.value is None else one.value)}"
            for one in (*self.filters, *(each for told in self.sets for each in told.filters))
        ]
        lines += [
            f"only those with {one.left.table}.{one.left.column} {one.sign} {one.right.table}.{one.right.column}"
            for one in self.compared
        ]
        if self.order_by or self.order:
            by = self.order_by or (f"{self.order.table}.{self.order.column}" if self.order else "")
            many = f", at most {self.limit}" if self.limit < 1_000 else ""
            lines.append(f"ordered by {by}{', the highest first' if self.descending else ''}{many}")
        lines += [f"mode {one.name}: {one.description or 'as it is'}" for one in self.modes]
        lines += [f"passes when {one.expression}" for one in self.rules]
        lines += [f"assumes: {one}" for one in self.assumptions]
        lines += [f"open: {one.text}" for one in self.missing]
        lines += [f"beyond: {one}" for one in self.uncovered]
        return "\n".join(lines)


def _product(one: Condensed) -> str:
    factors = [one.place] if one.times is None else [one.place, one.times]
    return " * ".join(f"{place.table}.{place.column}" for place in factors)


def _source(binding: Binding) -> str:
    if binding.aggregate is not None:
        return f"the {binding.aggregate} of {binding.expression}"
    if binding.place is not None:
        return f"{binding.place.table}.{binding.place.column}"
    return "given by the caller"
