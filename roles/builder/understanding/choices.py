"""Whether a reading uses the words of a request that choose: "or", "in each", "are on display"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.language.words import word_set
from roles.builder.understanding.requirements import Requirements
from roles.builder.understanding.tables import Tables
from roles.builder.understanding.words import singular, words_of_name

__all__ = ["dropped_choices"]

_OR = re.compile(
    r"\b(?:(?P<either>either)\b|or\s+(?:else\s+|otherwise\s+|also\s+)?(?!not\b(?:\s*[.,;?]|\s*$)|no\b\s*[.,;?])"
    r"(?:that|which|who|whose|those|the\s+ones|with|without|have|has|had|having|is|are|was|were|where|do|does|did|costs?"
    r"|earns?|lives?|in|from|since|before|after|older|younger|no|not|never|[a-z]{3,}ed)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][\w-]*")
_FIRST = (
    r"(?:most|least|top|best|worst|latest|newest|oldest|last|first|(?!(?:inter|requ|for|gu|harv|inv|hon|cont|n|near|arr|"
    r"prot|sugg|mod|t|r|w|ch)est\b)[a-z]{2,}est)"
)
_OF_EACH = re.compile(
    rf"\b(?P<first>{_FIRST})\s+(?P<words>(?:[a-z-]+\s+){{0,3}}?)(?P<thing>[a-z]+)\s+(?:(?:in|of|for|from|at|by|on|to|within)\s+"
    r"(?:each|every)|per)\s+(?P<kind>[a-z]+)",
    re.IGNORECASE,
)
_ALL = 1_000
"""As many rows as there are without a limit."""
_FEW_OF_EACH = re.compile(
    rf"\b{_FIRST}\b[^.;:]{{0,40}}?\b(?:in|of|for|from|at|within)\s+(?:each|every)\s+[a-z]+", re.IGNORECASE
)
_PLACED = re.compile(
    r"\b(?:is|are|was|were|being)\s+(?:not\s+|still\s+|now\s+|currently\s+|all\s+)*(?:on|in|under|at|off|out\s+of|up\s+for|for)\s+"
    r"(?:the\s+|an?\s+)?(?P<word>[a-z]{3,})\b",
    re.IGNORECASE,
)
_STATES = word_set("sale use force service operation business print stock work progress office employment")
_HARMLESS = word_set(
    """total all order percent fact general question euro euros dollar dollars pounds detail least most average time
    addition particular short full question case way line summary given each every any one two three order ascending
    descending this that these those which what where when our your their its his her the span left right"""
)


def dropped_choices(text: str, made: Requirements, tables: Tables) -> list[str]:
    """The words of a request that choose and that the requirements make nothing of."""
    if made.rules or made.modes or made.missing or made.uncovered or not tables:
        # what passes, and what a mode changes, is said in such words as well
        return []
    return [*_alternatives(text, made), *_kinds(text, made, tables), *_places(text, made, tables)]


def _alternatives(text: str, made: Requirements) -> Iterable[str]:
    if any(_has_choice(one) for one in made.filter_groups) or any(
        re.search(r"\bor\b", one.expression) for one in made.figures
    ):
        return
    values = {word.lower() for one in made.all_filters if isinstance(one.value, list) and len(one.value) > 1
              for each in one.value if isinstance(each, str) for word in _WORD.findall(each)}  # fmt: skip
    for match in _OR.finditer(text):
        if match["either"] and not re.search(r"\bor\b", text[match.end() :]):
            continue
        around = [*_WORD.findall(text[: match.start()])[-1:], *_WORD.findall(text[match.start() :])[1:4]]
        if not values.intersection(word.lower() for word in around):
            yield _told(text, match)


def _has_choice(group: object) -> bool:
    return bool(getattr(group, "any", False)) or any(_has_choice(one) for one in getattr(group, "groups", ()))


def _kinds(text: str, made: Requirements, tables: Tables) -> Iterable[str]:
    """ "The most borrowed book in each genre", where no first rows of each kind are asked for."""
    if made.leading is not None or made.entity:
        return
    if made.limit < _ALL and (match := _FEW_OF_EACH.search(text)) is not None:
        yield _told(text, match)
        return
    things = {words_of_name(name.rpartition(".")[2])[-1] for name in tables.tables}
    for match in _OF_EACH.finditer(text):
        if singular(match["thing"].lower()) in things | _THINGS:
            yield _told(text, match)


_THINGS = word_set("person people employee product item article customer client worker colleague member seller earner")


def _places(text: str, made: Requirements, tables: Tables) -> Iterable[str]:
    """ "Are on display": where nothing of the tables is called so."""
    known = {word for name in tables.tables for word in words_of_name(name.rpartition(".")[2])}
    known |= {word for one, _ in tables.places() for word in words_of_name(one.column)}
    known |= {word for values in tables.values.values() for phrase in values for word in phrase}
    for match in _PLACED.finditer(text):
        word = match["word"].lower()
        if word in _HARMLESS or {word, singular(word)} & known or (word in _STATES and made.all_filters):
            continue
        if any(word in str(one.value).lower() for one in made.all_filters):
            continue
        yield _told(text, match)


def _told(text: str, match: re.Match[str]) -> str:
    """The words that were found, with some behind them."""
    words = text[match.start() : match.end() + 24].split()
    return re.split(r"[.,;:?!]", " ".join(words[: len(match[0].split()) + 2]))[0]
