"""How well a text fits a candidate: stemmed words weighed by rarity, their meanings, and likeness of spelling.

A ranker keeps an inverted index, so that ranking costs what the words of the text have in common with the candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from common.language.concepts import STOP_WORDS, concepts_of
from common.language.phrases import opens_question
from common.language.time_words import Span, spans_of
from common.language.words import Tokens, is_name_like, stem, tokenize
from common.language.wrappers import skip_wrapper

__all__ = ["Candidate", "Ranker", "features", "similarity"]

_TIME, _LENGTH, _NUMBER, _NAME, _ASK = "<time>", "<length>", "<number>", "<name>", "<ask>"
_MARKS = {_TIME: 0.45, _LENGTH: 0.45, _NUMBER: 0.35, _NAME: 0.15, _ASK: 0.6}
_UNKNOWN = 0.5
_BARE = 0.6
"""What is left of a score that rests on function words, times and numbers alone."""
_MOOD = 0.25
"""How much a question loses with a candidate that is only ordered, and the reverse."""
_STOP_WEIGHT = 0.12
_CONCEPT_WEIGHT = 0.5
_MAX_FEATURES = 400
_NEAR = 0.55
_GRAM = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a text is compared with: a description, and things people say when they mean it."""

    description: str
    examples: Sequence[str] = ()
    name: str = ""


@dataclass(slots=True)
class _Index:
    """Postings of one kind of text (examples, descriptions): feature -> (document, weight)."""

    postings: dict[str, list[tuple[int, float]]] = field(default_factory=dict[str, list[tuple[int, float]]])
    owner: list[int] = field(default_factory=list[int])

    def add(self, owner: int, vector: Mapping[str, float]) -> None:
        document = len(self.owner)
        self.owner.append(owner)
        for feature, weight in vector.items():
            self.postings.setdefault(feature, []).append((document, weight))

    def best(self, vector: Mapping[str, float], size: int) -> list[float]:
        """Per owner, the highest dot product with one of its documents."""
        sums: dict[int, float] = {}
        for feature, weight in vector.items():
            for document, value in self.postings.get(feature, ()):
                sums[document] = sums.get(document, 0.0) + weight * value
        best = [0.0] * size
        owner = self.owner
        for document, value in sums.items():
            if value > best[owner[document]]:
                best[owner[document]] = value
        return best


def features(tokens: Tokens, spans: Sequence[Span] | None = None) -> list[str]:
    """The words of a request, stemmed, politeness at its front left out, with marks in place of times, lengths,
    numbers and names, and one that tells a question; `spans` are its words of time where they are known already."""
    size = len(tokens)
    start = skip_wrapper(tokens, 0, size)
    start = start if start < size else 0
    found: list[str] = [_ASK] if opens_question(tokens, start, size) else []
    covered: dict[int, int] = {}
    for span in spans_of(tokens) if spans is None else spans:
        covered[span.start] = span.end
        found.append(_LENGTH if span.kind == "duration" else _TIME)
    until = 0
    for index in range(start, min(size, start + _MAX_FEATURES)):
        word, begin = tokens.low[index], tokens.starts[index]
        if begin in covered:
            until = covered[begin]
        if begin < until:
            continue
        if word[0].isdecimal():
            found.append(_NUMBER)
        elif word[0].isalpha():
            found.append(_NAME if index > start and is_name_like(tokens, index) else stem(word))
    return found


def _plain_features(text: str) -> list[str]:
    """The words of a description, stemmed."""
    return [stem(word) for word in tokenize(text).low[:_MAX_FEATURES] if word[0].isalpha()]


