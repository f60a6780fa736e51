"""What texts are compared by: stemmed words, their meanings, and marks for times, numbers, names and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.language.concepts import STOP_WORDS, WEAK_WORDS, concepts_of
from common.language.phrases import VERBS, opens_question, opens_request
from common.language.time_words import Span, spans_of
from common.language.words import Tokens, is_name_like, stem
from common.language.wrappers import skip_wrapper

__all__ = [
    "ASK",
    "DO",
    "MARKS",
    "TIME",
    "Features",
    "example_features",
    "grams",
    "plain_features",
    "telling",
    "unjoined",
    "with_concepts",
]

_LENGTH, _NUMBER, _NAME, _NOW = "<length>", "<number>", "<name>", "<now>"
ASK, DO, TIME = "<ask>", "<do>", "<time>"
"""The marks of a question, of an order and of a point in time."""
MARKS = {TIME: 0.45, _NOW: 0.45, _LENGTH: 0.45, _NUMBER: 0.35, _NAME: 0.15, ASK: 0.6, DO: 0.25}
"""The marks, with their weights."""
_STOP_WEIGHT = 0.12
_WEAK_WEIGHT = 0.35
_CONCEPT_WEIGHT = 0.8
_NAMED = 0.75
"""How much a word counts besides its meaning."""
_VERB = 0.5
"""How much the verb of an order counts as a plain word, besides counting as a verb."""
_CONTENT = 0.45
"""How much the words of a content count ("remind me to …")."""
_FRAMED = 0.6
"""How much neighbouring words at the opening of a question count ("do I", "I have")."""
_CHOICE_WEIGHT = 0.8
_CONTENT_LEADS = frozenset(
    {"that", "saying", "called", "named", "about", "with", "for", "regarding", "concerning", ":"}
)
_TELLING = frozenset({"tell", "remind", "show", "give"})
_ASKED = frozenset({"what", "when", "where", "who", "how", "which", "whether", "if", "why"})
_PRESENT = frozenset({"now", "right now", "immediately"})
_FRAME = 4
_MAX_FEATURES = 400
_GRAM = 3

Features = dict[str, float]
"""Features of a text with how much each is said: words (stemmed), meanings and marks (in angle brackets)."""


def example_features(tokens: Tokens, spans: Sequence[Span] | None = None) -> Features:
    """The words of a request, stemmed, politeness at its front left out, with marks in place of times, lengths,
    numbers and names, and one that tells a question; `spans` are its words of time where they are known already.

    The verb of an order counts as such (``!book``), neighbours at the opening of a question too (``?do i``); words of
    a content that the request is only about ("remind me to …") count for less.
    """
    size = len(tokens)
    start = skip_wrapper(tokens, 0, size)
    start = start if start < size else 0
    found: Features = {}
    covered: dict[int, int] = {}
    for span in spans_of(tokens) if spans is None else spans:
        covered[span.start] = span.end
        present = span.text.lower() in _PRESENT
        found[_NOW if present else _LENGTH if span.kind == "duration" else TIME] = 1.0
    while start < size and tokens.starts[start] in covered:
        until = covered[tokens.starts[start]]
        while start < size and tokens.starts[start] < until:
            start += 1
        start = skip_wrapper(tokens, start, size)
    if opens_question(tokens, start, size) or _asks_indirectly(tokens, start):
        found[ASK] = 1.0
        for index in range(start, min(size, start + _FRAME) - 1):
            found[f"?{tokens.low[index]} {tokens.low[index + 1]}"] = 1.0
    elif (order := _order(tokens, start, size)) is not None:
        found[DO] = 1.0
        if tokens.low[order] not in ("on", "off"):
            found["!" + stem(tokens.low[order])] = 1.0
    _add_words(found, tokens, start, covered)
    return found


def _asks_indirectly(tokens: Tokens, start: int) -> bool:
    """Tell me what the code is, remind me where I parked."""
    if tokens.word(start) not in _TELLING or tokens.word(start + 1) not in ("me", "us"):
        return False
    asked = tokens.word(start + 2)
    return asked in _ASKED and not (tokens.word(start) == "remind" and asked in ("when", "if"))


def _order(tokens: Tokens, start: int, size: int) -> int | None:
    """The verb of an order, which may stand behind a comma ("it's dark, switch the lamp on"), or a final "off"."""
    if opens_request(tokens, start, size):
        return start
    for index in range(start + 1, size):
        if tokens.low[index] in (",", ";", "-", ".") and not tokens.glued(index + 1):
            behind = skip_wrapper(tokens, index + 1, size)
            if opens_request(tokens, behind, size):
                return behind
    return size - 1 if size > start + 1 and tokens.low[size - 1] in ("on", "off") else None


def _add_words(found: Features, tokens: Tokens, start: int, covered: Mapping[int, int]) -> None:
    until, weight = 0, 1.0
    size = len(tokens)
    for index in range(start, min(size, start + _MAX_FEATURES)):
        word, begin = tokens.low[index], tokens.starts[index]
        if begin in covered:
            until = covered[begin]
        if begin < until:
            continue
        if index > start + 1 and _content_follows(tokens, index):
            weight = _CONTENT
        if word[0].isdecimal():
            feature = _NUMBER
        elif not word[0].isalpha():
            continue
        else:
            feature = _NAME if index > start and is_name_like(tokens, index) else stem(word)
        said = weight * (_VERB if index == start and DO in found else 1.0)
        if found.get(feature, 0.0) < said:
            found[feature] = said


def _content_follows(tokens: Tokens, index: int) -> bool:
    """Whether what follows is the content of a reminder, a message or a fact, and not what is asked for."""
    word = tokens.low[index]
    if word in _CONTENT_LEADS:
        return index + 1 < len(tokens)
    return word == "to" and tokens.word(index + 1) in VERBS and tokens.word(index + 2) not in ("", ".", "?")


def plain_features(tokens: Tokens) -> list[str]:
    """The words of a text, stemmed."""
    return [stem(word) for word in tokens.low[:_MAX_FEATURES] if word[0].isalpha()]


def grams(word: str) -> frozenset[str]:
    """The pieces of three letters of a word, its start and end marked."""
    padded = f"^{word}$"
    return frozenset(padded[i : i + _GRAM] for i in range(len(padded) - _GRAM + 1))


def with_concepts(words: Mapping[str, float]) -> Features:
    """The features with the meanings of their words; a word that has one counts for less itself."""
    weighed: Features = {}
    for word, weight in words.items():
        concepts = concepts_of(word.lstrip("!"))
        own = weight * _NAMED if concepts else weight
        weighed[word] = max(own, weighed.get(word, 0.0))
        for concept in concepts:
            weighed[concept] = max(weight, weighed.get(concept, 0.0))
    return weighed


def telling(feature: str, rarity: float) -> float:
    """The weight of a feature of this rarity."""
    if feature[0] == "?":
        return rarity * _FRAMED
    word = feature.lstrip("!")
    if word in STOP_WORDS:
        return rarity * _STOP_WEIGHT
    if word in WEAK_WORDS:
        return rarity * _WEAK_WEIGHT
    if feature in MARKS:
        return MARKS[feature] * max(1.0, 0.5 * rarity)
    if feature.startswith("<choice "):
        return _CHOICE_WEIGHT * max(1.0, rarity)
    return rarity * (_CONCEPT_WEIGHT if feature[0] == "<" else 1.0)


def unjoined(name: str) -> str:
    """Words of a camelCase name, with spaces between them."""
    return "".join(
        f" {char}" if char.isupper() and i and name[i - 1].islower() else char for i, char in enumerate(name)
    )
