"""Sample values that groups of filters and the first rows of each kind tell apart."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from roles.engineering.specification import Column, Filter, FilterGroup, Query, Specification

__all__ = ["chosen_value"]


def chosen_value(spec: Specification, table: str, column: Column, number: int) -> Callable[[], JsonValue] | None:
    """The value of a row's column, by the row's number; None where groups and kinds say nothing of it.

    Several rows lead to one, and some to none; every other row has what a filter in a group asks for, and the rest the
    opposite where there is one; and each kind has several rows.
    """
    place = (table, column.name)
    for query in spec.queries:
        if place in _leading(query):
            return lambda: _repeated(column, number)
        for group in query.filter_groups:
            if place in _links(group):
                return lambda: _repeated(column, number)
            asked = [one for one in group.all_filters if (one.table, one.column) == place and _is_fixed(one)]
            if asked and (number % 2 or _opposite(asked[0], column) is not None):
                return lambda one=asked[0]: _fitting(one, column) if number % 2 else _opposite(one, column)
    return None


def _links(group: FilterGroup) -> set[tuple[str, str]]:
    """The columns by which related rows lead to those who have them."""
    own = set[tuple[str, str]]()
    if group.related is not None:
        own = {(group.related.link.left_table, group.related.link.left_column)}
    return own.union(*(_links(one) for one in group.groups))


def _leading(query: Query) -> set[tuple[str, str]]:
    """The columns that tell the kinds, and keys that lead to what tells them."""
    if query.leading is None:
        return set()
    kinds = {(query.figures[name].table, query.figures[name].column) for name in query.leading.by}
    return kinds | {
        (join.left_table, join.left_column) for join in query.joins if (join.right_table, join.right_column) in kinds
    }


def _is_fixed(one: Filter) -> bool:
    return one.input is None and not one.moment and one.other is None and one.value is not None and one.part is None


def _fitting(one: Filter, column: Column) -> JsonValue:
    """A value that a filter lets through."""
    value = one.value[0] if isinstance(one.value, list) and one.value else one.value
    apart = {">": 1, ">=": 0, "<": -1, "<=": 0}.get(one.comparison, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        late = one.comparison == ">" and column.type == "date" and isinstance(value, str)
        return "2099-01-01" if late else value if one.comparison in ("=", "in", ">=", "<=", "contains") else f"{value}"
    return value + apart


def _opposite(one: Filter, column: Column) -> JsonValue:
    """A value that a filter does not let through; None where any other one does."""
    if isinstance(one.value, bool):
        return not one.value
    if not isinstance(one.value, int | float) or column.type not in ("number", "integer"):
        return None
    return one.value + {">": -1, ">=": -1, "<": 1, "<=": 1, "=": 1, "!=": 0}.get(one.comparison, 1)


def _repeated(column: Column, number: int) -> JsonValue:
    half = (number + 1) // 2
    if column.type == "text":
        return f"K{half}"
    return f"2024-01-{half:02}" if column.type == "date" else half
