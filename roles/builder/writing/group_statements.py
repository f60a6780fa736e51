"""Groups of filters and the first rows of each kind, as SQLAlchemy source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from roles.builder.writing.render import literal
from roles.engineering.query_groups import KEY, PLACE
from roles.engineering.specification import Filter, FilterGroup, Query, Related

__all__ = ["GroupSources", "GroupedFilters", "Names", "leading_columns", "leading_conditions", "leading_order"]

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Names(Protocol):
    """What tables are called in the source."""

    def variable(self, table: str) -> str:
        """The variable of a table."""
        ...

    def compared(self, one: Filter, column: str, value: str) -> str:
        """A column compared with the source of a value."""
        ...

    def is_day(self, one: Filter) -> bool:
        """Whether a filter compares with a date."""
        ...

    def use(self, *names: str) -> None:
        """Note names of SQLAlchemy that the source needs."""
        ...


@dataclass(frozen=True, slots=True)
class GroupedFilters:
    """A group's condition in source, and the inputs without which it is left out."""

    source: str
    inputs: tuple[str, ...]


@dataclass(slots=True)
class GroupSources:
    """The conditions of a query's groups; `aliases` are lines that have to stand before them."""

    names: Names
    aliases: list[str] = field(default_factory=list[str])

    def of(self, query: Query) -> list[GroupedFilters]:
        """The conditions, in the order of the groups."""
        made: list[GroupedFilters] = []
        for group in query.filter_groups:
            inputs = dict.fromkeys(one.input for one in group.all_filters if one.input is not None)
            made.append(GroupedFilters(self._group(group, {}), tuple(inputs)))
        return made

    def _group(self, group: FilterGroup, scope: Mapping[str, str]) -> str:
        related = group.related
        inner = scope if related is None else {**scope, **self._aliased(related)}
        parts = [self._filter(one, inner) for one in group.filters]
        parts += [self._group(one, inner) for one in group.groups]
        whole = parts[0] if len(parts) == 1 else ""
        if len(parts) > 1:
            name = "or_" if group.any else "and_"
            self.names.use(name)
            whole = f"{name}({', '.join(parts)})"
        return whole if related is None else self._so_many(related, scope, inner, whole)

    def _aliased(self, related: Related) -> dict[str, str]:
        tables = [related.table, related.link.left_table]
        tables += [name for join in related.joins for name in (join.left_table, join.right_table)]
        made: dict[str, str] = {}
        for table in dict.fromkeys(tables):
            variable = self.names.variable(table)
            made[table] = f"{variable.strip('_').lower()}_{len(self.aliases) + 1}"
            self.aliases.append(f"{made[table]} = {variable}.alias({literal(made[table])})")
        return made

    def _column(self, table: str, column: str, scope: Mapping[str, str]) -> str:
        return f"{scope.get(table, self.names.variable(table))}.c[{literal(column)}]"

    def _filter(self, one: Filter, scope: Mapping[str, str]) -> str:
        column = self._column(one.table, one.column, scope)
        if one.other is not None:
            return f"{column} {_SIGNS[one.comparison]} {self._column(*one.other, scope)}"
        value = literal(one.value) if one.input is None else self._given(one)
        return self.names.compared(one, column, value)

    def _given(self, one: Filter) -> str:
        value = f"parameters[{literal(one.input)}]"
        return f"date.fromisoformat(str({value}))" if self.names.is_day(one) else value

    def _so_many(self, related: Related, scope: Mapping[str, str], inner: Mapping[str, str], where: str) -> str:
        link = related.link
        rows, there = inner[related.table], {related.table}
        for join in related.joins:
            new = join.right_table if join.left_table in there else join.left_table
            there.add(new)
            left = self._column(join.left_table, join.left_column, inner)
            right = self._column(join.right_table, join.right_column, inner)
            rows = f"{rows}.join({inner[new]}, {left} == {right})"
        leads = (
            f"{self._column(link.left_table, link.left_column, inner)} == "
            f"{self._column(link.right_table, link.right_column, scope)}"
        )
        conditions = f"{leads}, {where}" if where else leads
        if (related.comparison, related.number) in ((">=", 1), ("=", 0)):
            self.names.use("literal")
            found = f"select(literal(1)).select_from({rows}).where({conditions}).exists()"
            if related.number:
                return found
            self.names.use("not_")
            return f"not_({found})"
        self.names.use("func")
        many = f"select(func.count()).select_from({rows}).where({conditions}).scalar_subquery()"
        return f"{many} {_SIGNS[related.comparison]} {related.number}"


def leading_columns(query: Query, selected: Callable[[str], str], keys: Sequence[str]) -> list[tuple[str, str]]:
    """What is selected besides the columns to find the first rows of each kind: sources with their names.

    `selected` gives the source of a term or column by its name, `keys` are those of a row's key (none of groups).
    """
    leading = query.leading
    if leading is None:
        return []
    name = leading.order_by.removeprefix("-")
    way = "desc" if leading.order_by.startswith("-") else "asc"
    shown = {one.name for one in query.columns}
    found = [(selected(one), one) for one in (*leading.by, name) if one not in shown]
    found += [(key, f"{KEY}{number}") for number, key in enumerate(keys)]
    by = ", ".join(selected(one) for one in leading.by)
    best = f"({selected(name)}).{way}().nulls_last()"
    return [*found, (f"func.rank().over(partition_by=[{by}], order_by={best})", PLACE)]


def leading_conditions(query: Query, inner: str) -> list[str]:
    """The conditions of the first rows of each kind, out of what `inner` names."""
    leading = query.leading
    if leading is None:
        return []
    name = leading.order_by.removeprefix("-")
    return [f"{inner}.c[{literal(PLACE)}] <= {leading.number}", f"{inner}.c[{literal(name)}].is_not(None)"]


def leading_order(query: Query, inner: str, keys: int) -> str:
    """The order of the first rows of each kind: by kind, each kind in its own order."""
    by = query.leading.by if query.leading is not None else ()
    then = [PLACE, *(one for one in query.group_by if one not in by), *(f"{KEY}{number}" for number in range(keys))]
    return ", ".join(
        [f"{inner}.c[{literal(one)}].asc().nulls_last()" for one in by] + [f"{inner}.c[{literal(one)}]" for one in then]
    )
