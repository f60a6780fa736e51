"""The parts of the statements that queries become: tables, figures, conditions, rows of several sets."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from common.errors import ValidationFailed
from common.extras import import_extra
from roles.engineering.formulas.parser import parse
from roles.engineering.groups_around import around
from roles.engineering.moments import moment
from roles.engineering.periods import period_of
from roles.engineering.query_groups import group_condition, leading_rows, with_places
from roles.engineering.specification import DataSource, Filter, Over, Query, RowSet, Selected
from roles.engineering.sql_formulas import Elements, composed

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select

__all__ = ["Asking"]


class Asking:
    """A query with what a caller gave, as a statement of SQLAlchemy. See `roles.engineering.queries.statement`."""

    def __init__(
        self, source: DataSource, query: Query, parameters: Mapping[str, object], *, dialect: str, today: date | None
    ) -> None:
        self._sql: Any = import_extra("sqlalchemy", extra="builder", where="DATABASE_URL")
        self._query, self._parameters, self._today = query, parameters, today
        self._tables = Tables(source, self._sql)
        self._stack = self._stacked() if query.sets else None
        self._figures = Figures(query, self._tables, self._sql, dialect, self._stack, today=today)

    def statement(self) -> Select[Any]:
        """The statement. Raises `ValidationFailed`."""
        query, figures = self._query, self._figures
        wrapped = query.is_wrapped
        shown = query.figures.values() if wrapped else query.columns
        selected = [figures.element(one).label(one.name) for one in shown if not wrapped or query.condenses(one)
                    or one.name in query.group_by]  # fmt: skip
        asked: Any = self._sql.select(*selected).select_from(
            self._tables.joined(query) if self._stack is None else self._stack
        )
        late = [one for one in query.filters if wrapped and figures.condensed(one)]
        for one, condition in self._conditions(query.filters):
            if one not in late:
                asked = asked.having(condition) if figures.condensed(one) else asked.where(condition)
        for group in query.filter_groups:
            if (condition := group_condition(group, self._tables, self._filtered, self._sql)) is not None:
                asked = asked.where(condition)
        by_name = {one.name: one for one in query.columns}
        if query.group_by:
            asked = asked.group_by(*(figures.element(by_name[name]) for name in query.group_by))
        if query.leading is not None:
            asked = self._first_of_each(asked)
        elif wrapped:
            asked = self._around(asked.subquery(), late)
        else:
            asked = self._ordered(asked, {one.name: figures.element(one) for one in query.columns})
        return asked.limit(2 if query.one else query.limit)

    def _filtered(self, tables: Any, one: Filter) -> Any | None:
        """The condition of a filter in a group; None where its input was not given."""
        value = self._value(one)
        given = one.input is None or value is not None
        return _condition(tables, one, value, None) if given else None

    def _first_of_each(self, asked: Any) -> Any:
        """The first rows of each kind; the keys of rows tell those apart that are alike."""
        query = self._query
        rows = () if any(query.condenses(one) for one in query.columns) else self._tables.described(query.table).key
        keys = [self._tables.column(query.table, one) for one in rows]
        asked = with_places(asked, query, lambda name: self._figures.element(query.figures[name]), keys, self._sql)
        return leading_rows(asked.subquery(), query, len(keys), self._sql)

    def _around(self, inner: Any, late: Sequence[Filter]) -> Any:
        """What is left out by figures that look at other groups is left out behind them all."""
        asked = self._sql.select(*(inner.c[one.name] for one in self._query.columns)).select_from(inner)
        for one in late:
            value = self._value(one)
            if value is not None or one.input is None:
                asked = asked.where(_compared(inner.c[str(one.figure)], "number", one, value))
        return self._ordered(asked, {one.name: inner.c[one.name] for one in self._query.columns})

    def _ordered(self, asked: Any, elements: Mapping[str, Any]) -> Any:
        query = self._query
        keys = self._tables.described(query.table).key
        if query.order_by:
            name = query.order_by.removeprefix("-")
            element = elements[name]
            asked = asked.order_by((element.desc() if query.order_by.startswith("-") else element.asc()).nulls_last())
            if query.group_by:
                asked = asked.order_by(*(elements[one] for one in query.group_by if one != name))
            elif not query.condenses(query.figures[name]):
                asked = asked.order_by(*(self._tables.column(query.table, one) for one in keys))
        elif not any(query.condenses(one) for one in query.columns):
            asked = asked.order_by(*(self._tables.column(query.table, name) for name in keys))
        return asked

    def _value(self, one: Filter) -> object:
        value = one.value if one.input is None else self._parameters.get(one.input)
        return _moment(one, value, self._today) if one.moment else value

    def _conditions(self, filters: Iterable[Filter]) -> Iterable[tuple[Filter, Any]]:
        """The conditions of filters; of an input that was not given there is none."""
        for one in filters:
            value = self._value(one)
            if one.input is None or value is not None:
                yield one, _condition(self._tables, one, value, self._figures if one.figure else None)

    def _stacked(self) -> Any:
        """The rows of all sets, one below the other: what a set has not is NULL in its rows."""
        keys = [one for one in self._query.columns if one.name in self._query.group_by]
        read = [one for one in self._query.figures.values() if one.rows is not None]
        members: list[Any] = []
        for each in self._query.sets:
            own = {one.name: one for one in each.keys}
            if missing := [one.name for one in keys if one.name not in own]:
                raise ValidationFailed(f"the rows {each.name!r} have no {', '.join(missing)}", where=self._query.name)
            columns = [self._key(own[one.name]).label(one.name) for one in keys]
            columns += [self._of_set(one, each).label(one.name) for one in read]
            member: Any = self._sql.select(*columns).select_from(self._tables.joined(each))
            for _, condition in self._conditions(each.filters):
                member = member.where(condition)
            members.append(member)
        return (members[0] if len(members) == 1 else self._sql.union_all(*members)).subquery()

    def _key(self, one: Selected) -> Any:
        column = self._tables.selected(one)
        return column if one.part is None else Elements(self._sql).part(one.part, column)

    def _of_set(self, one: Selected, each: RowSet) -> Any:
        if one.rows == each.name:
            return self._tables.selected(one)
        kinds = {"number": "Float", "integer": "Integer", "text": "String", "boolean": "Boolean"}
        kind = self._tables.type_of(one.table, one.column)
        if kind not in kinds:
            raise ValidationFailed(f"the {kind} {one.column!r} can't be read beside other rows", where=self._query.name)
        return self._sql.cast(self._sql.null(), getattr(self._sql, kinds[kind]))


class Tables:
    """The tables of a source as SQLAlchemy has them; only what the specification describes can be had."""

    def __init__(self, source: DataSource, sqlalchemy: Any) -> None:
        self._described = {table.name: table for table in source.tables}
        self._sqlalchemy = sqlalchemy
        self._made: dict[str, FromClause] = {}

    def described(self, name: str) -> Any:
        """The table of that name. Raises `ValidationFailed`."""
        try:
            return self._described[name]
        except KeyError:
            raise ValidationFailed(f"the specification has no table {name!r}") from None

    def table(self, name: str) -> FromClause:
        """The table to select from; ``schema.table`` is one of a schema."""
        if name not in self._made:
            columns = [self._sqlalchemy.column(column.name) for column in self.described(name).columns]
            schema, _, plain = name.rpartition(".")
            self._made[name] = self._sqlalchemy.table(plain, *columns, schema=schema or None)
        return self._made[name]

    def column(self, table: str, name: str) -> ColumnElement[Any]:
        """A column of a table. Raises `ValidationFailed`."""
        if name not in {column.name for column in self.described(table).columns}:
            raise ValidationFailed(f"the specification has no column {table}.{name}")
        return self.table(table).c[name]

    def aliased(self, names: Iterable[str]) -> Tables:
        """The same tables, these ones under names of their own."""
        made = copy.copy(self)
        others = {name: self.table(name) for name in self._described}
        made._made = others | {name: self.table(name).alias() for name in names}
        return made

    def selected(self, one: Selected) -> ColumnElement[Any]:
        """A selected column, times the other one where it names one. Raises `ValidationFailed`."""
        column = self.column(one.table, one.column)
        return column if one.times is None else column * self.column(*one.times)

    def type_of(self, table: str, name: str) -> str:
        """The type of a column."""
        return next(column.type for column in self.described(table).columns if column.name == name)

    def part(self, table: str, column: str, part: str) -> Any:
        """A part of a date."""
        return Elements(self._sqlalchemy).part(part, self.column(table, column))

    def joined(self, query: Query | RowSet) -> FromClause:
        """The table of a query or a set with those joined to it. Raises `ValidationFailed` for a wrong join."""
        whole: FromClause = self.table(query.table)
        there = {query.table}
        for join in query.joins:
            new = join.right_table if join.left_table in there else join.left_table
            if new in there or not {join.left_table, join.right_table} & there:
                raise ValidationFailed(f"query {query.name!r} joins {join.left_table} and {join.right_table} wrongly")
            matches = self.column(join.left_table, join.left_column) == self.column(join.right_table, join.right_column)
            whole = whole.join(self.table(new), matches, isouter=join.outer)
            there.add(new)
        return whole


class Figures:
    """What a query's terms and columns stand for: columns, formulas over them, and what condenses either."""

    def __init__(
        self,
        query: Query,
        tables: Tables,
        sqlalchemy: Any,
        dialect: str,
        stack: Any = None,
        *,
        today: date | None = None,
    ) -> None:
        self._query, self._known, self._tables = query, query.figures, tables
        self._sql, self._dialect, self._stack, self._today = sqlalchemy, dialect, stack, today

    def element(self, one: Selected) -> Any:
        """The value in a statement. Raises `ValidationFailed`."""
        if self._stack is not None and not one.expression:
            return self._condensed(one, self._stack.c[one.name])
        column: Any = self._computed(one) if one.expression else self._tables.selected(one)
        if one.part is not None:
            column = Elements(self._sql).part(one.part, column)
        column = self._condensed(one, column)
        return column if one.over is None else self._around(one.over, column)

    def _around(self, over: Over, column: Any) -> Any:
        within = [self.element(self._named(name)) for name in over.within]
        along = self._named(over.along) if over.along is not None else None
        period = self.element(along) if along is not None else None
        return around(over.way, column, within, period, along.part if along else None, Elements(self._sql))

    def condensed(self, one: Filter) -> bool:
        """Whether a filter is of groups."""
        return one.figure is not None and self._query.condenses(self._known[one.figure])

    def compared(self, one: Filter) -> Any:
        """What a filter compares. Raises `ValidationFailed`."""
        if one.figure is None:
            return self._tables.column(one.table, one.column)
        return self.element(self._named(one.figure))

    def _named(self, name: str) -> Selected:
        if name not in self._known:
            raise ValidationFailed(f"query {self._query.name!r} has no term or column {name!r}")
        return self._known[name]

    def _computed(self, one: Selected) -> Any:
        before = list(self._known)[: list(self._known).index(one.name)]

        def value(name: str) -> Any:
            if name not in before:
                raise ValidationFailed(
                    f"{name!r} is no term or column before it", where=f"{self._query.name}.{one.name}"
                )
            return self.element(self._named(name))

        return composed(parse(one.expression, scalars=list(self._known)), value, Elements(self._sql, self._today))

    def _condensed(self, one: Selected, column: Any) -> Any:
        functions = {"count": "count", "sum": "sum", "mean": "avg", "minimum": "min", "maximum": "max"}
        if one.aggregate is None:
            return column
        if one.aggregate in functions:
            return getattr(self._sql.func, functions[one.aggregate])(column)
        if one.aggregate == "distinct":
            return self._sql.func.count(self._sql.distinct(column))
        if one.aggregate == "percentile":
            share = (50.0 if one.rank is None else one.rank) / 100
            if self._dialect == "sqlite":
                return self._sql.func.rank_value(column, share)
            return self._sql.func.percentile_cont(share).within_group(self._sql.cast(column, self._sql.Float))
        name = {"stdev": "stddev_samp", "variance": "var_samp"}[one.aggregate]
        return getattr(self._sql.func, name)(column)


