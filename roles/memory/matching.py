"""Which remembered facts a question is about.

A fact counts by how many of the question's words it holds, as they are or in another word of the same meaning; how
well it fits as a whole decides the order among equals, and then what was told last, because that is what holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from common.language.concepts import STOP_WORDS, concepts_of
from common.language.relevance import Candidate, Ranker
from common.language.words import stem, tokenize

__all__ = ["Match", "match"]

_RELEVANT = 0.15
_COVERED = 0.5
_NEAR_BEST = 0.75


class Match(NamedTuple):
    """A text (by its place among those given) and how well it answers, each 0 to 1."""

    place: int
    covered: float
    score: float


def match(topic: str, texts: Sequence[str]) -> list[Match]:
    """The texts about the topic, best first; earlier ones first among equals.

    Each holds at least half of the topic's words, and not much fewer than the best one does.
    """
    if not texts:
        return []
    wanted = _content(topic)
    ranked = Ranker({str(place): Candidate(text, name=" ") for place, text in enumerate(texts)}).rank(topic)
    found = [Match(int(place), _covered(wanted, texts[int(place)]), score) for place, score in ranked]
    least = max(_COVERED, _NEAR_BEST * max(item.covered for item in found))
    near = [item for item in found if item.score >= _RELEVANT and item.covered >= least]
    return sorted(near, key=lambda item: (-item.covered, -round(item.score, 2), item.place))


def _content(text: str) -> list[str]:
    words = [word for word in tokenize(text).low if word not in STOP_WORDS and word[0].isalnum()]
    return list(dict.fromkeys(stem(word) for word in words))


def _covered(wanted: Sequence[str], text: str) -> float:
    if not wanted:
        return 1.0
    words = set(_content(text))
    meanings = {concept for word in words for concept in concepts_of(word)}
    held = [word for word in wanted if word in words or not meanings.isdisjoint(concepts_of(word))]
    return len(held) / len(wanted)
