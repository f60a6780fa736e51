"""Words for columns that tell yes or no: "with a balcony", "warranty jobs", "students", "no-shows"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from common.language.words import word_set
from roles.builder.understanding.conditions import flag_like
from roles.builder.understanding.grammar.chart import Reading
from roles.builder.understanding.grammar.forms import ColumnRef, Condition, Thing
from roles.builder.understanding.grammar.tokens import Token, stem
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.words import singular, words_of_name

if TYPE_CHECKING:
    from roles.builder.understanding.grammar.linking import Linker

__all__ = ["flag_noun", "flag_word"]

_IDLE = word_set("is has have had was are flag yn indicator does did can")
_NO_NOUN_ENDS = ("ed", "able", "ible", "ful", "ing", "ous", "ive", "ic", "al")


def flag_word(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """The columns of yes and no that words name: all words of the name but "is" and "has"."""
    for end, places in _found(linker, tokens, at):
        yield (
            end,
            ColumnRef(" ".join(one.plain for one in tokens[at:end]), tuple((place, 1.0) for place in places)),
            0.05,
        )


def flag_noun(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[Reading]:
    """ "Students" are members of whom `is_student` holds, where no table is called so."""
    for end, places in _found(linker, tokens, at):
        last = tokens[end - 1]
        if last.plain == last.low or last.low.endswith(_NO_NOUN_ENDS) or len(places) != 1:
            continue
        if any(
            score >= 0.8 for _, score in linker.table_of(tuple(one.low for one in tokens[at:end] if one.kind == "word"))
        ):
            continue
        if end < len(tokens) and tokens[end].kind == "word" and linker.table_of((tokens[end].low,)):
            continue
        column = ColumnRef(" ".join(one.plain for one in tokens[at:end]), ((places[0], 1.0),))
        yield end, Thing(places[0].table, plural=True, where=(Condition("flag", column),)), 0.05


def _found(linker: Linker, tokens: Sequence[Token], at: int) -> Iterable[tuple[int, tuple[Place, ...]]]:
    said: list[str] = []
    end = at
    while end < len(tokens) and len(said) < 4:
        token = tokens[end]
        if token.kind == "word":
            said += [stem(one) for one in (token.words or (token.low,))]
        elif not (said and token.text == "-" and token.glued):
            return
        end += 1
        if token.kind != "word":
            continue
        places = tuple(
            place for place, one in linker.tables.places()
            if one.type in ("boolean", "integer") and flag_like(linker.tables, place) and _names(place) == said
        )  # fmt: skip
        if places:
            yield end, places


def _names(place: Place) -> list[str]:
    """The stems of a flag's name, without "is", "has" and what the table is called."""
    words = list(words_of_name(place.column))
    while len(words) > 1 and words[0] in _IDLE:
        words = words[1:]
    while len(words) > 1 and (words[-1] in _IDLE or singular(words[-1]) == singular(place.table)):
        words = words[:-1]
    return [stem(one) for one in words]
