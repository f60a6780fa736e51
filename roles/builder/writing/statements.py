"""Queries as SQLAlchemy source, for the package's own access to a database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from roles.builder.writing.render import literal
from roles.engineering.formulas import parse
from roles.engineering.specification import Column, Filter, Query, Selected, Specification
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


class Statements:
    """The parts of a specification's queries in Python; tables are module-level variables."""

    def __init__(self, spec: Specification) -> None:
        used = {one.table for query in spec.queries for one in (*query.columns, *query.terms, *query.filters)}
        used |= {query.table for query in spec.queries}
        used |= {name for query in spec.queries for one in query.joins for name in (one.left_table, one.right_table)}
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
        return tuple(sorted(self._sources.used))

    def selected(self, query: Query, one: Selected) -> str:
        """A term or column: as it is, computed, or what it is condensed to."""
        column = self._computed(query, one) if one.expression else self.column(one.table, one.column)
        if one.part is not None:
            column = self._sources.part(one.part, column)
        if one.times is not None:
            column = f"{column} * {self.column(*one.times)}"
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
        return any(one.moment for query in spec.queries for one in query.filters)

    @staticmethod
    def has_statistics(spec: Specification) -> bool:
        """Whether queries use functions that SQLite does not have."""
        wanted = ("percentile", "stdev", "variance")
        return any(one.aggregate in wanted for query in spec.queries for one in query.figures.values())

    def way(self, query: Query, one: Filter) -> str:
        """Whether a filter leaves out rows or groups: the method's name."""
        return "having" if one.figure is not None and query.condenses(query.figures[one.figure]) else "where"

    def joined(self, query: Query) -> str:
        """The query's table with those joined to it."""
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
        if one.figure is not None or one.moment:
            return False
        return self._tables[one.table].columns[one.column].type == "date" and one.comparison not in ("in", "contains")

    def condition(self, query: Query, one: Filter, value: str) -> str:
        """A filter, with the source of its value."""
        column = self.column(one.table, one.column)
        if one.figure is not None:
            column = self.selected(query, query.figures[one.figure])
        if one.figure is not None and one.value is True:
            return column
        if one.moment:
            times = f", times=int(str({value}))" if one.input is not None else ""
            return f"{column} {_COMPARISONS[one.comparison]} moment({literal(one.moment)}{times})"
        if one.comparison == "in":
            return f"{column}.in_({_as_list(one, value)})"
        if one.comparison == "contains":
            return f"{column}.icontains(str({value}), autoescape=True)"
        if one.input is None and one.value is None:
            return f"{column}.{'is_' if one.comparison == '=' else 'is_not'}(None)"
        if one.input is None and self.is_date(query, one):
            value = f"date.fromisoformat({value})"
        return f"{column} {_COMPARISONS[one.comparison]} {value}"

    def grouped(self, query: Query) -> str:
        """The columns of the groups."""
        by_name = {one.name: one for one in query.columns}
        return ", ".join(self.selected(query, by_name[name]) for name in query.group_by)

    def ordered(self, query: Query) -> str:
        """What the rows are ordered by; empty where their order means nothing."""
        if query.order_by:
            by_name = {one.name: one for one in query.columns}
            name = query.order_by.removeprefix("-")
            way = "desc" if query.order_by.startswith("-") else "asc"
            then = [self.selected(query, by_name[one]) for one in query.group_by if one != name]
            if not query.group_by and not query.condenses(by_name[name]):
                then = [self.column(query.table, one) for one in self._tables[query.table].keys]
            return ", ".join([f"({self.selected(query, by_name[name])}).{way}().nulls_last()", *then])
        if any(query.condenses(one) for one in query.columns):
            return ""
        return ", ".join(self.column(query.table, name) for name in self._tables[query.table].keys)


def _as_list(one: Filter, value: str) -> str:
    if one.input is None:
        return value if isinstance(one.value, list) else f"[{value}]"
    return f'[part.strip() for part in str({value}).split(",")]'
