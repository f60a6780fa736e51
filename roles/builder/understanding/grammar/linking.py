"""Links spans of tokens to what they may mean: tables, columns, ratios, functions, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from common.language.words import word_set
from roles.builder.understanding.column_words import synonyms
from roles.builder.understanding.grammar.chart import Reading, Terminal
from roles.builder.understanding.grammar.forms import ColumnRef, Number, Ratio, Thing
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.lexicon import Lexicon
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import NUMBERS, words_of_name

__all__ = ["Linker"]

_MAX_WORDS = 6
_LEAST = 0.4
_UNITS = word_set(
    """kg km l t kw kwh mwh m cm mm gb mb min minute hour day eur usd gbp pct percent hl g ha on at in of to by is per
    id date time gram tonne sqm m2 name"""
)
_AMOUNTS = {stem(word) for word in (*_UNITS, *["value", "amount", "sum", "total", "price", "minutes", "hours", "days"])}
_INNER = frozenset({"in", "of", "the", "as"})
_NO_NAMES = word_set(
    """the a an of in on at by for from with to and or not no is are was were be been has have had do does did that
    which who whose what where when how many much each every all any some than then more less at least most per as it
    its them they their this these those i we you me us my our your please show list give tell find get first last
    top best worst highest lowest over under above below between above total sum average mean number count
    only just if pass passes fail fails must should agent tool number one two three"""
)
_MEASURES = {
    stem(unit): frozenset(stem(word) for word in words.split()) for unit, words in {
        "kg": "weight mass kg", "g": "weight mass", "t": "weight tonne", "tonne": "weight", "l": "volume l",
        "hl": "volume",
        "km": "distance length km", "m": "length height", "kwh": "energy kwh", "mwh": "energy",
        "kw": "power kw capacity",
        "gb": "data gb volume", "min": "duration time minute", "minute": "duration time minute",
        "hour": "time duration hour",
        "m2": "area", "sqm": "area", "ha": "area hectare", "hectare": "area", "day": "duration time",
    }.items()
}  # fmt: skip
"""What is measured in units."""
_PEOPLE = word_set(
    """employee member customer client patient subscriber student staff worker donor volunteer borrower guest driver
    passenger tenant user teacher resident participant player"""
)
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
_NOT_IN_NAMES = word_set(
    """is are and or compute calculate show give list need want looking agent tool that which where when how what it
    must should with please i we you they d ll m re works work out build make tell us me our calculates computes gives
    by rank compare top best sort sorted order ordered each every all any whose who report overview"""
)
_NOT_FIRST = word_set("of for per by the a an in to one each every as from given at on than")


class Linker:
    """What words may mean, over one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.lexicon = Lexicon(tables)
        self._columns = [(place, one.type, *_parts(tables, place)) for place, one in tables.places()]
        self._named = {
            tuple(stem(word) for word in words_of_name(name.rpartition(".")[2])): name for name in tables.tables
        }
        self._known: dict[tuple[str, ...], tuple[tuple[Place, float], ...]] = {}
        self._vocabulary = {word for *_, whole, _, owner in self._columns for word in (*whole, *owner)}

    @property
    def terminals(self) -> dict[str, Terminal]:
        """The terminals of the grammar."""
        return {
            "column": self._column, "bare_table": self._table, "ratio": self._ratio, "plain_number": _number,
            "value": self._value, "name": _name, "unknown": self._unknown, "date": _date, "done_word": self._done,
            "identifier": _identifier, "year": _year, "unit": self._unit, "amount_of": self._amount,
            "value_word": self._value_word, "key_of": self._key, "done_amount": self._done_amount,
        }  # fmt: skip

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
        said = tuple(stem(word) for word in words if word not in _INNER)
        for place, kind, whole, needed, owner in self._columns:
            score = _fit(said, kind, whole, needed, owner)
            if score > found.get(place, 0.0):
                found[place] = score
        ranked = sorted(found.items(), key=lambda one: -one[1])
        return tuple(one for one in ranked if one[1] >= _LEAST)[:8]

    def _column(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in _spans(tokens, at):
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

    def _before_thing(self, tokens: Sequence[Token], end: int, place: Place) -> bool:
        """Whether a column that tells yes or no stands before its table, as in "paid visits": that is a condition."""
        if self.tables.column(place).type not in ("boolean", "integer") or end >= len(tokens):
            return False
        return any(reading[1].table == place.table for reading in self._table(tokens, end))

    def _table(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in _spans(tokens, at, 4):
            plural = tokens[end - 1].plain != tokens[end - 1].low
            for table, score in self.table_of(words):
                yield end, Thing(table, plural=plural), 0.1 + 0.8 * (1 - score)

    def table_of(self, words: tuple[str, ...]) -> list[tuple[str, float]]:
        """The tables that words name, with how well."""
        found: dict[str, float] = {}
        for meaning in self.lexicon.meanings(words):
            if meaning.kind == "table" and meaning.place is None:
                found[meaning.name] = max(found.get(meaning.name, 0.0), meaning.score)
        if words[-1] not in ("id", "number", "no") and not _participle(words[-1]):
            name = self._named.get(tuple(stem(word) for word in words))
            if name is not None:
                found.setdefault(name, 0.9)
        if words in (("person",), ("staff",)) and not found:
            people = [name for name in self.tables.tables if self.tables.one(name) in _PEOPLE]
            found |= {people[0]: 0.8} if len(people) == 1 else {}
        return sorted(found.items(), key=lambda one: -one[1])

    def _key(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        for end, words in _spans(tokens, at, 4):
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
        for end, words in _spans(tokens, at):
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
        if token.plain not in _NO_NAMES:
            yield end, said, 0.2

    def _value_word(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """One or two words as a value: ``completed``, ``no-show``."""
        if at >= len(tokens) or tokens[at].kind != "word":
            return
        low = tokens[at].plain
        hyphened = at + 2 < len(tokens) and tokens[at + 1].text == "-" and tokens[at + 1].glued and tokens[at + 2].glued
        if hyphened and tokens[at + 2].kind == "word":
            yield at + 3, f"{tokens[at].text}-{_one(tokens[at + 2])}", 0.25
        elif low not in _NO_NAMES and low not in _NO_VALUES and len(low) > 2:
            yield at + 1, tokens[at].text, 0.45

    def _done(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """A participle: ``paid``, ``not yet returned`` without the words around it."""
        if (
            at < len(tokens)
            and tokens[at].kind == "word"
            and tokens[at].plain not in _NO_VALUES
            and _participle(tokens[at].plain)
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
            tokens[at].plain in _NO_NAMES or low in _NO_NAMES or stem(low) in self._vocabulary
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


def _participle(word: str) -> bool:
    return (word.endswith(("ed", "wn")) and len(word) > 3) or word in (
        "given", "taken", "written", "driven", "chosen", "broken", "stolen", "fallen", "eaten", "beaten", "hidden",
        "paid", "sold", "sent", "built", "made", "left", "bought", "lent", "held", "won", "lost", "born", "met", "put",
        "begun", "closed", "set", "taught", "spent", "seen", "done", "run",
    )  # fmt: skip


def _spans(tokens: Sequence[Token], at: int, longest: int = _MAX_WORDS) -> Iterable[tuple[int, tuple[str, ...]]]:
    """The spans of words from a place on, each with its words in singular; hyphens and "of the" may be within."""
    words: list[str] = []
    end = at
    while end < len(tokens) and len(words) < longest:
        token = tokens[end]
        if token.kind == "word":
            words += token.words or (token.low,)
            end += 1
            if token.low not in _INNER and words[0] not in _INNER:
                yield end, tuple(words)
        elif words and token.text in ("-", "/") and token.glued and end + 1 < len(tokens) and tokens[end + 1].glued:
            end += 1
        elif words and token.kind == "number" and token.glued:
            words.append(token.low)
            end += 1
            yield end, tuple(words)
        else:
            return


def _number(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    if at >= len(tokens):
        return
    token = tokens[at]
    if token.kind == "number":
        yield at + 1, Number(float(token.low)), 0.0
    elif token.plain in NUMBERS:
        yield at + 1, Number(float(NUMBERS[token.plain])), 0.02


def _date(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    if at < len(tokens) and tokens[at].kind == "date":
        yield at + 1, tokens[at].text, 0.0


def _name(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """Up to six words as the name of a figure."""
    words: list[str] = []
    end = at
    while end < len(tokens) and len(words) < 6:
        token = tokens[end]
        hyphen = words and token.text == "-" and token.glued and end + 1 < len(tokens) and tokens[end + 1].glued
        if token.kind != "word" and not hyphen:
            return
        end += 1
        if token.kind == "word":
            words.append(token.plain)
            hyphened = end < len(tokens) and tokens[end].text == "-" and tokens[end].glued
            if words[-1] in _NOT_IN_NAMES or (
                words[0] in _NOT_FIRST and not (len(words) == 1 and hyphened) and words[:2] != ["on", "time"]
            ):
                return
            yield end, " ".join(words), 0.3 + 0.1 * len(words)


def _year(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    if (
        at < len(tokens)
        and tokens[at].kind == "number"
        and tokens[at].low.isdigit()
        and 1900 <= int(tokens[at].low) < 2100
    ):
        yield at + 1, int(tokens[at].low), 0.0


def _identifier(tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    if at < len(tokens) and tokens[at].kind == "word" and tokens[at].plain not in _NO_NAMES:
        yield at + 1, tokens[at].plain, 0.3
