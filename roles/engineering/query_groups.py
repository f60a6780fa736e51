"""Groups of filters and the first rows of each kind, as parts of SQLAlchemy statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from roles.engineering.specification import Filter, FilterGroup, Query, Related, RowSet

__all__ = ["KEY", "PLACE", "Scope", "group_condition", "leading_rows", "with_places"]

PLACE = "place_of_its_kind"
"""The name of the column that tells the place of a row among those of its kind; it is in no answer."""
KEY = "key_of_row_"
"""The start of the names of the columns that tell rows apart which are alike."""


class Scope(Protocol):
    """The tables that conditions are about."""

    def column(self, table: str, name: str) -> Any:
        """A column of a table. Raises `ValidationFailed`."""
        ...

    def joined(self, query: Query | RowSet) -> Any:
        """A table with those joined to it. Raises `ValidationFailed`."""
        ...

    def aliased(self, names: Iterable[str]) -> Scope:
        """The same tables, these ones under other names."""
        ...


def group_condition(
    group: FilterGroup, scope: Scope, filtered: Callable[[Any, Filter], Any], sqlalchemy: Any
) -> Any | None:
    """The condition of a group; None where a filter in it has no value, as its input was not given.

    `filtered` makes a filter's condition over some tables; None for one without a value.
    """
    related = group.related
    inner = scope if related is None else scope.aliased(_tables_of(related))
    parts = [filtered(inner, one) for one in group.filters]
    parts += [group_condition(one, inner, filtered, sqlalchemy) for one in group.groups]
    if any(one is None for one in parts):
        return None
    whole = (sqlalchemy.or_ if group.any else sqlalchemy.and_)(*parts) if parts else None
    return whole if related is None else _so_many(related, scope, inner, whole, sqlalchemy)


def _tables_of(related: Related) -> set[str]:
    joined = (name for join in related.joins for name in (join.left_table, join.right_table))
    return {related.table, related.link.left_table, *joined}


def _so_many(related: Related, scope: Scope, inner: Scope, where: Any, sqlalchemy: Any) -> Any:
    link = related.link
    leads = inner.column(link.left_table, link.left_column) == scope.column(link.right_table, link.right_column)
    rows = inner.joined(RowSet(name="related", table=related.table, joins=related.joins))
    conditions = [leads] if where is None else [leads, where]
    if (related.comparison, related.number) in ((">=", 1), ("=", 0)):
        there = sqlalchemy.select(sqlalchemy.literal(1)).select_from(rows).where(*conditions).exists()
        return there if related.number else sqlalchemy.not_(there)
    many = sqlalchemy.select(sqlalchemy.func.count()).select_from(rows).where(*conditions).scalar_subquery()
    compared: Mapping[str, Callable[[], Any]] = {
        "=": lambda: many == related.number, "!=": lambda: many != related.number,
        "<": lambda: many < related.number, "<=": lambda: many <= related.number,
        ">": lambda: many > related.number, ">=": lambda: many >= related.number,
    }  # fmt: skip
    return compared[related.comparison]()


def with_places(asked: Any, query: Query, element: Callable[[str], Any], keys: Sequence[Any], sqlalchemy: Any) -> Any:
    """A statement whose rows have their places among those of their kind, with what they are put in order by.

    `element` gives a term or column of the query by its name, `keys` are those of a row (none of groups).
    """
    leading = query.leading
    if leading is None:
        return asked
    name = leading.order_by.removeprefix("-")
    best = element(name).desc() if leading.order_by.startswith("-") else element(name).asc()
    by = [element(one) for one in leading.by]
    shown = {one.name for one in query.columns}
    asked = asked.add_columns(*(element(one).label(one) for one in (*leading.by, name) if one not in shown))
    asked = asked.add_columns(*(key.label(f"{KEY}{number}") for number, key in enumerate(keys)))
    return asked.add_columns(sqlalchemy.func.rank().over(partition_by=by, order_by=best.nulls_last()).label(PLACE))


def leading_rows(inner: Any, query: Query, keys: int, sqlalchemy: Any) -> Any:
    """The first rows of each kind out of a subquery `with_places`; they come by kind, each kind in its order."""
    leading = query.leading
    asked = sqlalchemy.select(*(inner.c[one.name] for one in query.columns)).select_from(inner)
    if leading is None:
        return asked
    name = leading.order_by.removeprefix("-")
    asked = asked.where(inner.c[PLACE] <= leading.number, inner.c[name].is_not(None))
    order = [inner.c[one].asc().nulls_last() for one in leading.by] + [inner.c[PLACE]]
    order += [inner.c[one] for one in query.group_by if one not in leading.by]
    return asked.order_by(*order, *(inner.c[f"{KEY}{number}"] for number in range(keys)))
