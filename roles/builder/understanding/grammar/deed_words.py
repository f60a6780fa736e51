"""Words for what was done and taken in: "units sold", "revenue", "hours worked", "who"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.language.words import word_set
from roles.builder.understanding.grammar.amounts import amount_of_rows, deeds, handled_in, pay_of, quantity_of, takings
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    ColumnRef,
    Count,
    Expression,
    Figure,
    Query,
    Thing,
)
from roles.builder.understanding.grammar.people_words import tables_called
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import words_of_name

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["Deed", "DeedWords"]

_TAKINGS = word_set("takings taking turnover revenue revenues income money")
_WORTH = word_set("value worth amount total")
_EARNING = word_set("take taken took make made earn earned bring brought collect collected")
_SPENDING = word_set("spend spent pay paid pays")
_GENERAL = word_set("do done make made handle handled perform performed process processed")
_BEHIND_IN = word_set("with from on by for last this per in each during")
_UNIT_WORDS = word_set("unit piece item copy article pack")
_NO_DEEDS = word_set("made make took take done did do got get given had have set used use due")
_DEFINES = ("=", "(", ":")


@dataclass(frozen=True, slots=True)
class Deed:
    """What rows of a table tell that was done, and how many that was of; `of`: the tables that the rows belong to."""

    table: str
    amount: Expression
    of: tuple[str, ...]
    word: str
    summed: bool


class DeedWords:
    """What words for deeds and money may mean, over one set of tables."""

    def __init__(self, linker: Linker) -> None:
        self._linker, self.tables = linker, linker.tables
        self.notes: dict[Expression, str] = {}
        self._deeds: dict[str, tuple[Deed, ...]] = {}

    def deed(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A verb that a table's rows tell of."""
        if (
            at >= len(tokens)
            or tokens[at].kind != "word"
            or (tokens[at].plain in _NO_DEEDS and tokens[at].plain not in _GENERAL)
        ):
            return
        word = tokens[at].plain
        if word not in self._deeds:
            self._deeds[word] = tuple(self._of(table, word) for table in deeds(self.tables, word))
        if word in _GENERAL and not self._deeds[word]:
            yield from ((at + 1, self._of(table, word), 0.2) for table in handled_in(self.tables))
        for one in self._deeds[word]:
            yield at + 1, one, 0.05

    def earning(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """ "Take", "make", "bring in": what was taken in."""
        if at < len(tokens) and tokens[at].plain in _EARNING:
            end = at + 1
            behind = tokens[end + 1] if end + 1 < len(tokens) else None
            closed = behind is None or behind.kind == "sign" or behind.plain in _BEHIND_IN
            if end < len(tokens) and tokens[end].plain == "in" and closed:
                end += 1
            for _, one, told in takings(self.tables):
                self.notes[one] = f"what was taken in is the total of {told}"
                yield end, Figure(one, "takings"), 0.1

    def spending(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """ "Spend", of those that pay: what was taken in from them."""
        if at < len(tokens) and tokens[at].plain in _SPENDING:
            for _, one, told in takings(self.tables):
                self.notes[one] = f"what was spent is the total of {told}"
                yield at + 1, Figure(one, "spent"), 0.1

    def quantity(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """ "Pieces" in the place of the quantity of rows."""
        if at < len(tokens) and tokens[at].low in _UNIT_WORDS:
            places = [place for name in self.tables.tables if (place := quantity_of(self.tables, name)) is not None]
            if places:
                yield at + 1, ColumnRef(tokens[at].low, tuple((place, 0.9) for place in places)), 0.1

    def making(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A verb that no table tells of, of rows that tell how many each is of: "posters did we print"."""
        if at >= len(tokens) or tokens[at].kind != "word" or tokens[at].plain in _NO_DEEDS:
            return
        if self._deeds.get(tokens[at].plain) or self._linker.columns((tokens[at].low,)) or self._is_value(tokens, at):
            return
        for name in self.tables.tables:
            made = self._of(name, tokens[at].plain)
            if made.summed:
                yield at + 1, made, 0.2

    def _of(self, table: str, word: str) -> Deed:
        amount = amount_of_rows(self.tables, table)
        of = tuple(
            name for name in self.tables.tables
            if name != table and self.tables.path(table, name, upwards=True) is not None
        )  # fmt: skip
        if amount is None:
            return Deed(table, Count(table), of, word, summed=False)
        column = next(iter(amount_columns(amount)), "")
        self.notes[amount] = f"how many were {past(word)} is the total of {column} of {' '.join(words_of_name(table))}"
        return Deed(table, amount, of, word, summed=True)

    def told(self, query: Query) -> list[str]:
        """What is to be told of what the words of a request stand for."""
        values = [one.value for one in query.figures] + [one.by for one in query.orders if one.by is not None]
        values += [one.left for one in query.conditions if one.left is not None]
        found: list[str] = []
        for one in values:
            plain = replace(one, where=()) if isinstance(one, Aggregate | Count) else one
            if isinstance(plain, Aggregate | Binary) and plain in self.notes:
                found.append(self.notes[plain])
        return list(dict.fromkeys(found))

    def takings(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """What was taken in, where the request does not say itself what it is."""
        if at >= len(tokens):
            return
        before = at
        owner = stem(tokens[at].low) if at + 1 < len(tokens) and tokens[at + 1].low in _TAKINGS else ""
        if owner and tokens[at].kind == "word" and tokens[at].low not in _TAKINGS:
            at += 1
        else:
            owner = ""
        if tokens[at].low not in _TAKINGS | {"sale"}:
            return
        word, end = tokens[at].low, at + 1
        if word == "sale":
            if end >= len(tokens) or tokens[end].low not in ("value", "revenue", "volume", "income"):
                return
            end += 1
        if self._is_defined(tokens, word, at):
            return
        if any(score >= 0.85 for _, score in self._linker.columns((word,))):
            return
        for table, one, told in takings(self.tables):
            if owner and owner not in {stem(each) for each in words_of_name(table)}:
                continue
            said = " ".join(each.plain for each in tokens[before:end])
            self.notes[one] = f"{said} is the total of {told}"
            yield end, Figure(one, "takings" if word == "money" else said), 0.15

    def _is_defined(self, tokens: Sequence[Token], word: str, at: int) -> bool:
        for index, one in enumerate(tokens):
            behind = tokens[index + 1] if index + 1 < len(tokens) else None
            if one.low == word and behind is not None and (
                behind.text in _DEFINES or (index != at and behind.plain in ("is", "are", "being", "means", "here"))
            ):  # fmt: skip
                return True
        return False

    def row_value(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """What a row is worth: "order value"."""
        if at >= len(tokens) or tokens[at].kind != "word":
            return
        owner, end = "", at + 1
        if tokens[at].low not in _WORTH:
            if end >= len(tokens) or tokens[end].low not in _WORTH:
                return
            owner, end = stem(tokens[at].low), end + 1
        said = tuple(one.low for one in tokens[at:end])
        if self._is_defined(tokens, tokens[end - 1].low, end - 1) or any(
            score >= 0.7 for _, score in self._linker.columns(said)
        ):
            return
        for table, one, told in takings(self.tables):
            stems = {stem(each) for column in self.tables.tables[table].columns for each in words_of_name(column.name)}
            if owner and owner not in stems | {stem(each) for each in words_of_name(table)}:
                continue
            if isinstance(one, Aggregate) and isinstance(one.of, Binary):
                self.notes[one.of] = f"{' '.join(each.plain for each in tokens[at:end])} is {told}"
                yield end, one.of, 0.15

    def amount(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A column of numbers."""
        for end, column, cost in self._linker.terminals["column"](tokens, at):
            found = tuple(
                one for one in column.candidates
                if self.tables.column(one[0]).type in ("number", "integer") and not self.tables.is_key(one[0])
            )  # fmt: skip
            if found and found[0][1] >= 0.5:
                yield end, ColumnRef(column.words, found), cost

    def day(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A column of days."""
        for end, column, cost in self._linker.terminals["column"](tokens, at):
            found = tuple(one for one in column.candidates if self.tables.column(one[0]).type == "date")
            if found and found[0][1] >= 0.5:
                yield end, ColumnRef(column.words, found), cost

    def idle(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A participle behind an amount that says nothing more: "kilometres ridden"."""
        if at >= len(tokens) or tokens[at].kind != "word":
            return
        word = tokens[at].plain
        if not word.endswith(("ed", "wn", "en", "nt", "ld", "de", "ne")) or tokens[at].low in _NO_IDLE:
            return
        known = any(
            stem(word) in {stem(one) for one in words_of_name(place.column)} for place, _ in self.tables.places()
        )
        known = known or stem(word) in self._linker.values.stems
        if not known and self._states_known() and not self._is_value(tokens, at):
            yield at + 1, word, 0.15

    def _states_known(self) -> bool:
        """Whether all columns of states told their values: then a word that is none of these is no state."""
        stated = [self._linker.stated(name) for name in self.tables.tables]
        return all(self.tables.values.get(place) for place in stated if place is not None)

    def _is_value(self, tokens: Sequence[Token], at: int) -> bool:
        return any(True for _ in self._linker.values.at(tokens, at))

    def who(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """ "Who": the only people who earn something, or the only people there are."""
        if at >= len(tokens) or tokens[at].plain != "who":
            return
        people = tables_called(self.tables, "person")
        paid = [name for name in people if pay_of(self.tables, name) is not None]
        found = people if len(people) == 1 else paid
        if len(found) == 1:
            yield at + 1, Thing(found[0]), 0.1

    def label(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """What a thing is called, where its word stands for that: "with the branch"."""
        for end, thing, cost in self._linker.terminals["bare_table"](tokens, at):
            label = self.tables.label(thing.table) or Place(table=thing.table, column=self.tables.key(thing.table))
            if thing.plural or thing.where:
                continue
            words = f"{self.tables.one(thing.table)} {label.column}".replace("_", " ")
            yield end, ColumnRef(words, ((label, 1.0),), thing.table), cost


def amount_columns(one: Expression) -> Iterable[str]:
    """The names of the columns in the sum of a column."""
    if isinstance(one, Aggregate) and isinstance(one.of, ColumnRef):
        yield one.of.candidates[0][0].column.replace("_", " ")


_PAST = {"sell": "sold", "buy": "bought", "lend": "lent", "make": "made", "give": "given", "take": "taken"}


def past(word: str) -> str:
    """A verb as it is said of what was done."""
    if word in _PAST or word.endswith(("ed", "ld", "nt", "en", "de", "ht", "wn")):
        return _PAST.get(word, word)
    return f"{word}d" if word.endswith("e") else f"{word}ed"


_NO_IDLE = word_set(
    """discounted unpaid undiscounted refunded cancelled canceled returned failed unsold needed been then open often
    seven even spent different recent current present between given seven eighteen garden children women men less not
    wasted lost planned expected estimated budgeted scheduled overdue combined weighted required included excluded
    added summed divided multiplied expressed grouped ordered sorted ranked based"""
)
