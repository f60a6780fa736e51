"""Queries as SQLAlchemy source, for the package's own access to a database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from roles.builder.writing.group_statements import (
    GroupedFilters,
    GroupSources,
    leading_columns,
    leading_conditions,
    leading_order,
)
from roles.builder.writing.render import literal
from roles.engineering.formulas import parse
from roles.engineering.groups_around import around
from roles.engineering.periods import period_source
from roles.engineering.specification import Column, Filter, Over, Query, RowSet, Selected, Specification
from roles.engineering.sql_formulas import Sources, composed

__all__ = ["Statements"]

_FUNCTIONS = {
    "count": "count", "sum": "sum", "mean": "avg", "minimum": "min", "maximum": "max", "stdev": "stddev_samp",
    "variance": "var_samp",
}  # fmt: skip
_COMPARISONS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    variable: str
    columns: Mapping[str, Column]
    keys: tuple[str, ...]

    @property
    def plain(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def schema(self) -> str:
        return self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Piece:
    """One ``select`` of a query's source, in the variable `name`; `behind` is the line after it, if any.

    `conditions` are filters with how each one leaves out (``where`` or ``having``), `groups` those of filter groups,
    which need the lines of `aliases` before.
    """

    name: str
    columns: Sequence[tuple[str, str]]
    source: str
    conditions: Sequence[tuple[str, Filter]]
    grouped: str = ""
    ordered: str = ""
    limit: int | None = None
    behind: str = ""
    wrapping: bool = False
    aliases: Sequence[str] = ()
    groups: Sequence[GroupedFilters] = ()


class Statements:
    """The parts of a specification's queries in Python; tables are module-level variables."""

    def __init__(self, spec: Specification) -> None:
        used = {name for query in spec.queries for name in query.tables}
        self._sources = Sources()
        self._tables: dict[str, _Table] = {}
        for source in spec.sources:
            for table in source.tables:
                if table.name in used and table.name not in self._tables:
                    variable = re.sub(r"\W", "_", table.name).upper()
                    columns = {column.name: column for column in table.columns}
                    self._tables[table.name] = _Table(table.name, f"_{variable}", columns, table.key)

    @property
    def tables(self) -> tuple[_Table, ...]:
        """The tables that queries read."""
        return tuple(self._tables.values())

    def column(self, table: str, name: str) -> str:
        """A column."""
        return f"{self._tables[table].variable}.c[{literal(name)}]"

    def imported(self, spec: Specification) -> tuple[str, ...]:
        """The names of SQLAlchemy that the queries need besides those that all need."""
        for query in spec.queries:
            for one in query.figures.values():
                self.selected(query, one)
            self.pieces(query)
            for each in query.all_filters:
                if each.part is not None:
                    self._sources.part(each.part, "")
        return tuple(sorted(self._sources.used))

    def pieces(self, query: Query) -> Sequence[Piece]:
        """The selects of a query, in the order in which they build on each other; the last one is ``statement``."""
        found = [self._of_set(query, one, f"rows_{at}") for at, one in enumerate(query.sets, 1)]
        source = "rows" if query.sets else self.joined(query)
        if found:
            names = ", ".join(one.name for one in found)
            together = f"union_all({names})" if len(found) > 1 else names
            self._sources.used |= {"union_all"} if len(found) > 1 else set()
            found[-1] = replace(found[-1], behind=f"rows = {together}.subquery()")
        conditions = [(self.way(query, one), one) for one in query.filters]
        limit = 2 if query.one else query.limit
        grouped = self.grouped(query) if query.group_by else ""
        grouping = GroupSources(self)
        filtered: dict[str, Any] = {"groups": grouping.of(query), "aliases": grouping.aliases}
        if query.leading is not None:
            return [*found, *self._leading(query, source, conditions, grouped, filtered)]
        if not query.is_wrapped:
            columns = [(self.selected(query, one), one.name) for one in query.columns]
            return [*found, Piece("statement", columns, source, conditions, grouped, self.ordered(query), limit,
                                   **filtered)]  # fmt: skip
        inner = [(self.selected(query, one), one.name) for one in query.figures.values()
                 if query.condenses(one) or one.name in query.group_by]  # fmt: skip
        outer = [(f"found.c[{literal(one.name)}]", one.name) for one in query.columns]
        return [
            *found,
            Piece("groups", inner, source, [one for one in conditions if one[0] == "where"], grouped,
                  behind="found = groups.subquery()", **filtered),
            Piece("statement", outer, "found", [("where", one) for way, one in conditions if way == "having"], "",
                  self.ordered(query), limit, wrapping=True),
        ]  # fmt: skip

    def _leading(
        self, query: Query, source: str, conditions: Sequence[tuple[str, Filter]], grouped: str, filtered: Any
    ) -> Sequence[Piece]:
        """The rows with their places among those of their kind, and the first ones of them."""
        self._sources.used.add("func")
        condensed = any(query.condenses(one) for one in query.columns)
        keys = [] if condensed else [self.column(query.table, one) for one in self._tables[query.table].keys]
        columns = [(self.selected(query, one), one.name) for one in query.columns]
        columns += leading_columns(query, lambda name: self.selected(query, query.figures[name]), keys)
        first = [GroupedFilters(one, ()) for one in leading_conditions(query, "found")]
        return [
            Piece("places", columns, source, conditions, grouped, behind="found = places.subquery()", **filtered),
            Piece("statement", [(f"found.c[{literal(one.name)}]", one.name) for one in query.columns], "found", (),
                  ordered=leading_order(query, "found", len(keys)), limit=query.limit, groups=first),
        ]  # fmt: skip

    def variable(self, table: str) -> str:
        """The variable of a table."""
        return self._tables[table].variable

    def use(self, *names: str) -> None:
        """Note names of SQLAlchemy that the source needs."""
        self._sources.used.update(names)

    def _of_set(self, query: Query, one: RowSet, name: str) -> Piece:
        """The rows of a set: its keys, what is read of it, and nothing in the place of what is read of others."""
        own = {key.name: key for key in one.keys}
        columns = [(self._key(own[name]), name) for name in query.group_by]
        columns += [
            (self._read(each) if each.rows == one.name else self._nothing(each), each.name)
            for each in query.figures.values() if each.rows is not None
        ]  # fmt: skip
        return Piece(name, columns, self.joined(one), [("where", each) for each in one.filters])

    def _key(self, one: Selected) -> str:
        column = self.column(one.table, one.column)
        return column if one.part is None else self._sources.part(one.part, column)

    def _read(self, one: Selected) -> str:
        column = self.column(one.table, one.column)
        return column if one.times is None else f"{column} * {self.column(*one.times)}"

    def _nothing(self, one: Selected) -> str:
        kinds = {"number": "Float", "integer": "Integer", "text": "String", "boolean": "Boolean"}
        kind = kinds[self._tables[one.table].columns[one.column].type]
        self._sources.used |= {"cast", "null", kind}
        return f"cast(null(), {kind})"

    def selected(self, query: Query, one: Selected) -> str:
        """A term or column: as it is, computed, or what it is condensed to."""
        if query.sets and not one.expression:
            column = f"rows.c[{literal(one.name)}]"
        else:
            column = self._computed(query, one) if one.expression else self._read(one)
            column = column if one.part is None else self._sources.part(one.part, column)
        column = self._condensed(one, column)
        return column if one.over is None else self._around(query, one.over, column)

    def _condensed(self, one: Selected, column: str) -> str:
        if one.aggregate is None:
            return column
        self._sources.used.add("func")
        if one.aggregate == "distinct":
            self._sources.used.add("distinct")
            return f"func.count(distinct({column}))"
        if one.aggregate == "percentile":
            self._sources.used |= {"cast", "Float"}
            return f"_rank_value({column}, {(50.0 if one.rank is None else one.rank) / 100!r}, dialect)"
        return f"func.{_FUNCTIONS[one.aggregate]}({column})"

    def _around(self, query: Query, over: Over, column: str) -> str:
        known = query.figures
        within = [self.selected(query, known[name]) for name in over.within]
        along = known[over.along] if over.along is not None else None
        period = self.selected(query, along) if along is not None else None
        return around(over.way, column, within, period, along.part if along else None, self._sources)

    def _computed(self, query: Query, one: Selected) -> str:
        known = query.figures
        expression = parse(one.expression, scalars=list(known))
        return composed(expression, lambda name: self.selected(query, known[name]), self._sources)

    @staticmethod
    def ranks(query: Query) -> bool:
        """Whether a query needs to know the database's dialect: for percentiles."""
        return any(one.aggregate == "percentile" for one in query.figures.values())

    @staticmethod
    def has_moments(spec: Specification) -> bool:
        """Whether queries ask for times that depend on the day."""
        return any(one.moment for query in spec.queries for one in query.all_filters)

    @staticmethod
    def has_days(spec: Specification) -> bool:
        """Whether queries subtract dates."""
        found = (one.expression for query in spec.queries for one in query.figures.values())
        return any("days_between(" in one or "days_since(" in one for one in found)

    @staticmethod
    def has_statistics(spec: Specification) -> bool:
        """Whether queries use functions that SQLite does not have."""
        wanted = ("percentile", "stdev", "variance")
        return any(one.aggregate in wanted for query in spec.queries for one in query.figures.values())

    def way(self, query: Query, one: Filter) -> str:
        """Whether a filter leaves out rows or groups: the method's name."""
        return "having" if one.figure is not None and query.condenses(query.figures[one.figure]) else "where"

    def joined(self, query: Query | RowSet) -> str:
        """The table of a query or a set with those joined to it."""
        text, there = self._tables[query.table].variable, {query.table}
        for join in query.joins:
            new = join.right_table if join.left_table in there else join.left_table
            there.add(new)
            left = self.column(join.left_table, join.left_column)
            right = self.column(join.right_table, join.right_column)
            outer = ", isouter=True" if join.outer else ""
            text = f"{text}.join({self._tables[new].variable}, {left} == {right}{outer})"
        return text

    def is_date(self, query: Query, one: Filter) -> bool:
        """Whether a filter compares with a date."""
        del query
        return self.is_day(one)

    def is_day(self, one: Filter) -> bool:
        """Whether a filter compares with a date."""
        if one.figure is not None or one.moment or one.part is not None:
            return False
        return self._tables[one.table].columns[one.column].type == "date" and one.comparison not in ("in", "contains")

    def condition(self, query: Query, one: Filter, value: str, *, wrapping: bool = False) -> str:
        """A filter, with the source of its value; `wrapping`: of a query around the groups."""
        column = self.column(one.table, one.column)
        if one.figure is not None:
            column = self.selected(query, query.figures[one.figure])
            column = f"found.c[{literal(one.figure)}]" if wrapping else column
        if one.figure is not None and one.value is True:
            return column
        return self.compared(one, column, value)

    def compared(self, one: Filter, column: str, value: str) -> str:
        """A column compared with the source of a value, as a filter has it."""
        if one.part is not None:
            return f"{self._sources.part(one.part, column)} {_COMPARISONS[one.comparison]} {period_source(one, value)}"
        if one.moment:
            times = f", times=int(str({value}))" if one.input is not None else ""
            return f"{column} {_COMPARISONS[one.comparison]} moment({literal(one.moment)}{times})"
        if one.comparison == "in":
            return f"{column}.in_({_as_list(one, value)})"
        if one.comparison == "contains":
            return f"{column}.icontains(str({value}), autoescape=True)"
        if one.input is None and one.value is None:
            return f"{column}.{'is_' if one.comparison == '=' else 'is_not'}(None)"
        if self.is_day(one) and one.input is None:
            value = f"date.fromisoformat({value})"
        return f"{column} {_COMPARISONS[one.comparison]} {value}"

    def grouped(self, query: Query) -> str:
        """The columns of the groups."""
        by_name = {one.name: one for one in query.columns}
        return ", ".join(self.selected(query, by_name[name]) for name in query.group_by)

    def ordered(self, query: Query) -> str:
        """What the rows are ordered by; empty where their order means nothing."""
        if query.order_by:
            by_name = {
                one.name: f"found.c[{literal(one.name)}]" if query.is_wrapped else self.selected(query, one)
                for one in query.columns
            }
            name = query.order_by.removeprefix("-")
            way = "desc" if query.order_by.startswith("-") else "asc"
            then = [by_name[one] for one in query.group_by if one != name]
            if not query.group_by and not query.condenses(query.figures[name]):
                then = [self.column(query.table, one) for one in self._tables[query.table].keys]
            return ", ".join([f"({by_name[name]}).{way}().nulls_last()", *then])
        if any(query.condenses(one) for one in query.columns):
            return ""
        return ", ".join(self.column(query.table, name) for name in self._tables[query.table].keys)


def _as_list(one: Filter, value: str) -> str:
    if one.input is None:
        return value if isinstance(one.value, list) else f"[{value}]"
    return f'[part.strip() for part in str({value}).split(",")]'
