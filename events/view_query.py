"""Turns conditions on a view's columns into SQL; names are checked against the view, values are bound."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from common.errors import StoreError
from events.view_types import Column, Layout, Row

__all__ = ["build_query"]

_COMPARISONS = ("<=", ">=", "<", ">", "in")


def build_query(
    layout: Layout,
    where: Mapping[str, Any] | None,
    order_by: str | None,
    limit: int,
    after: Row | None,
) -> tuple[str, list[Any]]:
    """The query over `{table}` and its parameters. Raises `StoreError` for columns and values that do not fit."""
    conditions: list[str] = []
    parameters: list[Any] = []
    for name, value in (where or {}).items():
        condition, bound = _condition(layout, name, value)
        conditions.append(condition)
        parameters += bound
    ordering = _ordering(layout, order_by)
    if after is not None:
        condition, bound = _behind(layout, ordering, after)
        conditions.append(condition)
        parameters += bound
    sql = "SELECT * FROM {table}"
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    sql += f" ORDER BY {', '.join(_sorted(layout, column, direction) for column, direction in ordering)} LIMIT ?"
    return sql, [*parameters, max(0, limit)]


def _sorted(layout: Layout, column: Column, direction: str) -> str:
    """How a column is sorted; databases differ in where they put nothing unless told."""
    nothing = "" if column in layout.key else " NULLS FIRST" if direction == "ASC" else " NULLS LAST"
    return f"{_quoted(column)} {direction}{nothing}"


def _quoted(column: Column) -> str:
    return f'"{column.name}"'


def _condition(layout: Layout, name: str, value: Any) -> tuple[str, list[Any]]:
    column_name, _, comparison = name.partition(" ")
    column = layout.column(column_name)
    if comparison and comparison not in _COMPARISONS:
        raise StoreError(
            f"{comparison!r} is no comparison",
            where=f"query of {layout.shape.name}",
            todo=f"Use the column's name alone, or with one of {', '.join(_COMPARISONS)}.",
        )
    if column.type == "json":
        raise StoreError(f"the column {column_name} is json and can't be compared", where=layout.shape.name)
    if comparison == "in":
        return _one_of(layout, column, value)
    bound = _bind(layout, column, value)
    if not comparison:
        return (f"{_quoted(column)} IS NULL", []) if bound is None else (f"{_quoted(column)} = ?", [bound])
    if bound is None:
        raise StoreError(f"the column {column_name} can't be compared with nothing", where=layout.shape.name)
    return f"{_quoted(column)} {comparison} ?", [bound]


def _one_of(layout: Layout, column: Column, values: Any) -> tuple[str, list[Any]]:
    if isinstance(values, str) or not isinstance(values, Collection):
        raise StoreError(f"the column {column.name} takes a collection of values here", where=layout.shape.name)
    bound: list[Any] = [_bind(layout, column, value) for value in values]  # pyright: ignore[reportUnknownVariableType]
    known = [value for value in bound if value is not None]
    condition = f"{_quoted(column)} IN ({','.join('?' * len(known))})" if known else "1 = 0"
    return (condition, known) if len(known) == len(bound) else (f"({condition} OR {_quoted(column)} IS NULL)", known)


def _bind(layout: Layout, column: Column, value: Any) -> Any:
    try:
        return layout.encode_value(column, value)
    except ValueError as error:
        raise StoreError(str(error), where=f"query of {layout.shape.name}") from None


def _ordering(layout: Layout, order_by: str | None) -> list[tuple[Column, str]]:
    """The wanted order, made total by the key."""
    ordering: list[tuple[Column, str]] = []
    if order_by is not None:
        direction = "DESC" if order_by.startswith("-") else "ASC"
        ordering.append((layout.column(order_by.removeprefix("-")), direction))
    named = {column.name for column, _ in ordering}
    return ordering + [(column, "ASC") for column in layout.key if column.name not in named]


def _behind(layout: Layout, ordering: list[tuple[Column, str]], after: Row) -> tuple[str, list[Any]]:
    """The rows behind a row that an earlier query gave; nothing counts as the smallest value."""
    alternatives: list[str] = []
    parameters: list[Any] = []
    equal: list[str] = []
    equal_bound: list[Any] = []
    for column, direction in ordering:
        if column.name not in after:
            raise StoreError(f"the row to go on after has no {column.name}", where=f"query of {layout.shape.name}")
        bound, name = _bind(layout, column, after[column.name]), _quoted(column)
        if bound is None:
            further, further_bound = (f"{name} IS NOT NULL" if direction == "ASC" else "1 = 0"), []
        elif direction == "ASC":
            further, further_bound = f"{name} > ?", [bound]
        else:
            further, further_bound = f"({name} < ? OR {name} IS NULL)", [bound]
        alternatives.append(f"({' AND '.join([*equal, further])})")
        parameters += [*equal_bound, *further_bound]
        equal.append(f"{name} IS NULL" if bound is None else f"{name} = ?")
        equal_bound += [] if bound is None else [bound]
    return f"({' OR '.join(alternatives)})", parameters
