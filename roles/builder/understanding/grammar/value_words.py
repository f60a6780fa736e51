"""Words that are values in the database: "pastries" are products of that category, "cashier" is a role of staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from common.language.words import word_set
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Thing
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.known_values import phrase_of
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import words_of_name

__all__ = ["ValueWords"]

_LONGEST = 5
_PLACES = word_set(
    """city town country nation region county province area district quarter postcode location state zone street
    status channel payment outcome result"""
)
"""What columns are called whose values say something of rows, and don't stand for them."""
_NO_NOUNS = word_set("in on of at to by for the a an no not all other none new old open good bad high low first last")


class ValueWords:
    """The values that words may be, over one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._places: dict[tuple[str, ...], list[Place]] = {}
        self.stems: set[str] = set()
        """Those of all words in values of kinds: "washed" may mean the washing."""
        for place, values in tables.values.items():
            for phrase in values:
                if phrase and any(len(word) > 1 or word.isdigit() for word in phrase):
                    self._places.setdefault(phrase, []).append(place)
                    self.stems |= {stem(word) for word in phrase} if len(phrase) < 3 else set()

    def __bool__(self) -> bool:
        return bool(self._places)

    def at(self, tokens: Sequence[Token], at: int) -> Iterable[tuple[int, str, tuple[Place, ...], bool]]:
        """The values that begin at a token: where each ends, as it was said, its columns, whether it is in plural."""
        if at >= len(tokens) or tokens[at].kind not in ("word", "quoted"):
            return
        if tokens[at].kind == "quoted":
            found = self._places.get(phrase_of(tokens[at].text))
            if found:
                yield at + 1, tokens[at].text, tuple(found), False
            return
        said: list[str] = []
        end = at
        while end < len(tokens) and len(said) < _LONGEST:
            token = tokens[end]
            if token.kind not in ("word", "number"):
                joined = token.text in ("-", "/", "&") and end + 1 < len(tokens)
                if not joined:
                    return
                end += 1
                continue
            said.append(token.text)
            end += 1
            phrase = phrase_of(" ".join(said))
            found = self._places.get(phrase)
            if found and not (len(said) == 1 and phrase[0] in _NO_NOUNS and not token.text[0].isupper()):
                plural = token.kind == "word" and phrase[-1] != token.plain
                yield end, " ".join(said), tuple(found), plural

    def conditions(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """Values as conditions of rows."""
        for end, said, places, plural in self.at(tokens, at):
            yield end, _condition(said, places), 0.2 if plural else 0.05

    def texts(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """Values as they were said."""
        for end, said, _, _ in self.at(tokens, at):
            yield end, said, 0.05

    def things(self, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
        """Values in the place of the things that have them: "bakers", "which cashier"."""
        for end, said, places, plural in self.at(tokens, at):
            if tokens[at].kind == "quoted" or not (plural or self._stands_alone(tokens, at)):
                continue
            for place in places:
                if {*words_of_name(place.column)} & _PLACES:
                    continue
                thing = Thing(place.table, plural=plural, where=(_condition(said, (place,)),))
                yield end, thing, 0.12 if plural else 0.3

    def _stands_alone(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a word in singular stands where the name of a thing does."""
        return at > 0 and tokens[at - 1].plain in _BEFORE_ONE

    def known(self, place: Place, said: str) -> tuple[str, ...]:
        """The values of a column that are said so, as they are written there."""
        return self.tables.values.get(place, {}).get(phrase_of(said), ())


_BEFORE_ONE = word_set("1 a an the which what each every per any one no our given this that for of by")


def _condition(said: str, places: Sequence[Place]) -> Condition:
    return Condition("value", ColumnRef(said, tuple((place, 1.0) for place in places)), values=(said,))
