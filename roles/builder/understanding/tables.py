"""What is known of a database's tables: which join which, what names a row, which column is meant by words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from roles.builder.understanding.known_values import known_values, phrase_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import identifier, words_of_name
from roles.engineering.specification import Column, DataSource, Join, Table

__all__ = ["Tables"]

_LABELS = ("name", "full_name", "title", "label", "code", "description")
_NO_ORDERS = ("term", "built", "construction", "founded", "per_", "birth", "lease")
_ORDERS = ("period", "date", "day", "month", "year", "fiscal_year", "week", "time", "sequence", "position")


class Tables:
    """The tables of all sources of a build; a build reads from the first source only."""

    def __init__(self, sources: Sequence[DataSource]) -> None:
        self.tables: dict[str, Table] = {one.name: one for one in sources[0].tables} if sources else {}
        self.joins: tuple[Join, ...] = sources[0].joins if sources else ()
        self.values: dict[Place, dict[tuple[str, ...], tuple[str, ...]]] = {}
        """What columns of texts hold, as far as it was read, by the words for it."""
        for (table, column), values in known_values(sources).items():
            said: dict[tuple[str, ...], tuple[str, ...]] = {}
            for value in values:
                said[phrase_of(value)] = (*said.get(phrase_of(value), ()), value)
            self.values[Place(table=table, column=column)] = said
        self.meant: dict[tuple[str, str], str] = {}
        """Of two tables between which several keys lead: the column of the first that is meant."""
        self.phrases: dict[Place, Mapping[tuple[str, ...], float]] = {}
        """The words for columns, once they were worked out."""
        tables = (("table", *words_of_name(name.rpartition(".")[2])) for name in self.tables)
        self.names = frozenset((*(words_of_name(place.column) for place, _ in self.places()), *tables))
        """The words of the columns' names, and of the tables' behind the word "table"."""

    def __bool__(self) -> bool:
        return bool(self.tables)

    def column(self, place: Place) -> Column:
        """The description of a column. Raises `KeyError`."""
        return {one.name: one for one in self.tables[place.table].columns}[place.column]

    def places(self) -> Iterable[tuple[Place, Column]]:
        """All columns."""
        for table in self.tables.values():
            for column in table.columns:
                yield Place(table=table.name, column=column.name), column

    def key(self, table: str) -> str:
        """The column that names a row of a table: its key, else what looks like one, else its first column."""
        found = self.tables[table]
        if len(found.key) == 1:
            return found.key[0]
        names = [one.name for one in found.columns]
        for name in (*found.key[:1], "id", f"{self.one(table)}_id"):
            if name in names:
                return name
        return names[0]

    def one(self, table: str) -> str:
        """What one row of a table is called: ``properties`` holds a ``property``."""
        return identifier(words_of_name(table.rpartition(".")[2]), "row")

    def is_key(self, place: Place) -> bool:
        """Whether a column is a key of its table, or leads to one of another table."""
        return place.column in self.tables[place.table].key or any(
            (join.left_table, join.left_column) == (place.table, place.column) for join in self.joins
        )

    def label(self, table: str) -> Place | None:
        """The column by which people know a row of a table, where there is one."""
        columns = [one for one in self.tables[table].columns if one.type == "text"]
        wanted = [*_LABELS, *(f"{self.one(table)}_{label}" for label in _LABELS)]
        for name in wanted:
            for one in columns:
                if one.name.lower() == name:
                    return Place(table=table, column=one.name)
        for one in columns:
            if one.name.lower().endswith("name"):
                return Place(table=table, column=one.name)
        for one in columns:
            if words_of_name(one.name)[-1:] in (
                ("address",),
                ("tag",),
                ("plate",),
                ("registration",),
                ("company",),
                ("subject",),
            ):
                return Place(table=table, column=one.name)
        return None

    def order(self, table: str) -> Place | None:
        """The column that puts the rows of a table into an order in time, where there is one."""
        columns = self.tables[table].columns
        for one in columns:
            if one.type == "date":
                return Place(table=table, column=one.name)
        for one in columns:
            name = one.name.lower()
            if (
                one.type in ("integer", "number")
                and name.rpartition("_")[2] in _ORDERS
                and not name.startswith(_NO_ORDERS)
            ):
                return Place(table=table, column=one.name)
        return None

    def path(self, start: str, goal: str, *, upwards: bool = False) -> list[Join] | None:
        """The shortest chain of foreign keys between two tables; `upwards`: only from rows to those they belong to."""
        if start == goal:
            return []
        before: dict[str, tuple[str, Join]] = {}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for join in self._meant_first():
                if join.left_table == here:
                    there = join.right_table
                elif join.right_table == here and not upwards:
                    there = join.left_table
                else:
                    continue
                if there == start or there in before:
                    continue
                before[there] = (here, join)
                if there == goal:
                    chain: list[Join] = []
                    while there != start:
                        there, join = before[there]
                        chain.append(join)
                    return chain[::-1]
                queue.append(there)
        return None

    def _meant_first(self) -> list[Join]:
        meant = {(left, right, column) for (left, right), column in self.meant.items()}
        return sorted(self.joins, key=lambda one: (one.left_table, one.right_table, one.left_column) not in meant)

    def links(self, table: str, parent: str) -> list[str]:
        """The columns of a table that lead to rows of another."""
        return [one.left_column for one in self.joins if (one.left_table, one.right_table) == (table, parent)]

    def unclear(self, start: str, goal: str) -> Join | None:
        """The first step between two tables that several keys could be; None where it is clear."""
        for join in self.path(start, goal) or []:
            pair = (join.left_table, join.right_table)
            if len(self.links(*pair)) > 1 and pair not in self.meant:
                return join
        return None

    def foreign_key(self, table: str, parent: str) -> str | None:
        """The column of a table that leads to a row of another."""
        return next(
            (one.left_column for one in self._meant_first() if (one.left_table, one.right_table) == (table, parent)),
            None,
        )

    def base(self, wanted: Iterable[str]) -> str | None:
        """The table from which all of these can be reached upwards, so that joining multiplies no rows."""
        names = list(dict.fromkeys(wanted))
        for name in names:
            if all(self.path(name, other, upwards=True) is not None for other in names):
                return name
        reached = [
            name for name in self.tables if all(self.path(name, other, upwards=True) is not None for other in names)
        ]
        if reached:
            return min(
                reached, key=lambda name: sum(len(self.path(name, other, upwards=True) or []) for other in names)
            )
        connected = [name for name in names if all(self.path(name, other) is not None for other in names)]
        return connected[0] if connected else None
