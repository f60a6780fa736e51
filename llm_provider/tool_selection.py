"""Which tools fit a request, without a model: the words of each tool's fields weighed by BM25, and their meanings.

An index is built once for a set of tools and answers from inverted lists, so that a ranking costs what the words of the
request have in common with the tools.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import Any, cast

from common.language.features import grams
from common.language.parts import split
from llm_provider.tool_meanings import meanings_of
from llm_provider.tool_words import is_weak, words_of

__all__ = ["ToolIndex", "ToolProfile"]

_NAME, _ABOUT, _ARGUMENTS, _VALUES = 2.0, 1.0, 0.4, 0.2
"""How much a word counts in a tool's name, its description, its arguments' names, and what is said of those."""
_SATURATION, _LENGTH = 1.2, 0.5
"""How fast repetition saturates, and how much a long text counts against a tool (BM25's k and b)."""
_WEAK = 0.25
"""How much a word counts that says little."""
_MEANT = 0.5
"""How much a meaning counts against a word, in the order of tools."""
_COVERED, _COVERING, _ALIKE, _NAMED = 0.55, 0.25, 0.1, 0.1
"""What makes a fit: how much of the tool the request speaks of, how much of the request the tool, how much their
meanings have in common, and how much of the tool's name is said. They sum to 1."""
_FITS = 0.2
"""The fit from which a tool is taken; below it the request needs no tool."""
_LEFT = 0.25
"""The same for a further tool, by what the tools taken before leave unexplained."""
_EXPLAINED = 0.1
"""What is left of a word's weight once a tool that was taken explains it."""
_SPELLED_LIKE, _SPELLED_FROM, _SPELLED_TO = 0.55, 5, 24
"""How alike a word that no tool says must be to one that some does, and how long, to be taken for it."""
_MOST_CHOSEN = 5
_MOST_WORDS = 60
_FEW = 64
"""Up to so many candidates are looked at one by one."""


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
class _Weights:
    """What a request says: the weights of its words and of their meanings."""

    words: dict[str, float]
    meanings: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.words.values()) or 1.0

    @property
    def meant(self) -> float:
        return sum(self.meanings.values()) or 1.0


@dataclass(frozen=True, slots=True)
class _Tool:
    """A tool with the saturated weights of its words and meanings, and how much each word counts of its content."""

    words: Mapping[str, float]
    meanings: Mapping[str, float]
    content: Mapping[str, float]
    name: frozenset[str]


