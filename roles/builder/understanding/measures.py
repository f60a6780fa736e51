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
            kind = tables.column(place).type if place is not None else ""
            dated = kind == "date" and {"minimum", "maximum"}.issuperset(waiting)
            if place is None or (kind not in ("number", "integer") and not dated):
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
        elif mark[0] == "T" and waiting == ["sum"] and not _number_behind(tagged, tables, mark, behind, focus):
            found.append(_of_table(tagged, tables, mark))
            tagged.use(mark)
            waiting = []
        elif (
            mark[0] == "T"
            and not _number_behind(tagged, tables, mark, behind, focus)
            and (place := _of_amounts(tagged, tables, mark, marks[:index], waiting)) is not None
        ):
            tagged.use(mark)
            found += _of_column(waiting, place, mark)
            waiting = []
    if waiting and (before := _column_before(tagged, tables, marks, focus)) is not None:
        # "the kwh trend of a site"
        found += [Measure(function, before) for function in waiting if function not in (*_PAIRED, "count")]
    distinct = list({one.name: one for one in reversed(found)}.values())[::-1]
    said = [tagged.span(mark).best.name for mark in marks if mark[0] == "F"]
    return sorted(distinct, key=lambda one: (
        tagged.text.index(one.mark) if one.mark else -1, said.index(one.function) if one.function in said else -1,
    ))  # fmt: skip


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
    if re.search(
        rf"\b{before} C\d+ (?:did|do|does|doe|were|was|have|has|are) (?:(?:the|all|our|we|there|been"
        rf"|in) )*(?:T\d+|[a-z]+ed\b|in\b)",
        tagged.text,
    ):
        marks = tagged.marks("T")
        # "how many litres did they produce": of all together, where no one thing is named
        if not re.search(
            r"\b(?:an?|given|one|any|the)"
            r" T\d+",
            tagged.text,
        ) or (marks and not singular_said(tagged, marks[0])):
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
    said = re.search(r"\bhow much\b|\bF\d+ (?:spend|spent|spending|paid|amount|cost)", _said_around(tagged, mark))
    function = re.search(rf"\b(F\d+) (?:(?:of|the|all|our|their|its) )*{mark}\b", tagged.text)
    of_them = function is not None and re.search(r"\b(?:total|sum) of\b", f"{tagged.said(function[1])} {function[0]}")
    is_money = _AMOUNTS.intersection(words_of_name(named.rpartition(".")[2])[-1:])
    amount = money_of(tables, named) if said or of_them or is_money else None
    if amount is not None:
        return Measure("sum", amount, mark=mark)
    return Measure("count", Place(table=named, column=tables.key(named)), mark=mark)


def _of_amounts(
    tagged: Tagged, tables: Tables, mark: str, before: Sequence[str], waiting: Sequence[str]
) -> Place | None:
    """What the average of a table is of: its one column of amounts, where the function stands right before it."""
    if not waiting or not before or before[-1][0] != "F" or {"count", "sum", *_PAIRED}.intersection(waiting):
        return None
    if re.search(rf"(?<!\d )\b{before[-1]} (?:of )?(?:the |all |its |their |an? )*{mark}\b", tagged.text) is None:
        return None
    return money_of(tables, tagged.table(mark))


def _said_around(tagged: Tagged, mark: str) -> str:
    before = tagged.text[: tagged.text.index(mark)]
    functions = re.findall(r"\bF\d+\b", before)
    return " ".join([before, *(tagged.said(one) for one in functions[-1:])])


_AMOUNTS = word_set(
    """payment gift donation sale expense refund invoice deposit withdrawal transaction contribution premium fine charge
    cost wage bonus grant purchase fee bill rent receipt"""
)
"""Things that are amounts: the total of them is one of money."""
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


_CONDITION = re.compile(r"\b(?:with|where|whose|that|which|who|having|if|when|not)\b|\(")


def _number_behind(tagged: Tagged, tables: Tables, mark: str, behind: str, focus: Sequence[str]) -> bool:
    """Whether the number that is added up stands behind the things: "the total order shipping cost"."""
    place = tagged.column(behind, focus) if behind[:1] == "C" else None
    if place is not None and _CONDITION.search(tagged.text[tagged.text.index(mark) : tagged.text.index(behind)]):
        return False
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
        owners = [one for one in tagged.sure_tables() if tables.label(one) is not None]
        return Place(table=owners[0], column=tables.key(owners[0])) if len(owners) == 1 else None
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