def _condition(tables: Tables, one: Filter, value: object, figures: Figures | None) -> Any:
    """A filter as a condition; `figures` for one that names a figure."""
    if figures is None and one.other is not None:
        return _SIGNS[one.comparison](tables.column(one.table, one.column), tables.column(*one.other))
    if figures is None and one.part is not None:
        part = tables.part(one.table, one.column, one.part)
        return _SIGNS[one.comparison](part, period_of(one, value))
    if figures is None:
        return _compared(tables.column(one.table, one.column), tables.type_of(one.table, one.column), one, value)
    column: Any = figures.compared(one)
    return column if one.value is True else _compared(column, "number", one, value)


def _compared(column: Any, kind: str, one: Filter, value: object) -> Any:
    if one.comparison == "in":
        return column.in_([_fitting(kind, each, one) for each in _list_of(value)])
    if one.comparison == "contains":
        return column.icontains(str(value), autoescape=True)
    fitting = None if value is None else _fitting(kind, value, one)
    return _SIGNS[one.comparison](column, fitting)


_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _moment(one: Filter, value: object, today: date | None) -> object:
    """The day that a filter names; None where its input was not given. Raises `ValidationFailed`."""
    if one.input is None or value is None:
        return moment(one.moment, today).isoformat() if one.input is None else None
    try:
        return moment(one.moment, today, times=int(str(value))).isoformat()
    except (ValueError, OverflowError):
        where = f"{one.table}.{one.column}"
        raise ValidationFailed(f"{one.input} must be a whole number", where=where) from None


def _list_of(value: object) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _fitting(kind: str, value: object, one: Filter) -> object:
    """The value as the column's type has it. Raises `ValidationFailed`."""
    try:
        if kind == "date":
            return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        if kind == "number" and not isinstance(value, bool):
            return float(str(value))
        if kind == "integer" and not isinstance(value, bool):
            number = float(str(value))
            return int(number) if number.is_integer() else number
        if (kind == "text" and isinstance(value, str)) or (kind == "boolean" and isinstance(value, bool)):
            return value
    except ValueError:
        pass
    raise ValidationFailed(f"{one.input or one.column} must be a {kind}", where=f"{one.table}.{one.column}")