class ToolIndex:
    """Ranks tools by how well a request fits them. Immutable; keys must differ (the last of equal ones counts)."""

    def __init__(self, profiles: Iterable[ToolProfile]) -> None:
        by_key = {profile.key: profile for profile in profiles}
        self._keys = list(by_key)
        self._place = {key: place for place, key in enumerate(self._keys)}
        said = [_Said.of(profile) for profile in by_key.values()]
        self._rarities = _Rarities(said)
        self._tools = [self._rarities.weigh(each) for each in said]
        self._by_word: dict[str, list[tuple[int, float]]] = {}
        self._by_meaning: dict[str, list[tuple[int, float]]] = {}
        for place, tool in enumerate(self._tools):
            for word, value in tool.words.items():
                self._by_word.setdefault(word, []).append((place, value))
            for meaning, value in tool.meanings.items():
                self._by_meaning.setdefault(meaning, []).append((place, value))

    def rank(self, request: str, k: int | None = None, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The tools' keys and scores (0 to 1), best first; at most `k`, and only of `among` where that is given.

        The first one's score is how well it fits; the others' are in proportion. Raises `KeyError` for an unknown key.
        """
        return [(self._keys[place], score) for place, score in self._ranked(self._rarities.read(request), k, among)]

    def choose(self, request: str, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The tools that the request needs, best first, or none where none fits.

        Each part of the request brings the tool that fits it best; then come tools that explain what those leave.
        """
        taken: dict[int, float] = {}
        parts = split(request)
        for part in parts if len(parts) > 1 else ():
            for place, score in self._ranked(self._rarities.read(part.standalone), 1, among):
                if score >= _FITS:
                    taken[place] = max(score, taken.get(place, 0.0))
        said = self._rarities.read(request)
        for place in taken:
            self._explain(said, place)
        while len(taken) < _MOST_CHOSEN:
            best = next(iter(self._ranked(said, 1, among)), None)
            if best is None or best[0] in taken or best[1] < (_LEFT if taken else _FITS):
                break
            taken[best[0]] = best[1]
            self._explain(said, best[0])
        return sorted(((self._keys[place], score) for place, score in taken.items()), key=lambda each: -each[1])

    def _explain(self, said: _Weights, place: int) -> None:
        tool = self._tools[place]
        for weights, known in ((said.words, tool.words), (said.meanings, tool.meanings)):
            for name in weights:
                if name in known:
                    weights[name] *= _EXPLAINED

    def _ranked(self, said: _Weights, k: int | None, among: Collection[str] | None) -> list[tuple[int, float]]:
        places = None if among is None else sorted(self._place[key] for key in among)
        if places is not None and len(places) <= _FEW:
            sums = {place: self._sum(said, self._tools[place]) for place in places}
        else:
            sums = self._sums(said)
        everywhere = range(len(self._keys)) if places is None else places
        get = sums.get
        if k is not None and k < 100 < len(everywhere):
            allowed = sums if places is None else [place for place in places if place in sums]
            order = nsmallest(k, allowed, key=lambda place: (-sums[place], place))
            order += [place for place in everywhere[:k] if place not in sums][: k - len(order)]
        else:
            order = sorted(everywhere, key=lambda place: (-get(place, 0.0), place))[:k]
        if not order:
            return []
        top = get(order[0], 0.0)
        fit = self._fit(said, self._tools[order[0]]) if top else 0.0
        return [(place, fit * get(place, 0.0) / top if top else 0.0) for place in order]

    def _sums(self, said: _Weights) -> dict[int, float]:
        """The BM25 sums of every tool that has something in common with the request."""
        sums: dict[int, float] = {}
        get = sums.get
        for weights, lists, share in ((said.words, self._by_word, 1.0), (said.meanings, self._by_meaning, _MEANT)):
            for name, weight in weights.items():
                weight *= share
                for place, value in lists.get(name, ()):
                    sums[place] = get(place, 0.0) + weight * value
        return sums

    @staticmethod
    def _sum(said: _Weights, tool: _Tool) -> float:
        words = sum(weight * tool.words.get(word, 0.0) for word, weight in said.words.items())
        meant = sum(weight * tool.meanings.get(meaning, 0.0) for meaning, weight in said.meanings.items())
        return words + _MEANT * meant

    @staticmethod
    def _fit(said: _Weights, tool: _Tool) -> float:
        """How well a tool fits, 0 to 1. Speaking of the tool counts most: a request that only shares words with a tool
        mostly leaves out what the tool is for."""
        strength = {word: weight for word, weight in said.words.items() if word in tool.words}
        whole = sum(tool.content.values()) or 1.0
        covered = sum(tool.content[word] for word in strength) / whole
        covering = sum(weight * tool.words[word] for word, weight in strength.items()) / said.total
        alike = sum(weight * tool.meanings.get(each, 0.0) for each, weight in said.meanings.items()) / said.meant
        named = sum(tool.content[word] for word in tool.name if word in strength)
        of_name = named / (sum(tool.content[word] for word in tool.name) or 1.0)
        return min(1.0, _COVERED * covered + _COVERING * covering + _ALIKE * alike + _NAMED * of_name)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a tool says of itself: its words and their meanings with how much, and the words of its name."""

    words: dict[str, float]
    meanings: dict[str, float]
    name: frozenset[str]

    @classmethod
    def of(cls, profile: ToolProfile) -> _Said:
        name = tuple(dict.fromkeys(words_of(profile.name)))
        said = cls({}, {}, frozenset(name))
        said.add(name, _NAME)
        said.add(words_of(profile.description), _ABOUT)
        for argument, about in _arguments(profile.schema):
            said.add(words_of(argument), _ARGUMENTS)
            said.add(words_of(about), _VALUES)
        return said

    def add(self, words: Iterable[str], weight: float) -> None:
        for word in words:
            self.words[word] = self.words.get(word, 0.0) + weight
            for meaning in meanings_of(word):
                self.meanings[meaning] = self.meanings.get(meaning, 0.0) + weight


class _Rarities:
    """How telling words and meanings are among these tools: the fewer say one, the more."""

    def __init__(self, said: Sequence[_Said]) -> None:
        self._size = len(said)
        self._words = {word: self._rarity(count) for word, count in Counter(w for e in said for w in e.words).items()}
        self._meanings = {
            name: self._rarity(count) for name, count in Counter(m for e in said for m in e.meanings).items()
        }
        self._usual_words = sum(sum(each.words.values()) for each in said) / max(1, self._size) or 1.0
        self._usual_meanings = sum(sum(each.meanings.values()) for each in said) / max(1, self._size) or 1.0

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
    def _spellings(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for word in self._words:
            if _SPELLED_FROM <= len(word) <= _SPELLED_TO and not is_weak(word):
                for gram in grams(word):
                    index.setdefault(gram, []).append(word)
        return index

    def weigh(self, said: _Said) -> _Tool:
        """The tool with its weights."""
        return _Tool(
            _saturated(said.words, self._usual_words),
            _saturated(said.meanings, self._usual_meanings),
            {word: self._telling(word) * min(1.0, count) for word, count in said.words.items()},
            said.name,
        )

    def read(self, request: str) -> _Weights:
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
        return _Weights(words, meanings)


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
