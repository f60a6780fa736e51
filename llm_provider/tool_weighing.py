"""How much each word of a tool, and of a request, counts: by the field it stands in and how few tools say it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from common.language.features import grams
from llm_provider.tool_meanings import meanings_of
from llm_provider.tool_words import is_weak, words_of

__all__ = ["Rarities", "Said", "ToolProfile", "Weighed", "Weights"]

_NAME, _ABOUT, _ARGUMENTS, _VALUES = 2.0, 1.0, 0.4, 0.2
"""How much a word counts in a tool's name, its description, its arguments' names, and what is said of those."""
_SATURATION, _LENGTH = 1.2, 0.5
"""How fast repetition saturates, and how much a long text counts against a tool (BM25's k and b)."""
_WEAK = 0.25
"""How much a word counts that says little."""
_SPELLED_LIKE, _SPELLED_FROM, _SPELLED_TO = 0.55, 5, 24
"""How alike a word that no tool says must be to one that some does, and how long, to be taken for it."""
_MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class ToolProfile:
    """A tool as it is selected: a key of its own, its name, what it does, and its arguments.

    `schema` is a JSON schema of the arguments, or just its properties.
    """

    key: str
    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Weights:
    """What a request says: the weights of its words and of their meanings."""

    words: dict[str, float]
    meanings: dict[str, float]

    @property
    def total(self) -> float:
        """What all its words weigh."""
        return sum(self.words.values()) or 1.0

    @property
    def meant(self) -> float:
        """What all its meanings weigh."""
        return sum(self.meanings.values()) or 1.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """A tool with the saturated weights of its words and meanings, and how much each word counts of its content."""

    words: Mapping[str, float]
    meanings: Mapping[str, float]
    content: Mapping[str, float]
    name: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says of itself: its words and their meanings with how much, and the words of its name."""

    words: dict[str, float]
    meanings: dict[str, float]
    name: frozenset[str]

    @classmethod
    def of(cls, profile: ToolProfile) -> Said:
        """What a profile says, by its fields."""
        name = tuple(dict.fromkeys(words_of(profile.name)))
        said = cls({}, {}, frozenset(name))
        said._add(name, _NAME)
        said._add(words_of(profile.description), _ABOUT)
        for argument, about in _arguments(profile.schema):
            said._add(words_of(argument), _ARGUMENTS)
            said._add(words_of(about), _VALUES)
        return said

    def _add(self, words: Iterable[str], weight: float) -> None:
        for word in words:
            self.words[word] = self.words.get(word, 0.0) + weight
            for meaning in meanings_of(word):
                self.meanings[meaning] = self.meanings.get(meaning, 0.0) + weight


class Rarities:
    """How telling words and meanings are among these tools: the fewer say one, the more."""

    def __init__(self, said: Sequence[Said]) -> None:
        self._size = len(said)
        self._words = {word: self._rarity(count) for word, count in Counter(w for e in said for w in e.words).items()}
        self._meanings = {
            name: self._rarity(count) for name, count in Counter(m for e in said for m in e.meanings).items()
        }
        self._usual_words = sum(sum(each.words.values()) for each in said) / max(1, self._size) or 1.0
        self._usual_meanings = sum(sum(each.meanings.values()) for each in said) / max(1, self._size) or 1.0

    def weigh(self, said: Said) -> Weighed:
        """The tool with its weights."""
        return Weighed(
            _saturated(said.words, self._usual_words),
            _saturated(said.meanings, self._usual_meanings),
            {word: self._telling(word) * min(1.0, count) for word, count in said.words.items()},
            said.name,
        )

    def read(self, request: str) -> Weights:
        """The weights of a request; of a long one only the most telling words."""
        words: dict[str, float] = {}
        for word in dict.fromkeys(words_of(request)):
            weight = self._telling(word)
            near = None if word in self._words or meanings_of(word) else self._spelled_like(word)
            if near is not None:
                word, weight = near[0], self._telling(near[0]) * near[1]
            words[word] = max(weight, words.get(word, 0.0))
        if len(words) > _MOST_WORDS:
            words = dict(sorted(words.items(), key=lambda each: -each[1])[:_MOST_WORDS])
        meanings: dict[str, float] = {}
        for word in words:
            own = meanings_of(word)
            for meaning in own:
                weight = self._meanings.get(meaning, 0.0) / math.sqrt(len(own)) * (_WEAK if is_weak(word) else 1.0)
                meanings[meaning] = max(weight, meanings.get(meaning, 0.0))
        return Weights(words, meanings)

    def _rarity(self, count: int) -> float:
        return math.log(1.0 + (self._size - count + 0.5) / (count + 0.5))

    def _telling(self, word: str) -> float:
        rarity = self._words.get(word)
        return (self._rarity(0) if rarity is None else rarity) * (_WEAK if is_weak(word) else 1.0)

    def _spelled_like(self, word: str) -> tuple[str, float] | None:
        """The known word that is spelled most like one that no tool says, with the likeness (Dice's, of their pieces
        of three letters), if it is like enough."""
        if not _SPELLED_FROM <= len(word) <= _SPELLED_TO:
            return None
        if word not in self._likest:
            if len(self._likest) >= _REMEMBERED:
                self._likest.clear()
            self._likest[word] = self._likest_known(word)
        return self._likest[word]

    def _likest_known(self, word: str) -> tuple[str, float] | None:
        own = grams(word)
        hits = Counter[str]()
        for gram in own:
            hits.update(self._spellings.get(gram, ()))
        best, likeness = "", _SPELLED_LIKE
        for known, shared in hits.items():
            value = 2.0 * shared / (len(own) + len(known))
            if value > likeness or (value == likeness and known < best):
                best, likeness = known, value
        return (best, min(1.0, likeness)) if best else None

    @cached_property
    def _likest(self) -> dict[str, tuple[str, float] | None]:
        return {}

    @cached_property
    def _spellings(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for word in self._words:
            if _SPELLED_FROM <= len(word) <= _SPELLED_TO and not is_weak(word):
                for gram in grams(word):
                    index.setdefault(gram, []).append(word)
        return index


_REMEMBERED = 4096


def _saturated(counts: Mapping[str, float], usual: float) -> dict[str, float]:
    damp = _SATURATION * (1.0 - _LENGTH + _LENGTH * sum(counts.values()) / usual)
    return {name: count / (count + damp) for name, count in counts.items()}


def _arguments(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each argument's name with what is said of it, its values too."""
    inner = schema.get("properties")
    properties = cast("Mapping[str, Any]", inner if isinstance(inner, Mapping) else schema)
    found: list[tuple[str, str]] = []
    for name, about in properties.items():
        if isinstance(about, Mapping):
            told = cast("Mapping[str, Any]", about)
            values = told.get("enum")
            shown = [str(value) for value in cast("Sequence[Any]", values)[:30]] if isinstance(values, list) else []
            found.append((name, " ".join((str(told.get("description", "")), *shown))))
    return found
