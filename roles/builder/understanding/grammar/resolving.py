"""Which columns are meant: of several that words may mean, the one of the tables that a request is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from common.errors import SupervisorError
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Around,
    Binary,
    ColumnRef,
    Condition,
    Count,
    Figure,
    Given,
    Query,
    Ratio,
    Share,
    Thing,
)  # fmt: skip
from roles.builder.understanding.grammar.linking import Linker
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = [
    "Asked",
    "Beyond",
    "Resolver",
    "Unclear",
    "Unfit",
    "aggregates",
    "gives",
    "has_meaning",
    "inner_aggregates",
    "inner_columns",
    "parents_of",
    "surname_of",
]

_NEAR = 0.2
_CLOSE = 0.04
_STATES = ("due", "eta", "deadline", "expected", "promised", "planned", "scheduled", "target")


class Unfit(SupervisorError):
    """Raised where the pieces of a reading do not fit the tables: it is no reading then."""


class Beyond(Unfit):
    """Raised where a reading is understood, and no template covers it; `what` says what would be needed."""


class Asked(SupervisorError):
    """Raised where a reading is understood but for one thing, which `what` asks."""


class Unclear(SupervisorError):
    """Raised where words may mean two things and nothing tells which; `what` asks."""


def inner_columns(one: Any) -> Iterable[ColumnRef]:
    """The columns within an expression or a condition."""
    match one:
        case ColumnRef():
            yield one
        case Binary(left=left, right=right):
            yield from inner_columns(left)
            yield from inner_columns(right)
        case Aggregate(of=of, where=where):
            yield from inner_columns(of)
            yield from (each for told in where for each in inner_columns(told))
        case Count(where=where):
            yield from (each for told in where for each in inner_columns(told))
        case Share(holds=holds, base=base):
            yield from (each for told in (*holds, *base) for each in inner_columns(told))
        case Around(of=of, within=within):
            yield from inner_columns(of)
            yield from (each for key in within for each in inner_columns(key))
        case Condition(left=left, right=right, where=where):
            yield from inner_columns(left)
            yield from inner_columns(right)
            yield from (each for told in where for each in inner_columns(told))
        case _:
            return


def parents_of(resolver: Resolver, base: str) -> list[str]:
    """A table and those that its rows belong to, the nearest first."""
    found = [(len(path), name) for name in resolver.tables.tables
             if (path := resolver.tables.path(base, name, upwards=True)) is not None]  # fmt: skip
    return [name for _, name in sorted(found)]


class Resolver:
    """Finds the columns that the words of one request mean."""

    def __init__(self, query: Query, linker: Linker) -> None:
        self.tables: Tables = linker.tables
        self.linker = linker
        self.focus: list[str] = []
        """The tables that the request is about, the surest first."""
        named = [
            query.subject,
            query.top.thing.table if query.top is not None else "",
            *(one.table for one in query.groups if isinstance(one, Thing)),
            *query.mentioned,
        ]
        self.owners = list(dict.fromkeys(one for one in named if one))
        """The things of which is told what they have."""
        for table in self._named(query):
            self._near(table)
        columns = [*query.shown, *(one for figure in query.figures for one in inner_columns(figure.value))]
        columns += [one for told in query.conditions for one in inner_columns(told)]
        columns += [one for one in query.groups if isinstance(one, ColumnRef)]
        columns += [one.by for one in query.orders if isinstance(one.by, ColumnRef)]
        if query.top is not None:
            columns += [*inner_columns(query.top.by), *(one for one in query.top.keys if isinstance(one, ColumnRef))]
        for one in columns:
            if one.owner:
                self._near(one.owner)
        for one in columns:
            best = [place for place, score in one.candidates if score >= one.candidates[0][1] - 0.15]
            if one.candidates[0][1] >= 0.8 and len({place.table for place in best}) == 1:
                self._near(best[0].table)

    def _named(self, query: Query) -> Iterable[str]:
        yield from [query.subject] if query.subject else []
        yield from [query.top.thing.table] if query.top is not None and query.top.thing.table else []
        for figure in query.figures:
            yield from _counted(figure.value)
        yield from [query.entity.table] if query.entity else []
        for one in query.groups:
            if isinstance(one, Thing):
                yield one.table
        for told in query.conditions:
            yield from [told.table] if told.table else []

    def _near(self, table: str) -> None:
        if table not in self.focus:
            self.focus.append(table)

    def place(self, column: ColumnRef, first: Sequence[str] = ()) -> Place:
        """The column that is meant. Raises `Unclear`."""
        near = [*first, *self.focus]
        if column.words in ("date", "day"):
            # the day of the rows that are asked about, however well the word fits others
            for table in near:
                own = [place for place, _ in column.candidates if place.table == table and self.kind(place) == "date"]
                if len(own) == 1:
                    return own[0]
                if own:
                    break

        def rank(one: tuple[Place, float]) -> float:
            table = one[0].table
            if table in near[:1]:
                return one[1] + _NEAR + 0.05
            if table in near:
                return one[1] + _NEAR - 0.01 * min(near.index(table), 3)
            return one[1]

        ranked = sorted(column.candidates, key=rank, reverse=True)
        if len(ranked) > 1 and rank(ranked[0]) - rank(ranked[1]) < _CLOSE - 0.02:
            if ranked[0][1] < 0.85:
                raise Unfit(f"{column.words!r} is not sure", where="request")
            one, other = ranked[0][0], ranked[1][0]
            raise Unclear(
                f"“{column.words}” may be the {_said(one)} or the {_said(other)}: which one is meant?", where="request"
            )
        if rank(ranked[0]) < 0.5:
            raise Unfit(f"{column.words!r} is not sure", where="request")
        return ranked[0][0]

    def columns_of(self, figures: Iterable[Figure]) -> list[ColumnRef]:
        """The columns that figures are made of, as they were said."""
        return [one for figure in figures for one in inner_columns(figure.value)]

    def counted_of(self, figures: Iterable[Figure]) -> list[str]:
        """The tables whose rows figures count."""
        return [table for figure in figures for table in _counted(figure.value)]

    def kind(self, place: Place) -> str:
        """The type of a column."""
        return self.tables.column(place).type

    def happened(self, word: str, tables: Sequence[str]) -> Place | None:
        """The date column that tells when something was done: ``paid_on`` for "paid"; None where there is none."""
        for table in tables:
            found = [
                place for place, score in self.linker.columns((word,))
                if place.table == table and score >= 0.55 and self.kind(place) == "date"
            ]  # fmt: skip
            if len(found) == 1:
                return found[0]
        return None

    def moment(self, table: str) -> Place | None:
        """The column that tells when a row of a table was: None where there are several, or none."""
        columns = [one for one in self.tables.tables[table].columns if one.type == "date"]
        sure = [one for one in columns if not one.nullable]
        for few in (columns, sure):
            plain = [one for one in few if not any(word in one.name.lower() for word in _STATES)]
            for chosen in (few, plain):
                if len(chosen) == 1:
                    return Place(table=table, column=chosen[0].name)
        order = self.tables.order(table)
        return order if order is not None and not columns else None

    def due(self, table: str) -> Place | None:
        """The column that tells when something ought to be done, where one does."""
        columns = [
            one.name for one in self.tables.tables[table].columns
            if one.type == "date" and any(word in one.name.lower().split("_") for word in _STATES)
        ]  # fmt: skip
        return Place(table=table, column=columns[0]) if len(columns) == 1 else None


def surname_of(resolver: Resolver, label: Place) -> list[Place]:
    """The other name of people of whom a first name does not tell who it is."""
    if words_of_name(label.column)[-2:] not in (("first", "name"), ("given", "name")):
        return []
    places = [Place(table=label.table, column=one.name) for one in resolver.tables.tables[label.table].columns]
    return [one for one in places if words_of_name(one.column)[-2:] in (("last", "name"), ("family", "name"))
            or words_of_name(one.column)[-1:] in (("surname",), ("lastname",))][:1]  # fmt: skip


def _counted(one: Any) -> Iterable[str]:
    match one:
        case Count(table=table) | Share(table=table):
            yield from [table] if table else []
        case Binary(left=left, right=right):
            yield from _counted(left)
            yield from _counted(right)
        case Around(of=of):
            yield from _counted(of)
        case _:
            return


def _said(place: Place) -> str:
    return f"{place.column.replace('_', ' ')} of the {place.table.replace('_', ' ')}"


def has_meaning(one: Any) -> bool:
    """Whether an expression is more than numbers and names."""
    match one:
        case ColumnRef() | Aggregate() | Count() | Share() | Ratio() | Around():
            return True
        case Binary(left=left, right=right):
            return has_meaning(left) or has_meaning(right)
        case _:
            return False


def gives(one: Any) -> bool:
    """Whether an expression has an amount that the caller gives."""
    match one:
        case Given():
            return True
        case Binary(left=left, right=right):
            return gives(left) or gives(right)
        case Aggregate(of=of):
            return gives(of)
        case _:
            return False


def inner_aggregates(one: Any) -> Iterable[Aggregate]:
    """The functions over rows within an expression."""
    match one:
        case Aggregate():
            yield one
        case Binary(left=left, right=right):
            yield from inner_aggregates(left)
            yield from inner_aggregates(right)
        case Around(of=of):
            yield from inner_aggregates(of)
        case _:
            return


def aggregates(one: Any) -> bool:
    """Whether an expression is of many rows."""
    match one:
        case Aggregate() | Count() | Share() | Around():
            return True
        case Binary(left=left, right=right):
            return aggregates(left) or aggregates(right)
        case _:
            return False
