"""Links spans of tokens to what they may mean: tables, columns, ratios, functions, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial

from common.language.words import word_set
from roles.builder.understanding.column_words import synonyms
from roles.builder.understanding.grammar.amounts import quantity_of
from roles.builder.understanding.grammar.chart import Reading, Terminal
from roles.builder.understanding.grammar.day_words import date_field, day_of_rows
from roles.builder.understanding.grammar.deed_words import DeedWords
from roles.builder.understanding.grammar.doing_words import doing, idle_done
from roles.builder.understanding.grammar.done_columns import done_column
from roles.builder.understanding.grammar.flag_words import flag_noun, flag_word
from roles.builder.understanding.grammar.forms import ColumnRef, Ratio, Thing
from roles.builder.understanding.grammar.named_figures import Known, read_defined
from roles.builder.understanding.grammar.people_words import people_word, tables_called
from roles.builder.understanding.grammar.plain_tokens import (
    INNER,
    NO_NAMES,
    identifier,
    is_deed,
    is_participle,
    own,
    plain_date,
    plain_name,
    plain_number,
    spans,
    year,
)  # fmt: skip
from roles.builder.understanding.grammar.split_words import split_amount
from roles.builder.understanding.grammar.states import done_day
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.grammar.value_words import ValueWords
from roles.builder.understanding.lexicon import Lexicon
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["Linker"]

_LEAST = 0.4
_UNITS = word_set(
    """kg km l t kw kwh mwh m cm mm gb mb min minute hour day eur usd gbp pct percent hl g ha on at in of to by is per
    id date time gram tonne sqm m2 name"""
)
_AMOUNTS = {stem(word) for word in (*_UNITS, *["value", "amount", "sum", "total", "price", "minutes", "hours", "days"])}
_MEASURES = {
    stem(unit): frozenset(stem(word) for word in words.split()) for unit, words in {
        "kg": "weight mass kg", "g": "weight mass", "t": "weight tonne", "tonne": "weight", "l": "volume l",
        "hl": "volume",
        "km": "distance length km", "m": "length height",
        "kwh": "energy kwh production generation output consumption usage",
        "mwh": "energy production generation output consumption usage",
        "kw": "power kw capacity",
        "gb": "data gb volume", "min": "duration time minute", "minute": "duration time minute",
        "hour": "time duration hour",
        "m2": "area", "sqm": "area", "ha": "area hectare", "hectare": "area", "day": "duration time",
    }.items()
}  # fmt: skip
"""What is measured in units."""
_CAPITAL_WORDS = word_set("i pass fail ok yes no q1 q2 q3 q4 iso id")
_TEXTS = word_set("name title email mail phone address note comment description room code number url remark text label")
_STATED = word_set("status state kind type category stage class outcome result tier level severity priority style")


_NO_VALUES = word_set(
    """given certain specific particular chosen single individual different various several other same own new recent
    latest newest oldest earliest cheapest dearest biggest largest smallest highest lowest longest shortest fewest most
    least best worst weakest strongest expensive cheap popular late overdue early current currently existing actual
    respective sorted ordered ranked grouped based called named defined calculated computed expressed given combined
    monthly yearly annual daily weekly quarterly agent tool helper report overview list summary ones rows row record
    records please thanks data table recorded known available missing empty unknown data percent percentage share
    ratio rate figure figures following whole entire ever never yet already still also both either neither use used"""
)


class Linker:
    """What words may mean, over one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.lexicon = Lexicon(tables)
        self.values = ValueWords(tables)
        self.deeds = DeedWords(self)
        self._columns = [(place, one.type, *_parts(tables, place)) for place, one in tables.places()]
        self._named = {
            tuple(stem(word) for word in words_of_name(name.rpartition(".")[2])): name for name in tables.tables
        }
        self._known: dict[tuple[str, ...], tuple[tuple[Place, float], ...]] = {}
        self.defined: frozenset[tuple[str, ...]] = frozenset()
        """Names for which the request has formulas, or columns of the tables make one up."""
        self.implied: Mapping[tuple[str, ...], Known] = {}
        self._vocabulary = {word for *_, whole, _, owner in self._columns for word in (*whole, *owner)}

    @property
    def terminals(self) -> dict[str, Terminal]:
        """The terminals of the grammar."""
        return {
            "column": self._column, "bare_table": self._table, "ratio": self._ratio, "plain_number": plain_number,
            "value": self._value, "name": plain_name, "unknown": self._unknown, "date": plain_date,
            "done_word": self._done,
            "split_amount": partial(split_amount, self), "identifier": identifier, "year": year,
            "unit": self._unit, "amount_of": self._amount,
            "value_word": self._value_word, "key_of": self._key, "done_amount": self._done_amount,
            "known_value": self.values.conditions, "known_text": self.values.texts, "deed": self.deeds.deed,
            "takings": self.deeds.takings, "amount_column": self.deeds.amount, "idle_word": self.deeds.idle,
            "who_table": self.deeds.who, "thing_label": self.deeds.label, "making": self.deeds.making,
            "value_thing": self.values.things, "rows_named": self._rows_named,
            "earning": self.deeds.earning, "spending": self.deeds.spending,
            "quantity_column": self.deeds.quantity, "day_column": self.deeds.day, "row_value": self.deeds.row_value,
            "part_of_name": self._part_of_name, "own": own,
            "idle_done": partial(idle_done, self), "doing": partial(doing, self),
            "number_field": self._number_column, "date_field": partial(date_field, self),
            "the_beginning": day_of_rows(self, "beginning"),
            "the_end_day": day_of_rows(self, "end"), "the_due_day": day_of_rows(self, "due day"),
            "flag_word": partial(flag_word, self), "done_day": partial(done_day, self),
            "flag_noun": partial(flag_noun, self),
            "defined": partial(read_defined, self), "done_column": partial(done_column, self),
        }  # fmt: skip

    def is_named(self, word: str) -> bool:
        """Whether a table or a column has the word in its name."""
        return stem(word) in self._vocabulary

    def columns(self, words: tuple[str, ...]) -> tuple[tuple[Place, float], ...]:
        """The columns that words may mean, the best first."""
        if words not in self._known:
            self._known[words] = self._scored(words)
        return self._known[words]

    def _scored(self, words: tuple[str, ...]) -> tuple[tuple[Place, float], ...]:
        found: dict[Place, float] = {}
        for meaning in self.lexicon.meanings(words):
            if meaning.kind == "column" and meaning.place is not None and meaning.name != "not":
                found[meaning.place] = max(found.get(meaning.place, 0.0), meaning.score)
        said = tuple(stem(word) for word in words if word not in INNER)
        for place, kind, whole, needed, owner in self._columns:
            score = _fit(said, kind, whole, needed, owner)
            if score > found.get(place, 0.0):
                found[place] = score
        ranked = sorted(found.items(), key=lambda one: -one[1])
        return tuple(one for one in ranked if one[1] >= _LEAST)[:8]

    def _column(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in spans(tokens, at):
            if any(one.plain == "times" for one in tokens[at + 1 : end]):
                # "days times day rate" is a product
                continue
            found = self.columns(words)
            if "in" in words and stem(words[words.index("in") + 1]) not in _MEASURES and words[-1] not in _UNITS:
                # "subscribers in region North" are subscribers
                continue
            # "active employees" are employees
            behind = found and "of" not in words and len(words) > 1 and any(
                table == found[0][0].table for table, score in self.table_of(words[-1:]) if score >= 0.6
            ) and stem(words[-1]) not in {stem(word) for word in words_of_name(found[0][0].column)}  # fmt: skip
            if found and not behind and not self._before_thing(tokens, end, found[0][0]):
                yield end, ColumnRef(" ".join(words), found), 0.1 + 1.5 * (1 - found[0][1]) + 0.02 * (end - at)

    def _number_column(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A column of numbers: what amounts are divided by."""
        for end, column, cost in self._column(tokens, at):
            found = tuple(one for one in column.candidates if self.tables.column(one[0]).type in ("number", "integer"))
            if found:
                yield end, ColumnRef(column.words, found), cost

    def _before_thing(self, tokens: Sequence[Token], end: int, place: Place) -> bool:
        """Whether a column that tells yes or no stands before its table, as in "paid visits": that is a condition."""
        if self.tables.column(place).type not in ("boolean", "integer") or end >= len(tokens):
            return False
        return any(reading[1].table == place.table for reading in self._table(tokens, end))

    def _table(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in spans(tokens, at, 4):
            plural = tokens[end - 1].plain != tokens[end - 1].low
            for table, score in self.table_of(words):
                yield end, Thing(table, plural=plural), 0.1 + 0.8 * (1 - score)
        yield from self.values.things(tokens, at)
        for end, value, cost in self.values.conditions(tokens, at):
            for behind, thing, more in self._part_of_name(tokens, end):
                # "adult tickets" are ticket types
                if any(place.table == thing.table for place, _ in value.left.candidates):
                    yield behind, Thing(thing.table, plural=thing.plural, where=(value,)), cost + more

    def _part_of_name(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """ "Tickets" of ticket sales: the first word of a table's name, where no table has that name."""
        if at >= len(tokens) or tokens[at].kind != "word" or self.table_of((tokens[at].low,)):
            return
        for name in self.tables.tables:
            words = words_of_name(name.rpartition(".")[2])
            if len(words) > 1 and words[0] == tokens[at].low:
                yield at + 1, Thing(name, plural=tokens[at].plain != tokens[at].low), 0.2

    def _rows_named(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A part of a table's name, of rows that are of one each."""
        for end, thing, cost in self._part_of_name(tokens, at):
            called = [
                name for name in self.tables.tables if words_of_name(name.rpartition(".")[2])[0] == tokens[at].low
            ]
            if all(quantity_of(self.tables, name) is None for name in called):
                yield end, thing, cost

    def table_of(self, words: tuple[str, ...]) -> list[tuple[str, float]]:
        """The tables that words name, with how well."""
        found: dict[str, float] = {}
        for meaning in self.lexicon.meanings(words):
            if meaning.kind == "table" and meaning.place is None:
                found[meaning.name] = max(found.get(meaning.name, 0.0), meaning.score)
        if words[-1] not in ("id", "number", "no") and not is_participle(words[-1]):
            name = self._named.get(tuple(stem(word) for word in words))
            if name is not None:
                found.setdefault(name, 0.9)
        word = words[0] if len(words) == 1 else people_word(words)
        if word and not any(score >= 0.8 for score in found.values()):
            found |= dict.fromkeys(tables_called(self.tables, word), 0.8)
        return sorted(found.items(), key=lambda one: -one[1])

    def _key(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in spans(tokens, at, 4):
            if len(words) > 1 and words[-1] in ("id", "number", "no", "code", "key"):
                for table, score in self.table_of(words[:-1]):
                    if score >= 0.55:
                        yield end, Thing(table, "one", by_key=True), 0.1
                keys = [name for name in self.tables.tables if words_of_name(self.tables.key(name)) == words]
                if len(keys) == 1:
                    yield end, Thing(keys[0], "one", by_key=True), 0.1

    def _unit(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A unit in the place of what is measured in it: "cost per kilogram"."""
        if at < len(tokens) and tokens[at].kind == "word":
            unit = stem(tokens[at].low)
            found = tuple(
                (place, 0.75) for place, kind, whole, _, _ in self._columns
                if unit in whole and unit in _MEASURES and kind in ("number", "integer")
            )  # fmt: skip
            if found:
                yield at + 1, ColumnRef(tokens[at].low, found), 0.1

    def _amount(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A thing in the place of the only amount that it has: "average gift"."""
        for end, thing, cost in self._table(tokens, at):
            columns = [one.name for one in self.tables.tables[thing.table].columns if one.type == "number"]
            if len(columns) == 1:
                yield end, ColumnRef(tokens[at].low, ((Place(table=thing.table, column=columns[0]), 0.8),)), cost + 0.3

    def _ratio(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in spans(tokens, at):
            for meaning in self.lexicon.meanings(words):
                if meaning.kind == "ratio":
                    yield end, Ratio(meaning.name), 0.1

    def _value(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A quoted value, or capitalised words that nothing else is called."""
        token = tokens[at] if at < len(tokens) else None
        if token is None:
            return
        if token.kind == "quoted":
            yield at + 1, token.text, 0.05
        if token.kind != "word" or not token.text[:1].isupper() or token.plain in _CAPITAL_WORDS:
            return
        end = at
        while end < min(len(tokens), at + 4) and tokens[end].kind == "word" and tokens[end].text[:1].isupper():
            end += 1
        said = " ".join(one.text for one in tokens[at:end])
        if token.plain not in NO_NAMES:
            yield end, said, 0.2

    def _value_word(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """One or two words as a value: ``completed``, ``no-show``."""
        if at >= len(tokens) or tokens[at].kind != "word":
            return
        low = tokens[at].plain
        hyphened = at + 2 < len(tokens) and tokens[at + 1].text == "-" and tokens[at + 1].glued and tokens[at + 2].glued
        if hyphened and tokens[at + 2].kind == "word":
            yield at + 3, f"{tokens[at].text}-{_one(tokens[at + 2])}", 0.25
        elif low not in NO_NAMES and low not in _NO_VALUES and len(low) > 2:
            yield at + 1, tokens[at].text, 0.45

    def _done(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A participle: ``paid``, ``not yet returned`` without the words around it."""
        if (
            at < len(tokens)
            and tokens[at].kind == "word"
            and (tokens[at].plain not in _NO_VALUES or is_deed(tokens, at))
            and is_participle(tokens[at].plain)
        ):
            yield at + 1, tokens[at].plain, 0.1

    def _done_amount(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A participle in the place of the amount that it tells: ``delayed`` of ``delay_minutes``."""
        for end, word, cost in self._done(tokens, at):
            said = {stem(word), stem(stem(word))}
            found = tuple(
                (place, 0.85) for place, kind, whole, *_ in self._columns
                if kind in ("number", "integer") and whole & said and not self.tables.is_key(place)
                and whole - said <= _AMOUNTS
            )  # fmt: skip
            if found:
                yield end, ColumnRef(word, found), cost

    def _unknown(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A word that means nothing here and decides nothing."""
        if at < len(tokens) and tokens[at].kind == "word" and not self.means(tokens, at):
            yield at + 1, tokens[at].plain, 0.5

    def means(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a token by itself may stand for something of the tables, or decides something."""
        low = tokens[at].low
        return (
            tokens[at].plain in NO_NAMES or low in NO_NAMES or stem(low) in self._vocabulary
            or bool(self.columns((low,))) or bool(self.lexicon.meanings((low,)))
        )  # fmt: skip

    def stated(self, table: str) -> Place | None:
        """The text column of a table whose values say of what kind or in what state a row is, where one does."""
        columns = [one for one in self.tables.tables[table].columns if one.type == "text"]
        named = [one.name for one in columns if {*words_of_name(one.name)} & _STATED]
        return Place(table=table, column=named[0]) if len(named) == 1 else None

    def kind_of(self, table: str, but: Set[str] = frozenset()) -> Place | None:
        """The only text column of a table that is no name, address or note: what capitalised words tell of a row.

        Columns with one of the words of `but` in their names don't count.
        """
        label = self.tables.label(table)
        found = [
            place for place, kind, *_ in self._columns
            if place.table == table and kind == "text" and place != label and not self.tables.is_key(place)
            and not {*words_of_name(place.column)} & (_TEXTS | but)
        ]  # fmt: skip
        return found[0] if len(found) == 1 else None


def _one(token: Token) -> str:
    return token.text[:-1] if token.plain != token.low and token.text.endswith("s") else token.text


def _parts(tables: Tables, place: Place) -> tuple[frozenset[str], Mapping[str, frozenset[str]], frozenset[str]]:
    """The stems of a column's name, those that it can't be meant without with others like them, its table's."""
    words = words_of_name(place.column)
    owner = frozenset(stem(word) for word in words_of_name(place.table.rpartition(".")[2]))
    whole = frozenset(stem(word) for word in words)
    plain = [word for word in words if word not in _UNITS and not word.isdigit() and stem(word) not in owner] or words
    if tables.is_key(place):
        plain = words
    needed = {stem(word): frozenset(stem(other) for other in synonyms(word)) for word in plain}
    return whole, needed, owner


def _fit(
    said: tuple[str, ...], kind: str, whole: frozenset[str], needed: Mapping[str, frozenset[str]], owner: frozenset[str]
) -> float:
    """How well words fit a column, 0 to 1."""
    rest = {word for word in said if word not in whole and word not in owner}
    if kind == "date":
        if "dat" not in said and not owner.isdisjoint(word for word in said if word not in whole):
            # "invoices issued" are invoices
            return 0.0
        rest -= {"dat", "day"}
    for unit in whole & _MEASURES.keys():
        rest -= _MEASURES[unit]
    exact = {word for word in needed if word in said}
    alike: set[str] = set()
    for word in set(needed) - exact:
        other = next((one for one in rest if one in needed[word]), None)
        if other is not None:
            alike.add(word)
            rest.discard(other)
    if rest or not (exact or alike):
        return 0.0
    part = len(exact | alike) / len(needed)
    if part == 1:
        return 0.97 if not alike else 0.85
    return 0.6 * part if exact else 0.5 * part
