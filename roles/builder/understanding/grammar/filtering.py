"""Conditions as filters of rows: by numbers, values, times, what is missing, other columns, what callers give."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from common.language.words import word_set
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grammar.amounts import deeds
from roles.builder.understanding.grammar.condition_columns import HOW_FAR, ConditionColumns
from roles.builder.understanding.grammar.denying import add_denied
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Given, Named, Number, Window
from roles.builder.understanding.grammar.joint_filters import add_age, add_values, group_of, is_presence, of_deeds
from roles.builder.understanding.grammar.parents import of_parents, whole_of
from roles.builder.understanding.grammar.period_rules import PERIODS
from roles.builder.understanding.grammar.resolving import Unfit
from roles.builder.understanding.grammar.states import add_state, end_day, state_of
from roles.builder.understanding.grammar.tokens import stem
from roles.builder.understanding.requirements import Compared, Place
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import column_identifier, words_of_name
from roles.engineering.periods import SHAPES
from roles.engineering.specification import Filter, FilterGroup, Input

__all__ = ["Filters", "value_variants"]

_NUMERIC = ("number", "integer")


def value_variants(value: str) -> tuple[str, ...]:
    """The ways to write a value: "no-show" may be ``no_show`` in the database, and "Paid" ``paid``."""
    low = value.lower().replace("_", " ").replace("-", " ")
    spaced = [low.replace(" ", one) for one in (" ", "_", "-")] if " " in low else [low]
    found = [value]
    for one in spaced:
        found += [one, one.capitalize(), one.title(), one.upper()]
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class Filters(ConditionColumns):
    """Filters being gathered.

    `owner` is the table whose rows have what there is elsewhere; empty: as the request has it.
    """

    filters: list[Filter] = field(default_factory=list[Filter])
    groups: list[FilterGroup] = field(default_factory=list[FilterGroup])
    owner: str = ""
    compared: list[Compared] = field(default_factory=list[Compared])
    inputs: list[Input] = field(default_factory=list[Input])
    assumptions: list[str] = field(default_factory=list[str])

    def add(self, told: Condition) -> None:
        """Add the filters of a condition. Raises `Unfit` where it is none of rows, `Unclear`."""
        told = of_deeds(of_parents(told, self.resolver, self.tables), self)
        match told.kind:
            case "compare" | "value" | "empty" | "asked" | "flag":
                self._of_column(told)
            case "window" | "past" | "late" | "aged":
                self._of_time(told)
            case "done":
                self._done(told)
            case "has" if told.table in self.tables[1:] and told.where and told.sign != "=" and is_presence(told):
                # "with trees", of sales that are of one plant each: the plant is a tree
                for one in told.where:
                    self.add(one)
            case "any" | "all" | "has":
                self._group(told)
            case "not":
                add_denied(self, told)
            case "state":
                self._want(add_state(self, told))
            case _:
                raise Unfit(f"{told.kind} is no condition of rows", where="request")

    def _of_column(self, told: Condition) -> None:
        match told.kind:
            case "compare":
                self._compare(told)
            case "value":
                add_values(self, told)
            case "empty":
                self._empty(told)
            case "asked":
                self._asked(self._column(told.left))
            case _:
                self._flag(told)

    def _of_time(self, told: Condition) -> None:
        match told.kind:
            case "window":
                self._window(told)
            case "past":
                self._past(told)
            case "late":
                self._late(told)
            case _:
                add_age(self, told)

    def _empty(self, told: Condition) -> None:
        place = self._column(told.left)
        self._want(
            (told.values or self.resolver.kind(place) in ("text", "date") or self.resolver.tables.is_key(place))
            and self.resolver.tables.column(place).nullable
        )
        self._null(place, missing=not told.negated)

    def _past(self, told: Condition) -> None:
        place = self._column(told.left)
        self._want(self.resolver.kind(place) == "date")
        self._filter(place, "<", moment="day+0")
        self.assumptions.append(f"what has passed is {place.column.replace('_', ' ')} before the day of the question")

    def _group(self, told: Condition) -> None:
        group = group_of(told, self)
        one = _one_of(group)
        if one is None:
            self.groups.append(group)
        elif one not in self.filters:
            self.filters.append(one)

    def _filter(self, place: Place, sign: str, value: Any = None, *, moment: str = "", given: str = "") -> None:
        made = {"table": place.table, "column": place.column, "comparison": sign}
        made |= {"value": value} if value is not None else {}
        made |= {"moment": moment} if moment else {}
        made |= {"input": given} if given else {}
        one = Filter.model_validate(made)
        if one not in self.filters:
            self.filters.append(one)

    def _ask(self, name: str, kind: Any, description: str) -> str:
        name = column_identifier(name)
        taken = {one.name for one in self.inputs}
        self._want(name not in taken)
        self.inputs.append(Input(name=name, type=kind, description=description))
        return name

    def _compare(self, told: Condition) -> None:
        left = self._column(told.left)
        kind = self.resolver.kind(left)
        right = told.right
        if isinstance(right, Named) and right.words == "in full":
            right = whole_of(left, self.resolver.tables)
        if isinstance(right, ColumnRef):
            other = self.resolver.place(right, [left.table, *self.tables])
            self._want(other != left and _alike(self.resolver.kind(other), kind))
            self.compared.append(Compared(left=left, sign="==" if told.sign == "=" else told.sign, right=other))
            return
        self._want(kind in _NUMERIC and not self.resolver.tables.is_key(left))
        if isinstance(right, Given):
            name = self._ask(left.column, kind, left.column.replace("_", " ").capitalize())
            self._filter(left, told.sign, given=name)
            return
        for sign, number in ((told.sign, right), ("<=", told.high)):
            if number is None:
                continue
            self._want(isinstance(number, Number) and not number.percent)
            value = float(getattr(number, "value", 0.0))
            self._filter(left, sign, int(value) if value.is_integer() else value)

    def value(self, told: Condition) -> None:
        """Add that a column has one of some values. Raises `Unfit`, `Unclear`."""
        if told.left is None and self._state_said(told):
            return
        place = self._value_column(told)
        words = self._as_written(place, told.values)
        self._want(len(words) == 1 or self.resolver.kind(place) == "text")
        if self.resolver.kind(place) == "date":
            self._null(place, missing=(words[0].lower().startswith("un")) != told.negated)
            return
        if flag_like(self.resolver.tables, place) and self.resolver.kind(place) != "text":
            holds = (not words[0].lower().startswith("un")) != told.negated
            self._filter(place, "=", holds if self.resolver.kind(place) == "boolean" else int(holds))
            return
        self._want(self.resolver.kind(place) == "text")
        known = bool(self.resolver.tables.values.get(place))
        ways = list(words) if known else [variant for value in words for variant in value_variants(value)]
        if told.negated:
            for one in ways:
                self._filter(place, "!=", one)
        else:
            held = [one.value for one in self.filters
                    if (one.table, one.column, one.comparison) == (place.table, place.column, "in")]  # fmt: skip
            self._want(not any(isinstance(one, list) and not any(value in ways for value in one) for one in held))
            self._filter(place, "in", ways)
        what = " or ".join(repr(one) for one in words)
        self.assumptions.append(f"{what} is meant as a value of {place.table}.{place.column}")

    def _asked(self, place: Place) -> None:
        """A filter by what the caller gives: of texts that hold it, as people write only a part of names."""
        kind = self.resolver.kind(place)
        self._want(kind == "text" and not self.resolver.tables.is_key(place))
        name = self._ask(place.column, kind, place.column.replace("_", " ").capitalize())
        self._filter(place, "contains", given=name)

    def _flag(self, told: Condition) -> None:
        place = self._column(told.left)
        self._want(self.resolver.kind(place) != "text" and flag_like(self.resolver.tables, place))
        self._filter(place, "=", not told.negated if self.resolver.kind(place) == "boolean" else int(not told.negated))

    def _null(self, place: Place, *, missing: bool) -> None:
        self._filter(place, "=" if missing else "!=")

    def _done(self, told: Condition) -> None:
        word = told.values[0]
        tables = [*self.tables, *self.resolver.focus]
        place = self.resolver.happened(word, tables)
        if place is None:
            for table in self.tables:
                for other, score in self.resolver.linker.columns((word,)):
                    if other.table == table and score >= 0.9 and flag_like(self.resolver.tables, other):
                        self._filter(
                            other,
                            "=",
                            not told.negated if self.resolver.kind(other) == "boolean" else int(not told.negated),
                        )
                        return
            if self._state_said(told):
                return
            known = self.resolver.tables.values.items()
            held = [one for one, values in known if one.table in self.tables and (word,) in values]
            if len(held) == 1:
                self.value(Condition("value", ColumnRef(word, ((held[0], 1.0),)), values=(word,), negated=told.negated))
                return
            if not told.negated and any(self._tells_of(word, table) for table in tables):
                # "shipments shipped" are shipments
                return
            if not told.negated and word in _DOING:
                # "hours worked" are hours
                return
            stated = next((one for table in self.tables[:1] if (one := self.resolver.linker.stated(table))), None)
            self._want(stated is not None and {*words_of_name(stated.column)} & HOW_FAR)
            self.value(
                Condition(
                    "value", ColumnRef(word, ((stated, 1.0),)) if stated else None, values=(word,), negated=told.negated
                )
            )
            return
        if told.negated:
            self._want(self.resolver.tables.column(place).nullable)
        elif not self.resolver.tables.column(place).nullable:
            return
        self._null(place, missing=told.negated)

    def _state_said(self, told: Condition) -> bool:
        """Whether a word tells a state of the rows, which was added then."""
        way = state_of(told.values[0]) if len(told.values) == 1 else None
        made = Condition("state", values=(way, told.values[0]), table=told.table, negated=told.negated) if way else None
        return made is not None and add_state(self, made)

    def _tells_of(self, word: str, table: str) -> bool:
        """Whether every row of a table tells that something was done: sales of what was sold."""
        return stem(word) in self._stems(table) or table in deeds(self.resolver.tables, word)

    def _stems(self, table: str) -> set[str]:
        return {stem(word) for word in words_of_name(table)}

    def _window(self, told: Condition) -> None:
        window = told.window or Window()
        if isinstance(told.left, Named) and self._is_state(told.left.words):
            # "visits that were cancelled in 2025": a state, and the only time that rows have
            self._done(Condition("done", values=(told.left.words,)))
            told = replace(told, left=None)
            self._want({*map(stem, words_of_name(self._time(told).column))} <= self._stems(self.tables[0]) | _DATED)
            self.assumptions.append(f"when it was is told by {self._time(told).column.replace('_', ' ')}")
        place = self._time(told)
        kind = self.resolver.kind(place)
        if window.asked and window.asked[0] in PERIODS:
            self._period(place, window.asked[0])
            return
        if window.asked:
            self._want(kind == "date")
            for side in window.asked:
                sign = {"from": ">=", "to": "<=", "after": ">", "before": "<"}[side]
                both = {"from": "start_date", "to": "end_date"}
                name = self._ask(
                    both[side] if len(window.asked) > 1 else place.column, "date", f"{side.capitalize()} which day"
                )
                self._filter(place, sign, given=name)
            return
        if kind == "integer":
            self._years(place, window)
            return
        self._want(kind == "date")
        start, end = moment_of(window.start), moment_of(window.end)
        if window.start:
            sign = ">" if window.outside else ">="
            self._filter(place, sign, moment=start) if start else self._filter(place, sign, window.start)
        if window.end and end:
            self._filter(place, "<", moment=end)
        elif window.end:
            last = date.fromisoformat(window.end)
            self._filter(place, "<", (last if window.outside else last + timedelta(days=1)).isoformat())

    def _period(self, place: Place, part: str) -> None:
        """The day, month, quarter or year that whoever asks names."""
        if self.resolver.kind(place) == "integer":
            self._want(part == "year")
            self._filter(place, "=", given=self._ask("year", "integer", "Year"))
            return
        self._want(self.resolver.kind(place) == "date")
        described = f"{part.capitalize()} of the {place.column.replace('_', ' ')}, such as {SHAPES[part]}"
        name = self._ask(part, "integer" if part == "year" else "date" if part == "day" else "text", described)
        made = {"table": place.table, "column": place.column, "comparison": "=", "input": name, "part": part}
        self.filters.append(Filter.model_validate(made))

    def _is_state(self, word: str) -> bool:
        """Whether a participle tells a state of the rows: they have a column of states, and no date of that."""
        stated = self.resolver.linker.stated(self.tables[0])
        named = word in _ANY_TIME or word in _DOING or any(stem(word) in self._stems(one) for one in self.tables)
        return (
            stated is not None and bool({*words_of_name(stated.column)} & HOW_FAR) and not named
            and self.resolver.happened(word, [*self.tables, *self.resolver.focus]) is None
        )  # fmt: skip

    def _years(self, place: Place, window: Window) -> None:
        """Whole years of a column of years."""
        self._want(not window.outside and not moment_of(window.start) and window.start[5:] in ("", "01-01"))
        self._want(window.end[5:] in ("", "12-31"))
        if window.start[:4] == window.end[:4]:
            self._filter(place, "=", int(window.start[:4]))
            return
        if window.start:
            self._filter(place, ">=", int(window.start[:4]))
        if window.end:
            self._filter(place, "<=", int(window.end[:4]))

    def _time(self, told: Condition) -> Place:
        """The column of a window: of the thing done, of the words for it, or that of the rows."""
        if isinstance(told.left, ColumnRef):
            return self._column(told.left)
        if isinstance(told.left, Named):
            found = self.resolver.happened(told.left.words, [*self.tables, *self.resolver.focus])
            found = found or end_day(self.resolver.tables, self.tables[0], told.left.words)
            if found is not None:
                return found
            # "visits made in March", "orders placed": the only time that rows have
            self._want(told.left.words in _ANY_TIME or any(self._tells_of(told.left.words, one) for one in self.tables))
        for table in self.tables:
            found = self.resolver.moment(table)
            if found is not None:
                return found
            self._want(not any(one.type == "date" for one in self.resolver.tables.tables[table].columns))
        raise Unfit("rows have no time", where="request")

    def _late(self, told: Condition) -> None:
        left = self._column(told.left)
        due = self.resolver.due(left.table)
        if due is None or due == left:
            raise Unfit("it is not said when it ought to be", where="request")
        self.compared.append(Compared(left=left, sign="<=" if told.negated else ">", right=due))


def _one_of(group: FilterGroup) -> Filter | None:
    """ "High or critical" is one choice of two values of a column."""
    first = group.filters[0] if group.any and len(group.filters) > 1 and not group.groups else None
    if first is None or group.related is not None:
        return None
    if any(
        (one.table, one.column, one.comparison) != (first.table, first.column, "in") or not isinstance(one.value, list)
        for one in group.filters
    ):
        return None
    values = [value for one in group.filters if isinstance(one.value, list) for value in one.value]
    return first.model_copy(update={"value": list(dict.fromkeys(map(str, values)))})


_DATED = {stem(word) for word in ["date", "day", "time", "on", "at", "month"]}
_DOING = word_set(
    "worked taught spent made driven earned produced generated used consumed burned burnt collected done run"
)


def _alike(one: str, other: str) -> bool:
    """Whether values of these types can be told apart by size."""
    return one == other == "date" or (one in _NUMERIC and other in _NUMERIC)


_ANY_TIME = word_set("made placed recorded dated done taken held created given registered booked entered logged")
