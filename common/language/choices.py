"""Chooses values of a JSON Schema `enum` by the words of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from common.language.concepts import STOP_WORDS, WEAK_WORDS
from common.language.formats import CHOICES
from common.language.marked import Marked
from common.language.phrases import VERBS
from common.language.relevance import Candidate, Ranker
from common.language.words import Tokens, stem, tokenize

__all__ = ["Choice", "Choices"]

_CONFIDENT = 0.3
_MAX_ALIASES = 60
_KNOWN_WORDS = STOP_WORDS | WEAK_WORDS | frozenset(stem(word) for word in VERBS)
_PARTICLES = frozenset({("on",), ("in",), ("to",), ("all",), ("off",), ("up",), ("down",)})
_ALL = frozenset({"all", "every", "both", "everything"})
_SKIPPED = frozenset({"the", "of", "my", "our", "a", "an", "these", "those"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A value found in a text: where its words stand (token places), and how much of it was said."""

    value: Any
    first: int
    last: int
    weight: float


class Choices:
    """The values of one enum, with the words people use for them.

    `x-choices` gives per value either other words ("ceiling lamp") or a description, examples and a prior per part.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        listed, given = schema.get("enum"), schema.get(CHOICES)
        described: Mapping[str, Any] = cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}
        self.values: list[Any] = list(cast("Sequence[Any]", listed)) if isinstance(listed, Sequence) else []
        self.values = self.values or list(described)
        self.details = {
            str(value): cast("Mapping[str, Any]", detail)
            for value, detail in described.items()
            if isinstance(detail, Mapping)
        }
        self.aliased = bool(described)
        self._aliases: list[tuple[tuple[str, ...], Any]] = []
        for value in self.values:
            others = _texts(described.get(str(value)))
            spoken = str(value).replace("_", " ").replace(".", " ").replace("-", " ")
            for alias in (spoken, *others[:_MAX_ALIASES]):
                words = tuple(stem(word) for word in tokenize(alias).low if word[0].isalnum())
                if words:
                    self._aliases.append((words, value))
        self._starts: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
        for words, value in self._aliases:
            self._starts.setdefault(words[0], []).append((words, value))

    @cached_property
    def _ranker(self) -> Ranker:
        candidates: dict[str, Candidate] = {}
        for value in self.values:
            detail = self.details.get(str(value), {})
            examples = _texts(detail.get("examples"))
            candidates[str(value)] = Candidate(str(detail.get("description", "")), examples, str(value))
        return Ranker(candidates)

    def names(self, tokens: Tokens) -> bool:
        """Whether a text names one of the values in its own words."""
        stems = [stem(word) for word in tokens.low]
        for index, word in enumerate(stems):
            for words, _ in self._starts.get(word, ()):
                if tuple(stems[index : index + len(words)]) == words and words not in _PARTICLES:
                    return True
        return False

    def said(self, marked: Marked) -> list[Choice]:
        """Values whose words stand in the text, in order, each place used once by the longest that fits."""
        stems = [stem(word) for word in marked.low]
        found: list[Choice] = []
        for index, word in enumerate(stems):
            for words, value in self._starts.get(word, ()):
                size = len(words)
                if tuple(stems[index : index + size]) == words and self._counts(marked, index, words):
                    found.append(Choice(value, index, index + size, float(size) + 0.01 * sum(map(len, words))))
        found.sort(key=lambda choice: -choice.weight)
        kept: list[Choice] = []
        for choice in found:
            if all(choice.last <= other.first or choice.first >= other.last for other in kept):
                kept.append(choice)
        if not kept:
            kept = self._scattered(marked, stems)
        return sorted(kept, key=lambda choice: choice.first)

    @staticmethod
    def _counts(marked: Marked, index: int, words: tuple[str, ...]) -> bool:
        """Prepositions and words of time are not values ("on" of "on Saturday")."""
        if words not in (("on",), ("in",), ("to",), ("all",)):
            return True
        following = marked.tokens.word(index + 1)
        before = marked.tokens.word(index - 1)
        if not marked.free(index):
            return False
        return before in ("turn", "switch", "put", "power", "go", "be", "is", "leave", "set", "keep") or following in (
            "",
            ".",
            "?",
            "!",
            "and",
            "please",
        )

    def _scattered(self, marked: Marked, stems: list[str]) -> list[Choice]:
        """The value all of whose words are said, in any order ("the light in the kitchen"), or nearly so."""
        present = {word: index for index, word in reversed(list(enumerate(stems)))}
        best: Choice | None = None
        for words, value in self._aliases:
            wanted = [word for word in words if word not in _SKIPPED]
            if not wanted or len(wanted) < 2:
                continue
            places = [present[word] for word in wanted if word in present]
            if len(places) == len(wanted) and (best is None or len(wanted) > best.weight):
                best = Choice(value, min(places), max(places) + 1, float(len(wanted)))
        return [best] if best else self._misspelled(stems)

    def _misspelled(self, stems: list[str]) -> list[Choice]:
        """The value with one word a letter or two off."""
        best: Choice | None = None
        for words, value in self._aliases:
            size = len(words)
            if sum(map(len, words)) < 5 or size > 4:
                continue
            for index in range(len(stems) - size + 1):
                if not _KNOWN_WORDS.isdisjoint(stems[index : index + size]):
                    continue
                wrong = sum(
                    _distance(said, word) for said, word in zip(stems[index : index + size], words, strict=True)
                )
                allowed = 1 if sum(map(len, words)) < 9 else 2
                if 0 < wrong <= allowed and (best is None or size - wrong / 4 > best.weight):
                    best = Choice(value, index, index + size, size - wrong / 4)
        return [best] if best else []

    def everything(self, marked: Marked) -> list[Any]:
        """The values that "all the lights" means: those with a word for it; none where nothing of the kind is said."""
        low = marked.low
        for index, word in enumerate(low):
            if word not in _ALL:
                continue
            if word == "everything":
                return list(self.values)
            at = index + 1
            while at < len(low) and low[at] in _SKIPPED:
                at += 1
            if at >= len(low):
                return []
            for end in (at + 2, at + 1):
                wanted = tuple(stem(word) for word in low[at:end])
                values = [
                    value
                    for words, value in self._aliases
                    if len(wanted) == end - at and words[-len(wanted) :] == wanted
                ]
                if len(set(map(str, values))) > 1:
                    return list(dict.fromkeys(values))
        return []

    def likeliest(self, text: str, *, must: bool = False) -> tuple[Any, float] | None:
        """The value that fits the text best, by prior where one is given, else by examples and description.

        Without `must` a weak fit is None.
        """
        best: tuple[Any, float] | None = None
        weighed = False
        for value in self.values:
            score = _prior(self.details.get(str(value)), text)
            if score is None:
                continue
            weighed = True
            if best is None or score > best[1]:
                best = value, score
        if weighed and best is not None:
            return best if best[1] > 0.0 else None
        ranked = self._ranker.rank(text, 1)
        if not ranked or (ranked[0][1] < _CONFIDENT and not must) or ranked[0][1] <= 0.0:
            return None
        value = next(value for value in self.values if str(value) == ranked[0][0])
        return value, ranked[0][1]


def _texts(value: Any) -> list[str]:
    """The texts of a list; none where it is no list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [str(text) for text in cast("Sequence[Any]", value)]


def _prior(detail: Mapping[str, Any] | None, text: str) -> float | None:
    """How likely a value was said to be for this text, or None where nothing was said."""
    prior = detail.get("prior") if detail is not None else None
    score = cast("Mapping[str, Any]", prior).get(text) if isinstance(prior, Mapping) else None
    return float(score) if isinstance(score, int | float) else None


def _distance(said: str, word: str) -> int:
    """Letters that differ (insert, drop, change, swap), counted up to 3; short words must be equal."""
    if said == word:
        return 0
    if len(word) < 4 or abs(len(said) - len(word)) > 2 or said[0] != word[0]:
        return 3
    previous2: list[int] = []
    previous = list(range(len(word) + 1))
    for i, a in enumerate(said, 1):
        current = [i]
        for j, b in enumerate(word, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == word[j - 2] and said[i - 2] == b:
                cost = min(cost, previous2[j - 2] + 1)
            current.append(cost)
        previous2, previous = previous, current
    return min(previous[-1], 3)
