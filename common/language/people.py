"""Reads the people that somebody names."""

from __future__ import annotations

from common.language.marked import Marked
from common.language.phrases import ARTICLES
from common.language.subjects import content_end
from common.language.time_words.calendar_words import MONTHS, WEEKDAYS
from common.language.words import is_name_like, word_set

__all__ = ["read_people"]

_LEADS = word_set(
    "with to for from invite call email text meet tell ask message phone ring contact notify and mail "
    "remind dear customer client colleague by assign"
)
_RELATIONS = word_set(
    "mom mum mother dad father wife husband partner boss sister brother son daughter doctor dentist "
    "friend girlfriend boyfriend manager team landlord grandma grandpa parents kids aunt uncle neighbour "
    "neighbor plumber accountant lawyer"
)
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "professor", "doctor", "aunt", "uncle"})
_NO_NAMES = frozenset(WEEKDAYS) | frozenset(MONTHS) | frozenset({"i", "today", "tomorrow"})
_NOT_LED = word_set("a an the my me it them everyone everybody somebody someone us you all no two three people")
_BEHIND = word_set("and at on in for about to , from regarding please")


def read_people(marked: Marked) -> list[str]:
    """The people that are named, in order: "lunch with Anna and my boss" -> ["Anna", "my boss"]."""
    tokens, found = marked.tokens, list[str]()
    end = content_end(marked)
    index = 0
    while index < end:
        led = tokens.word(index) in _LEADS and index + 1 < end and marked.free(index + 1)
        name = _person_at(marked, index + 1, end, led=True) if led else None
        if name is None:
            index += 1
            continue
        found.append(name[0])
        index = name[1]
        while tokens.word(index) in (",", "and", "&") and index + 1 < end:
            more = _person_at(marked, index + 1, end, led=False)
            if more is None:
                break
            found.append(more[0])
            index = more[1]
    return list(dict.fromkeys(found))


def _person_at(marked: Marked, start: int, end: int, *, led: bool) -> tuple[str, int] | None:
    """The person named at a token: (name, token behind it)."""
    tokens = marked.tokens
    if tokens.word(start) in ("my", "our", "the"):
        if tokens.word(start + 1) in _RELATIONS and start + 1 < end:
            first = start if tokens.word(start) != "the" else start + 1
            return tokens.cut(first, start + 2), start + 2
        return None
    if led and tokens.word(start) in _RELATIONS:
        return tokens.raw(start), start + 1
    last = start
    if tokens.word(last) in _TITLES and last + 1 < end:
        last += 1 + (tokens.word(last + 1) == ".")
    first = last
    while last < end and marked.free(last) and is_name_like(tokens, last) and tokens.word(last) not in _NO_NAMES:
        last += 1
        if tokens.word(last) == "-" and tokens.glued(last) and tokens.raw(last + 1)[:1].isupper():
            last += 1
    if last > first:
        name = tokens.cut(start, last)
        return (name[:-2] if name.endswith("'s") else name), last
    return _plain_name(marked, start, end) if led else None


def _plain_name(marked: Marked, start: int, end: int) -> tuple[str, int] | None:
    """A name in lower case behind "with" ("meeting with anna")."""
    tokens = marked.tokens
    word = tokens.word(start)
    if tokens.word(start - 1) != "with" or not word[:1].isalpha() or word in ARTICLES | _NOT_LED:
        return None
    if start + 1 >= end or not marked.free(start + 1) or tokens.word(start + 1) in _BEHIND:
        return tokens.raw(start), start + 1
    return None
