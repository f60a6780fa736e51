"""How well a text fits a candidate: stemmed words weighed by rarity, their meanings, and likeness of spelling.

A ranker keeps an inverted index, so that ranking costs what the words of the text have in common with the candidates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from common.language.concepts import STOP_WORDS, concepts_of
from common.language.features import (
    ASK,
    DO,
    MARKS,
    TIME,
    Features,
    example_features,
    grams,
    plain_features,
    telling,
    unjoined,
    with_concepts,
)
from common.language.time_words import Span
from common.language.words import Tokens, tokenize

__all__ = ["Candidate", "Ranker", "similarity"]

_UNKNOWN = 0.35
"""How much a word that no candidate knows counts against all of them."""
_BARE = 0.6
"""What is left of a score that rests on function words, times and numbers alone."""
_MOOD_ASKED, _MOOD_ORDERED = 0.5, 0.45
"""How much a question loses with a candidate that is only ordered, and an order with one that is only asked."""
_TIMED = 0.2
"""How much a text with a time loses with a candidate whose examples have none, and the reverse."""
_MEANT = 0.5
"""How much a meaning counts in a description, against the word itself."""
_REPEAT, _LENGTH = 1.2, 0.75
"""How fast repetition in a description saturates, and how much its length counts against it (BM25's k and b)."""
_SAME = 8
"""How steeply likeness to one example becomes certainty."""
_NEAR = 0.55
_MAX_WORDS = 400


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


class Ranker:
    """Ranks candidates by how well a text fits them; build once for a set of candidates, use often.

    Scores run from 0 (nothing in common) to 1 (an example, word for word) and can be compared between texts. `marks`
    may give further features of a text (in angle brackets), such as that it names a device.
    """

    def __init__(
        self, candidates: Mapping[str, Candidate], marks: Callable[[Tokens], Sequence[str]] | None = None
    ) -> None:
        self._marks = marks
        self.names = list(candidates)
        parts = [self._parts(name, candidate) for name, candidate in candidates.items()]
        self._idf, self._rare = self._rarity(parts)
        self._examples, self._about, self._covered = _Index(), _Index(), _Index()
        usual = sum(sum(about.values()) for _, about in parts) / max(1, len(parts))
        for owner, (examples, about) in enumerate(parts):
            for words in examples:
                self._examples.add(owner, self._vector(words))
            self._about.add(owner, _saturated(about, usual))
            self._covered.add(owner, self._vector(dict.fromkeys(about, 1.0)))
        self._bags = _Index()
        for owner, (examples, about) in enumerate(parts):
            self._bags.add(owner, self._vector(_together(examples) or about))
        self._near = self._gram_index()
        self._asked = [_share(ASK, examples) for examples, _ in parts]
        self._timed = [_share(TIME, examples) for examples, _ in parts]

    def _featurize(self, tokens: Tokens, spans: Sequence[Span] | None = None) -> Features:
        words = example_features(tokens, spans)
        if self._marks is not None:
            words.update(dict.fromkeys(self._marks(tokens), 1.0))
        return words

    def _parts(self, name: str, candidate: Candidate) -> tuple[list[Features], Features]:
        examples = [self._featurize(tokenize(example)) for example in candidate.examples]
        spoken = (candidate.name or name).replace("_", " ").replace(".", " ").replace("-", " ")
        about = Counter(plain_features(tokenize(f"{unjoined(spoken)}. {candidate.description}")))
        about = {word: float(count) for word, count in about.items() if word not in STOP_WORDS}
        return [words for words in examples if words], about

    @staticmethod
    def _rarity(parts: Sequence[tuple[list[Features], Features]]) -> tuple[dict[str, float], float]:
        """How telling each feature is: the fewer candidates use it, the more."""
        used = Counter[str]()
        for examples, about in parts:
            words = {word: 1.0 for features in (*examples, about) for word in features}
            used.update(with_concepts(words).keys())
        size = len(parts)
        idf = {feature: telling(feature, log(1.0 + (size + 1.0) / (count + 0.5))) for feature, count in used.items()}
        return idf, log(1.0 + (size + 1.0) / 1.5)

    def _gram_index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for word in self._idf:
            if len(word) >= 4 and word[0] not in "<!?":
                for gram in grams(word):
                    index.setdefault(gram, []).append(word)
        return index

    def _vector(self, words: Mapping[str, float]) -> Features:
        weights = {feature: weight * self._idf.get(feature, 0.0) for feature, weight in with_concepts(words).items()}
        norm = sqrt(sum(weight * weight for weight in weights.values()))
        return {feature: weight / norm for feature, weight in weights.items() if weight} if norm else {}

    def _query(self, words: Mapping[str, float]) -> tuple[Features, float]:
        """The weights of a text's features, and how much of its content some candidate knows (0 to 1).

        What no candidate knows makes the rest count for less.
        """
        weights: Features = {}
        unknown, known_content = 0.0, 0.0
        for feature, weight in with_concepts(words).items():
            idf = self._idf.get(feature)
            if idf is not None:
                weights[feature] = weights.get(feature, 0.0) + weight * idf
                if feature not in STOP_WORDS and feature not in MARKS:
                    known_content += (weight * idf) ** 2
            elif feature[0] in "<!?" or feature in STOP_WORDS or self._meant(feature):
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
        if known_content:  # function words tell little beside content, and stand in most examples
            weights = {feature: weight for feature, weight in weights.items() if feature not in STOP_WORDS}
        return {feature: weight / norm for feature, weight in weights.items()}, sqrt(known_content) / norm

    def _meant(self, word: str) -> bool:
        """Whether a word that no candidate uses means something that one does."""
        return any(concept in self._idf for concept in concepts_of(word))

    def _described(self, tokens: Tokens, size: int) -> list[float]:
        """Per candidate, how well its description fits: how much of the text it covers, and the text of it."""
        words = [word for word in plain_features(tokens) if word not in STOP_WORDS]
        covering = self._about.best(self._topic(words), size)
        covered = self._covered.best(self._query(dict.fromkeys(words, 1.0))[0], size)
        return [sqrt(max(0.0, one * other)) for one, other in zip(covering, covered, strict=True)]

    def _topic(self, words: Iterable[str]) -> Features:
        """The weights of what a text is about, for descriptions: they sum to 1, what is unknown counted in."""
        weights: Features = {}
        unknown = 0.0
        for word in words:
            idf = self._idf.get(word)
            if idf is None:
                near = None if self._meant(word) else self._spelled_like(word)
                if near is not None:
                    word, idf = near[0], self._idf[near[0]] * near[1]
            if idf is None:
                unknown += self._rare
            else:
                weights[word] = weights.get(word, 0.0) + idf
            for concept in concepts_of(word):
                if concept in self._idf:
                    weights[concept] = max(_MEANT * self._idf[concept], weights.get(concept, 0.0))
        total = unknown + sum(weights.values())
        return {word: weight / total for word, weight in weights.items()} if total else {}

    def _spelled_like(self, word: str) -> tuple[str, float] | None:
        """The known word that is spelled most like one that nobody used, if it is like enough."""
        if len(word) < 4 or not word.isascii():
            return None
        own = grams(word)
        hits = Counter[str]()
        for gram in own:
            hits.update(self._near.get(gram, ()))
        best, likeness = "", _NEAR
        for known, shared in hits.items():
            value = 2.0 * shared / (len(own) + len(known))
            if value > likeness:
                best, likeness = known, value
        return (best, min(1.0, likeness)) if best else None

    def rank(self, text: str, k: int | None = None) -> list[tuple[str, float]]:
        """The candidates' names and scores, best first; at most `k`."""
        return self.rank_tokens(tokenize(text), k=k)

    def rank_tokens(
        self, tokens: Tokens, spans: Sequence[Span] | None = None, k: int | None = None
    ) -> list[tuple[str, float]]:
        """Like `rank`, for a text that was cut into tokens before; `spans` are its words of time where known."""
        words = self._featurize(tokens, spans)
        size = len(self.names)
        query, content = self._query(words)
        examples = self._examples.best(query, size)
        about = self._described(tokens, size)
        bags = self._bags.best(query, size)
        scores = [_blend(*three) for three in zip(examples, bags, about, strict=True)]
        damping = min(1.0, _BARE + content)
        asks, timed = ASK in words, TIME in words
        mood = _MOOD_ASKED if asks else _MOOD_ORDERED if DO in words else _MOOD_ORDERED / 2
        scores = [
            score * damping * (1.0 - mood * _at_odds(asks, asked)) * (1.0 - _TIMED * _at_odds(timed, when))
            for score, asked, when in zip(scores, self._asked, self._timed, strict=True)
        ]
        scores = [
            score + (1.0 - score) * min(1.0, example) ** _SAME for score, example in zip(scores, examples, strict=True)
        ]
        order = sorted(range(size), key=lambda i: (-scores[i], i))
        return [(self.names[i], scores[i]) for i in order[:k]]


def _blend(example: float, all_examples: float, description: float) -> float:
    """One score of the nearest example, of all examples together and of the description."""
    if not example:
        return min(1.0, 0.8 * description)
    return min(
        1.0, max(0.72 * example + 0.18 * all_examples + 0.10 * description, 0.4 * description, 0.6 * all_examples)
    )


def _saturated(about: Mapping[str, float], usual: float) -> Features:
    """What a description says, repetition and length damped as in BM25; meanings of its words count too."""
    size = sum(about.values())
    damp = _REPEAT * (1.0 - _LENGTH + _LENGTH * size / usual) if usual else _REPEAT
    counts: Features = dict(about)
    for word, count in about.items():
        for concept in concepts_of(word):
            counts[concept] = counts.get(concept, 0.0) + count
    return {word: count * (_REPEAT + 1.0) / (count + damp) for word, count in counts.items()}


def _together(examples: Sequence[Features]) -> Features:
    """All examples as one text; what several of them say counts for more."""
    summed: Features = {}
    for words in examples:
        for word, weight in words.items():
            summed[word] = summed.get(word, 0.0) + weight
    return {word: 1.0 + log(weight) if weight > 1.0 else weight for word, weight in summed.items()}


def _share(mark: str, examples: Sequence[Features]) -> float:
    """The share of examples with a mark, near a half where there are few."""
    return (1.0 + sum(mark in words for words in examples)) / (2.0 + len(examples))


def _at_odds(said: bool, share: float) -> float:
    """How far a text and a candidate's examples differ in what the one says and the others do, 0 to 1."""
    return max(0.0, 1.0 - 2.0 * share) if said else max(0.0, 2.0 * share - 1.0)


def similarity(text: str, candidate: str) -> float:
    """How alike two texts are, 0 to 1: stemmed words and their meanings, and likeness of spelling."""
    first, second = _soft_words(text), _soft_words(candidate)
    if not first or not second:
        return 0.0
    words = _cosine(first, second)
    letters = _cosine(_letters(text), _letters(candidate))
    return min(1.0, 0.75 * words + 0.25 * letters)


def _soft_words(text: str) -> Features:
    weighed = with_concepts(dict.fromkeys(plain_features(tokenize(text)), 1.0))
    return {feature: telling(feature, 1.0) * weight for feature, weight in weighed.items()}


def _letters(text: str) -> Features:
    counted = Counter[str]()
    for word in tokenize(text).low[:_MAX_WORDS]:
        if word[0].isalnum() and word not in STOP_WORDS:
            counted.update(grams(word))
    return dict(counted)


def _cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    dot = sum(weight * second.get(feature, 0.0) for feature, weight in first.items())
    norm = sqrt(sum(w * w for w in first.values())) * sqrt(sum(w * w for w in second.values()))
    return dot / norm if norm else 0.0
