"""Conditions as filters of rows: by numbers, values, times, what is missing, other columns, what callers give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from common.language.words import word_set
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Given, Named, Number, Window
from roles.builder.understanding.grammar.resolving import Resolver, Unfit
from roles.builder.understanding.grammar.tokens import stem
from roles.builder.understanding.requirements import Compared, Place
from roles.builder.understanding.windows import moment_of
from roles.builder.understanding.words import column_identifier, words_of_name
from roles.engineering.specification import Filter, Input

__all__ = ["Filters", "value_variants"]

_NUMERIC = ("number", "integer")
_PLACES = word_set("city town country nation region county province area district postcode location state")
_LABELS = word_set("name title label full_name")


def value_variants(value: str) -> tuple[str, ...]:
    """The ways to write a value: "no-show" may be ``no_show`` in the database, and "Paid" ``paid``."""
    low = value.lower().replace("_", " ").replace("-", " ")
    spaced = [low.replace(" ", one) for one in (" ", "_", "-")] if " " in low else [low]
    found = [value]
    for one in spaced:
        found += [one, one.capitalize(), one.title(), one.upper()]
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class Filters:
    """Filters being gathered; `tables` are those that rows are of or belong to, the nearest first."""

    resolver: Resolver
    tables: Sequence[str]
    filters: list[Filter] = field(default_factory=list[Filter])
    compared: list[Compared] = field(default_factory=list[Compared])
    inputs: list[Input] = field(default_factory=list[Input])
    assumptions: list[str] = field(default_factory=list[str])

    def add(self, told: Condition) -> None:
        """Add the filters of a condition. Raises `Unfit` where it is none of rows, `Unclear`."""
        match told.kind:
            case "compare":
                self._compare(told)
            case "value":
                self._value(told)
            case "empty":
                place = self._column(told.left)
                self._want(
                    self.resolver.kind(place) in ("text", "date") and self.resolver.tables.column(place).nullable
                )
                self._null(place, missing=not told.negated)
            case "asked":
                self._asked(self._column(told.left))
            case "done":
                self._done(told)
            case "window":
                self._window(told)
            case "past":
                place = self._column(told.left)
                self._want(self.resolver.kind(place) == "date")
                self._filter(place, "<", moment="day+0")
                self.assumptions.append(
                    f"what has passed is {place.column.replace('_', ' ')} before the day of the question"
                )
            case "late":
                self._late(told)
            case "flag":
                self._flag(told)
            case _:
                raise Unfit(f"{told.kind} is no condition of rows", where="request")

    def column_of(self, told: Condition) -> Place:
        """The column of a value, a participle or a field."""
        if told.kind == "value":
            return self._value_column(told)
        return self._column(told.left)

    def _want(self, fits: object) -> None:
        if not fits:
            raise Unfit("it does not fit the columns", where="request")

    def _column(self, one: Any) -> Place:
        if isinstance(one, ColumnRef):
            return self.resolver.place(one, self.tables)
        if isinstance(one, Named) and one.words:
            found = self.resolver.happened(one.words, [*self.tables, *self.resolver.focus])
            if found is not None:
                return found
        raise Unfit("no column is meant", where="request")

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

    def _value(self, told: Condition) -> None:
        place = self._value_column(told)
        words = told.values
        self._want(len(words) == 1 or self.resolver.kind(place) == "text")
        if self.resolver.kind(place) == "date":
            self._null(place, missing=(words[0].lower().startswith("un")) != told.negated)
            return
        if flag_like(self.resolver.tables, place) and self.resolver.kind(place) != "text":
            holds = (not words[0].lower().startswith("un")) != told.negated
            self._filter(place, "=", holds if self.resolver.kind(place) == "boolean" else int(holds))
            return
        self._want(self.resolver.kind(place) == "text")
        if told.negated:
            for one in (variant for value in words for variant in value_variants(value)):
                self._filter(place, "!=", one)
        else:
            self._filter(place, "in", [variant for value in words for variant in value_variants(value)])
        what = " or ".join(repr(one) for one in words)
        self.assumptions.append(f"{what} is meant as a value of {place.table}.{place.column}")

    def _value_column(self, told: Condition) -> Place:
        """The column that a value is of. Raises `Unfit` where it can't be told."""
        resolver = self.resolver
        if isinstance(told.left, ColumnRef):
            return self._text_of(resolver.place(told.left, self.tables))
        if isinstance(told.left, Named) and told.left.words == "place":
            return self._where()
        if isinstance(told.left, Named) and told.left.words == "kind":
            kind = resolver.linker.kind_of(self.tables[0], but=_HOW_FAR)
            if kind is None:
                raise Unfit("no column tells the kind", where="request")
            return kind
        if isinstance(told.left, Named):
            table = told.table or next(iter(self.tables))
            label = resolver.tables.label(table)
            if label is None:
                raise Unfit("the things have no names", where="request")
            return label
        word = told.values[0]
        return self._adjective(word.lower(), capital=word[:1].isupper())

    def _text_of(self, place: Place) -> Place:
        """For a key that leads to a table the label of that."""
        self._want(self.resolver.kind(place) == "text" and not self.resolver.tables.is_key(place))
        return place

    def _where(self) -> Place:
        tables = self.resolver.tables
        for table in self.tables[:1]:
            found = [
                one.name for one in tables.tables[table].columns
                if one.type == "text" and {*words_of_name(one.name)} & _PLACES
                and not tables.is_key(Place(table=table, column=one.name))
            ]  # fmt: skip
            if len(found) == 1:
                return Place(table=table, column=found[0])
            self._want(not found)
        raise Unfit("no column tells where", where="request")

    def _adjective(self, word: str, *, capital: bool) -> Place:
        """The column of a word before a thing: a flag, a date of something done or undone, a state or a kind."""
        resolver = self.resolver
        plain = word[2:] if word.startswith("un") and len(word) > 5 else word
        for table in self.tables:
            for place, score in resolver.linker.columns((plain,)):
                if place.table == table and score >= 0.9 and flag_like(resolver.tables, place):
                    return place
            done = resolver.happened(plain, [table])
            stated = resolver.linker.stated(table)
            if done is not None and plain != word:
                return done
            if done is not None and stated is None:
                return done
            if stated is not None:
                self._want(done is None)
                return stated
            if capital and (kind := resolver.linker.kind_of(table)) is not None:
                return kind
        raise Unfit(f"{word!r} is no value of a column", where="request")

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
            if not told.negated and any(stem(word) in self._stems(table) for table in tables):
                # "shipments shipped" are shipments
                return
            if not told.negated and word in _DOING:
                # "hours worked" are hours
                return
            stated = next((one for table in self.tables[:1] if (one := self.resolver.linker.stated(table))), None)
            self._want(stated is not None and {*words_of_name(stated.column)} & _HOW_FAR)
            self._value(
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

    def _is_state(self, word: str) -> bool:
        """Whether a participle tells a state of the rows: they have a column of states, and no date of that."""
        stated = self.resolver.linker.stated(self.tables[0])
        named = word in _ANY_TIME or word in _DOING or any(stem(word) in self._stems(one) for one in self.tables)
        return (
            stated is not None and bool({*words_of_name(stated.column)} & _HOW_FAR) and not named
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
            if found is not None:
                return found
            # "visits made in March", "orders placed": the only time that rows have
            self._want(
                told.left.words in _ANY_TIME or any(stem(told.left.words) in self._stems(one) for one in self.tables)
            )
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


_DATED = {stem(word) for word in ["date", "day", "time", "on", "at", "month"]}
_HOW_FAR = word_set("status state stage outcome result phase")
_DOING = word_set(
    "worked taught spent made driven earned produced generated used consumed burned burnt collected done run"
)


def _alike(one: str, other: str) -> bool:
    """Whether values of these types can be told apart by size."""
    return one == other == "date" or (one in _NUMERIC and other in _NUMERIC)


_ANY_TIME = word_set("made placed recorded dated done taken held created given registered booked entered logged")
