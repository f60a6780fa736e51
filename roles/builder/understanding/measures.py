"""Functions over rows that a request names, each with its column: "median, minimum and maximum of salaries"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier, identifier, words_of_name

__all__ = ["IN_DATABASES", "Measure", "read_measures"]

IN_DATABASES = frozenset({"count", "sum", "mean", "minimum", "maximum"})
"""Functions that databases compute themselves."""

_PAIRED = frozenset({"correlation", "covariance"})
_BEHIND = frozenset({"on average", "in total", "altogether", "overall"})
"""Functions that stand behind their column."""
_PERSONNEL = frozenset({"employee", "person", "worker", "member", "user", "student", "patient"})


@dataclass(frozen=True, slots=True)
class Measure:
    """A function over a column, or over two side by side; of a count the column is a key."""

    function: str
    place: Place
    other: Place | None = None

    @property
    def name(self) -> str:
        """The name of the figure: ``average_salary``."""
        function, _, rank = self.function.partition(" ")
        column = column_identifier(self.place.column)
        if function == "count":
            return f"{identifier(words_of_name(self.place.table.rpartition('.')[2]))}_count"
        if self.other is not None:
            return f"{function}_{column}_{column_identifier(self.other.column)}"[:48]
        before = {"mean": "average", "sum": "total", "percentile": f"percentile_{rank}"}.get(function, function)
        return (column if column.startswith(f"{before}_") else f"{before}_{column}")[:48]

    @property
    def expression(self) -> str:
        """The figure as a formula over the columns."""
        function, _, rank = self.function.partition(" ")
        column = name_of(self.place)
        if self.other is not None:
            return f"{function}({column}, {name_of(self.other)})"
        return f"{function}({column}, {rank})" if rank else f"{function}({column})"


def name_of(place: Place) -> str:
    """The name that a column has in formulas."""
    return column_identifier(place.column)


def read_measures(tagged: Tagged, tables: Tables, focus: Sequence[str]) -> list[Measure]:
    """The functions of a marked text with their columns, in its order."""
    found: list[Measure] = []
    waiting: list[str] = []
    marks = tagged.marks("FCT")
    for index, mark in enumerate(marks):
        behind = marks[index + 1] if index + 1 < len(marks) else ""
        if mark[0] == "F":
            function = tagged.span(mark).best.name
            if function == "sum" and behind[:1] == "F" and _adjacent(tagged, mark, behind):
                continue
            if function == "count" and (place := _counted(tagged, tables, mark, behind)) is not None:
                found.append(Measure("count", place))
                tagged.use(mark)
            elif tagged.said(mark) in _BEHIND and (before := _column_before(tagged, tables, marks[:index], focus)):
                found.append(Measure(function, before))
            else:
                waiting.append(function)
        elif mark[0] == "C" and waiting:
            place = tagged.column(mark, focus)
            if place is None or tables.column(place).type not in ("number", "integer"):
                continue
            if waiting[-1] in _PAIRED:
                other = tagged.column(behind, focus) if behind[:1] == "C" else None
                if other is not None:
                    tagged.use(mark)
                    tagged.use(behind)
                    found.append(Measure(waiting[-1], place, other))
                    waiting = []
                continue
            tagged.use(mark)
            found += [Measure(function, place) for function in waiting]
            # "average minutes and fees": the function goes on to a column that follows at once
            waiting = [] if not _continues(tagged, mark, behind) else waiting
        elif mark[0] == "T" and waiting == ["sum"] and behind[:1] != "C":
            found.append(Measure("count", Place(table=tagged.table(mark), column=tables.key(tagged.table(mark)))))
            tagged.use(mark)
            waiting = []
    if waiting and (before := _column_before(tagged, tables, marks, focus)) is not None:
        # "the kwh trend of a site"
        found += [Measure(function, before) for function in waiting if function not in _PAIRED]
    return list({one.name: one for one in reversed(found)}.values())[::-1]


def _adjacent(tagged: Tagged, first: str, second: str) -> bool:
    return tagged.span(first).end == tagged.span(second).start


def _continues(tagged: Tagged, mark: str, behind: str) -> bool:
    return behind[:1] == "C" and re.search(rf"{mark} and {behind}\b", tagged.text) is not None


def _counted(tagged: Tagged, tables: Tables, mark: str, behind: str) -> Place | None:
    """What is counted: the table that follows, people for a headcount; None where a column follows."""
    if tagged.said(mark).replace(" ", "") == "headcount":
        for table in tables.tables:
            if _PERSONNEL & set(words_of_name(table)):
                return Place(table=table, column=tables.key(table))
        return None
    if behind[:1] == "T":
        tagged.use(behind)
        table = tagged.table(behind)
        return Place(table=table, column=tables.key(table))
    if behind[:1] == "C":
        # "number of active employees"
        after = re.search(rf"{mark} (?:the |of |all )*{behind} (T\d+)", tagged.text)
        if after is not None:
            tagged.use(after[1])
            table = tagged.table(after[1])
            return Place(table=table, column=tables.key(table))
    return None


def _column_before(tagged: Tagged, tables: Tables, marks: Sequence[str], focus: Sequence[str]) -> Place | None:
    for mark in reversed(marks):
        place = tagged.column(mark, focus) if mark[0] == "C" else None
        if place is not None and tables.column(place).type in ("number", "integer"):
            tagged.use(mark)
            return place
    return None
