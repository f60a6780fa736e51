"""Questions that are asked again of another place or time, without their words ("And in Bergen?")."""

from __future__ import annotations

from common.language.marked import mark
from common.language.phrases import opens_question
from common.language.places import read_place
from common.language.time_words.expressions import find_expressions
from common.language.words import Tokens, tokenize
from common.remembered import Remembered

__all__ = ["asked_again", "only_time"]

_WORDS = 6


def asked_again(question: str, said: str) -> str | None:
    """The question with the place or time that is said now, or None where it is not asked again.

    `said` is what stands where a request would, politeness left out.
    """
    asked, tokens = tokenize(question), tokenize(said)
    if not opens_question(asked, 0, len(asked)) or len(tokens) > _WORDS:
        return None
    first = 2 if tokens.low[:2] in (["what", "about"], ["how", "about"]) else 0
    if first >= len(tokens):
        return None
    named = first + (tokens.word(first) in ("in", "for", "at"))
    words = tokens.cut(named, len(tokens))
    place = read_place(mark(question))
    if place is not None and tokens.raw(named)[:1].isupper() and not find_expressions(tokenize(words)):
        return question.replace(place, words)
    if not only_time(tokens, first, len(tokens)):
        return None
    spans = find_expressions(asked)
    kept = f"{question[: spans[-1].start]}{question[spans[-1].end :]}".rstrip() if spans else question
    return f"{kept} {tokens.cut(first, len(tokens))}"


def only_time(tokens: Tokens, start: int, end: int) -> bool:
    """Whether the words say when or where and nothing else."""
    of_time = _tokens_of_time(tokens.cut(start, end))
    if not of_time:
        return tokens.word(start) in ("in", "at") and end - start <= 3 and tokens.raw(start + 1)[:1].isupper()
    return of_time >= end - start


def _count_tokens_of_time(text: str) -> int:
    return sum([found.last - found.first for found in find_expressions(tokenize(text))])


_tokens_of_time = Remembered(_count_tokens_of_time)  # of how requests begin, above all: "set a timer"
