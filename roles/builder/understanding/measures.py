"""Functions over rows that a request names, each with its column: "median, minimum and maximum of salaries"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from common.language.words import word_set
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.rows import GROUP, singular_said
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.tagged import Tagged
from roles.builder.understanding.words import column_identifier, identifier, words_of_name

__all__ = ["IN_DATABASES", "Measure", "money_of", "read_measures"]

IN_DATABASES = frozenset({"count", "sum", "mean", "minimum", "maximum"})
"""Functions that databases compute themselves."""

_PAIRED = frozenset({"correlation", "covariance"})
_BEHIND = frozenset(
    [
        "on average",
        "in total",
        "altogether",
        "overall",
        "summed up",
        "summed",
        "added up",
        "added together",
        "totalled",
        "totaled",
    ]
)
"""Functions that stand behind their column."""
_PERSONNEL = frozenset({"employee", "person", "worker", "member", "user", "student", "patient"})


@dataclass(frozen=True, slots=True)
class Measure:
    """A function over a column, or over two side by side; of a count the column is a key.

    `mark` is where the request names it; `implied`: the function was not said.
    """

    function: str
    place: Place
    other: Place | None = None
    mark: str = ""
    implied: bool = False

    @property
    def name(self) -> str:
        """The name of the figure: ``average_salary``."""
        function, _, rank = self.function.partition(" ")
        column = column_identifier(self.place.column)
        if function in ("count", "distinct"):
            return f"{identifier(words_of_name(self.place.table.rpartition('.')[2]))}_count"
        if self.other is not None:
            return f"{function}_{column}_{column_identifier(self.other.column)}"[:48]
        before = {"mean": "average", "sum": "total", "percentile": f"percentile_{rank}"}.get(function, function)
        return (column if column.startswith(f"{before}_") else f"{before}_{column}")[:48]

    @property
    def condensed(self) -> dict[str, str | float] | None:
        """The function as databases know it, with its rank; None where they do not have it."""
        function, _, rank = self.function.partition(" ")
        if function in ("median", "percentile"):
            return {"function": "percentile", "rank": float(rank or 50)}
        return {"function": function} if function in (*IN_DATABASES, "stdev", "variance", "distinct") else None

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
            found += _whole(tagged, tables, marks, index, focus, waiting)
        elif mark[0] == "C" and waiting:
            place = tagged.column(mark, focus)
            if place is None or tables.column(place).type not in ("number", "integer"):
                continue
            if _counts_itself(tagged, marks[index - 1], waiting):
                waiting = []
                continue
            if waiting[-1] in _PAIRED:
                other = tagged.column(behind, focus) if behind[:1] == "C" else None
                if other is not None:
                    tagged.use(mark)
                    tagged.use(behind)
                    found.append(Measure(waiting[-1], place, other, mark=mark))
                    waiting = []
                continue
            tagged.use(mark)
            found += _of_column(waiting, place, mark)
            # "average minutes and fees": the function goes on to a column that follows at once
            waiting = [] if not _continues(tagged, mark, behind) else waiting
        elif mark[0] == "T" and waiting == ["sum"] and not _number_behind(tagged, tables, behind, focus):
            found.append(_of_table(tagged, tables, mark))
            tagged.use(mark)
            waiting = []
    if waiting and (before := _column_before(tagged, tables, marks, focus)) is not None:
        # "the kwh trend of a site"
        found += [Measure(function, before) for function in waiting if function not in (*_PAIRED, "count")]
    return list({one.name: one for one in reversed(found)}.values())[::-1]


def _whole(
    tagged: Tagged, tables: Tables, marks: Sequence[str], index: int, focus: Sequence[str], waiting: list[str]
) -> list[Measure]:
    """The measure that a function makes with what is known already; without any, the function waits for its column."""
    mark, behind = marks[index], marks[index + 1] if index + 1 < len(marks) else ""
    function = tagged.span(mark).best.name
    if function == "sum" and behind[:1] == "F" and _adjacent(tagged, mark, behind):
        return []
    if function == "count" and (place := _counted(tagged, tables, mark, behind)) is not None:
        tagged.use(mark)
        return [Measure("count", place, mark=behind if behind[:1] == "T" else mark)]
    if tagged.said(mark) in _BEHIND and (before := _column_before(tagged, tables, marks[:index], focus)):
        return [Measure(function, before, mark=mark)]
    waiting.append(function)
    return []


def _counts_itself(tagged: Tagged, before: str, waiting: Sequence[str]) -> bool:
    """Whether a column tells a number by itself: "the number of beds"."""
    if list(waiting) != ["count"] or GROUP.search(tagged.text):
        return False
    tagged.taken += [one.span() for one in re.finditer(rf"\b{before}\b", tagged.text)]
    return True


def _of_column(functions: Sequence[str], place: Place, mark: str) -> list[Measure]:
    """The functions over a column; the number of what a column tells the number of is that column, added up."""
    return [Measure("sum" if function == "count" else function, place, mark=mark) for function in functions]


def _of_table(tagged: Tagged, tables: Tables, mark: str) -> Measure:
    """The total of a table: its amounts where money is meant, else how many rows it has."""
    named = tagged.table(mark)
    if singular_said(tagged, mark):
        # "total rainfall" is what the one column of numbers holds
        columns = [
            place for one in tables.tables[named].columns
            if one.type in ("number", "integer") and not tables.is_key(place := Place(table=named, column=one.name))
        ]  # fmt: skip
        if len(columns) == 1:
            return Measure("sum", columns[0], mark=mark)
    amount = (
        money_of(tables, named)
        if re.search(r"\bhow much\b|\bF\d+ (?:spend|spent|spending|paid|amount|cost)", _said_around(tagged, mark))
        else None
    )
    if amount is not None:
        return Measure("sum", amount, mark=mark)
    return Measure("count", Place(table=named, column=tables.key(named)), mark=mark)


def _said_around(tagged: Tagged, mark: str) -> str:
    before = tagged.text[: tagged.text.index(mark)]
    functions = re.findall(r"\bF\d+\b", before)
    return " ".join([before, *(tagged.said(one) for one in functions[-1:])])


_MONEY = word_set(
    "amount cost price charge fee fine total value payment revenue sale spend expense bill freight premium"
)


def money_of(tables: Tables, table: str) -> Place | None:
    """The one column of a table that holds amounts; None where there is none, or it can't be told which."""
    columns = [
        Place(table=table, column=one.name) for one in tables.tables[table].columns
        if one.type in ("number", "integer") and not tables.is_key(Place(table=table, column=one.name))
    ]  # fmt: skip
    named = [one for one in columns if _MONEY.intersection(words_of_name(one.column))]
    found = named or [one for one in columns if tables.column(one).type == "number"]
    return found[0] if len(found) == 1 else None


def _number_behind(tagged: Tagged, tables: Tables, mark: str, focus: Sequence[str]) -> bool:
    place = tagged.column(mark, focus) if mark[:1] == "C" else None
    return place is not None and tables.column(place).type in ("number", "integer")


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
