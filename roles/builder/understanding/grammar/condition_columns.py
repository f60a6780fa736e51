"""Which columns conditions are of: those that are named, of values, of places, of adjectives, of what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.language.words import word_set
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grammar.amounts import pay_of, price_of
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Named
from roles.builder.understanding.grammar.resolving import Resolver, Unclear, Unfit
from roles.builder.understanding.known_values import phrase_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import words_of_name

__all__ = ["HOW_FAR", "ConditionColumns"]

_PLACES = word_set("city town country nation region county province area district postcode location state")
HOW_FAR = word_set("status state stage outcome result phase")


@dataclass(slots=True)
class ConditionColumns:
    """The columns of conditions; `tables` are those that rows are of or belong to, the nearest first."""

    resolver: Resolver
    tables: Sequence[str]

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
        if isinstance(one, Named) and one.words in ("its pay", "its price"):
            find = pay_of if one.words == "its pay" else price_of
            paid = [place for table in self.tables[:1] if (place := find(self.resolver.tables, table)) is not None]
            if not paid:
                raise Unfit("nothing tells what it costs or pays", where="request")
            return paid[0]
        if isinstance(one, Named) and one.words:
            found = self.resolver.happened(one.words, [*self.tables, *self.resolver.focus])
            if found is not None:
                return found
        raise Unfit("no column is meant", where="request")

    def _as_written(self, place: Place, words: tuple[str, ...]) -> tuple[str, ...]:
        """Values as the database has them. Raises `Unclear` for what a column of known values does not hold."""
        known = self.resolver.tables.values.get(place)
        if not known or self.resolver.kind(place) != "text":
            return words
        found: list[str] = []
        for word in words:
            written = known.get(phrase_of(word))
            if written is None:
                some = ", ".join(one for values in list(known.values())[:8] for one in values)
                raise Unclear(
                    f"“{word}” is no {place.column.replace('_', ' ')} of the {place.table.replace('_', ' ')}, where"
                    f" there are: {some}. Which are meant?", where="request",
                )  # fmt: skip
            found += written
        return tuple(dict.fromkeys(found))

    def _value_column(self, told: Condition) -> Place:
        """The column that a value is of. Raises `Unfit` where it can't be told."""
        resolver = self.resolver
        if isinstance(told.left, ColumnRef):
            return self._text_of(resolver.place(told.left, self.tables))
        if isinstance(told.left, Named) and told.left.words == "place":
            return self._where()
        if isinstance(told.left, Named) and told.left.words == "kind":
            kind = resolver.linker.kind_of(self.tables[0], but=HOW_FAR)
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