def _grams(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(padded[i : i + _GRAM] for i in range(len(padded) - _GRAM + 1))


def _with_concepts(words: Iterable[str]) -> Counter[str]:
    counted = Counter[str]()
    for word in words:
        counted[word] += 1
        for concept in concepts_of(word):
            counted[concept] += 1
    return counted


class Ranker:
    """Ranks candidates by how well a text fits them; build once for a set of candidates, use often.

    Scores run from 0 (nothing in common) to 1 (an example, word for word) and can be compared between texts.
    """

    def __init__(self, candidates: Mapping[str, Candidate]) -> None:
        self.names = list(candidates)
        parts = [self._parts(name, candidate) for name, candidate in candidates.items()]
        self._idf, self._rare = self._rarity(parts)
        self._examples, self._about = _Index(), _Index()
        for owner, (examples, about) in enumerate(parts):
            for words in examples:
                self._examples.add(owner, self._vector(words))
            self._about.add(owner, self._vector(about))
        self._bags = _Index()
        for owner, (examples, about) in enumerate(parts):
            self._bags.add(owner, self._vector([word for words in examples for word in words] or about))
        self._near = self._gram_index()
        self._asked = [_share_asked(examples) for examples, _ in parts]

    @staticmethod
    def _parts(name: str, candidate: Candidate) -> tuple[list[list[str]], list[str]]:
        examples = [features(tokenize(example)) for example in candidate.examples]
        spoken = (candidate.name or name).replace("_", " ").replace(".", " ").replace("-", " ")
        about = _plain_features(f"{_unjoin(spoken)}. {candidate.description}")
        return [words for words in examples if words], about

    @staticmethod
    def _rarity(
        parts: Sequence[tuple[list[list[str]], list[str]]],
    ) -> tuple[dict[str, float], float]:
        """How telling each feature is: the fewer candidates use it, the more."""
        used = Counter[str]()
        for examples, about in parts:
            used.update(_with_concepts({word for words in (*examples, about) for word in words}).keys())
        size = len(parts)
        idf: dict[str, float] = {}
        for feature, count in used.items():
            value = log(1.0 + (size + 1.0) / (count + 0.5))
            if feature in STOP_WORDS:
                value *= _STOP_WEIGHT
            elif feature in _MARKS:
                value = _MARKS[feature] * max(1.0, 0.5 * value)
            elif feature.startswith("<"):
                value *= _CONCEPT_WEIGHT
            idf[feature] = value
        return idf, log(1.0 + (size + 1.0) / 1.5)

    def _gram_index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for word in self._idf:
            if len(word) >= 4 and word[0] != "<":
                for gram in _grams(word):
                    index.setdefault(gram, []).append(word)
        return index

    def _vector(self, words: Iterable[str]) -> dict[str, float]:
        counted = _with_concepts(words)
        weights = {feature: (1.0 + log(count)) * self._idf.get(feature, 0.0) for feature, count in counted.items()}
        norm = sqrt(sum(weight * weight for weight in weights.values()))
        return {feature: weight / norm for feature, weight in weights.items() if weight} if norm else {}

    def _query(self, words: Sequence[str]) -> tuple[dict[str, float], float]:
        """The weights of a text's features, and how much of its content some candidate knows (0 to 1).

        What no candidate knows makes the rest count for less.
        """
        weights: dict[str, float] = {}
        unknown, known_content = 0.0, 0.0
        for feature, count in _with_concepts(words).items():
            weight = 1.0 + log(count)
            idf = self._idf.get(feature)
            if idf is not None:
                weights[feature] = weights.get(feature, 0.0) + weight * idf
                if feature not in STOP_WORDS and feature not in _MARKS:
                    known_content += (weight * idf) ** 2
            elif feature[0] == "<" or feature in STOP_WORDS:
                continue
            elif near := self._spelled_like(feature):
                known, likeness = near
                weights[known] = weights.get(known, 0.0) + weight * self._idf[known] * likeness
                known_content += (weight * self._idf[known] * likeness) ** 2
                unknown += (weight * self._rare * (1.0 - likeness)) ** 2
            else:
                unknown += (_UNKNOWN * weight * self._rare) ** 2
        norm = sqrt(sum(weight * weight for weight in weights.values()) + unknown)
        if not norm:
            return {}, 0.0
        return {feature: weight / norm for feature, weight in weights.items()}, sqrt(known_content) / norm

    def _spelled_like(self, word: str) -> tuple[str, float] | None:
        """The known word that is spelled most like one that nobody used, if it is like enough."""
        if len(word) < 4 or not word.isascii():
            return None
        grams = _grams(word)
        hits = Counter[str]()
        for gram in grams:
            hits.update(self._near.get(gram, ()))
        best, likeness = "", _NEAR
        for known, shared in hits.items():
            value = 2.0 * shared / (len(grams) + len(known))
            if value > likeness:
                best, likeness = known, value
        return (best, min(1.0, likeness)) if best else None

    def rank(self, text: str, k: int | None = None) -> list[tuple[str, float]]:
        """The candidates' names and scores, best first; at most `k`."""
        return self.rank_words(features(tokenize(text)), k)

    def rank_words(self, words: Sequence[str], k: int | None = None) -> list[tuple[str, float]]:
        """Like `rank`, for a text whose `features` are known."""
        size = len(self.names)
        query, content = self._query(words)
        examples = self._examples.best(query, size)
        about = self._about.best(query, size)
        bags = self._bags.best(query, size)
        scores = [
            min(1.0, max(0.72 * e + 0.18 * b + 0.10 * a, 0.75 * a, 0.6 * b)) if e else 0.8 * a
            for e, a, b in zip(examples, about, bags, strict=True)
        ]
        damping = min(1.0, _BARE + content)
        asks = _ASK in words
        scores = [
            score * damping * (1.0 - _MOOD * max(0.0, (1.0 - 2.0 * asked) if asks else (2.0 * asked - 1.0)))
            for score, asked in zip(scores, self._asked, strict=True)
        ]
        order = sorted(range(size), key=lambda i: (-scores[i], i))
        return [(self.names[i], scores[i]) for i in order[:k]]


def _share_asked(examples: Sequence[Sequence[str]]) -> float:
    """The share of examples that are questions, near a half where there are few."""
    return (1.0 + sum(_ASK in words for words in examples)) / (2.0 + len(examples))


def _unjoin(name: str) -> str:
    """Words of a camelCase name, with spaces between them."""
    return "".join(
        f" {char}" if char.isupper() and i and name[i - 1].islower() else char for i, char in enumerate(name)
    )


def similarity(text: str, candidate: str) -> float:
    """How alike two texts are, 0 to 1: stemmed words and their meanings, and likeness of spelling."""
    first, second = _soft_words(text), _soft_words(candidate)
    if not first or not second:
        return 0.0
    words = _cosine(first, second)
    letters = _cosine(_letters(text), _letters(candidate))
    return min(1.0, 0.75 * words + 0.25 * letters)


def _soft_words(text: str) -> dict[str, float]:
    counted = _with_concepts(_plain_features(text))
    return {
        feature: (_STOP_WEIGHT if feature in STOP_WORDS else _CONCEPT_WEIGHT if feature[0] == "<" else 1.0) * count
        for feature, count in counted.items()
    }


def _letters(text: str) -> dict[str, float]:
    counted = Counter[str]()
    for word in tokenize(text).low[:_MAX_FEATURES]:
        if word[0].isalnum() and word not in STOP_WORDS:
            counted.update(_grams(word))
    return dict(counted)


def _cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    dot = sum(weight * second.get(feature, 0.0) for feature, weight in first.items())
    norm = sqrt(sum(w * w for w in first.values())) * sqrt(sum(w * w for w in second.values()))
    return dot / norm if norm else 0.0
