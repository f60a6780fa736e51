"""Which tools fit a request, without a model: the words of each tool's fields weighed by BM25, and their meanings.

An index is built once for a set of tools and answers from inverted lists, so that a ranking costs what the words of the
request have in common with the tools. What served such requests before counts too, and an encoder where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from common.language.encoders import Encoder
from common.language.parts import split
from llm_provider.request_pieces import pieces_of
from llm_provider.request_sides import Heard, second_of
from llm_provider.tool_evidence import ToolEvidence
from llm_provider.tool_lists import ToolLists
from llm_provider.tool_weighing import Rarities, Said, ToolProfile, Weights
from llm_provider.tool_words import spelled_out
from llm_provider.word_vectors import WordVectors

__all__ = ["ToolIndex", "ToolProfile"]

_MEANT = 0.5
"""How much a meaning counts against a word, in the order of tools."""
_SERVED = 0.5
"""How much it counts that a tool served such requests before, against all that the words of a request could earn."""
_COVERED, _COVERING, _SHARED, _NAMED = 0.55, 0.25, 0.1, 0.1
"""What makes a fit: how much of the tool the request speaks of, how much of the request the tool, how much their
meanings have in common, and how much of the tool's name is said. They sum to 1."""
_LEFT = 0.25
"""The same for a further tool, by what the tools taken before leave unexplained."""
_EXPLAINED = 0.1
"""What is left of a word's weight once a tool that was taken explains it."""
_MOST_CHOSEN = 5
_MOST_CHARS, _LEAST_PART = 500, 12
"""A longer request is a story and looked at as a whole; a shorter sentence is no part."""
_MOST_PARTS = 8
"""So many parts are looked at to choose."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_LOOKED_AT = 200
"""So many of the tools that fit the whole best are considered for the places after the first."""
_FEW = 64
"""Up to so many candidates are looked at one by one."""


@dataclass(frozen=True, slots=True)
class _Trust:
    """How much the likeness that an encoder sees counts: for the order of tools `order`, however long the request (a
    word that one of a hundred tools says weighs 4); `fit` is its share of a fit. Tools are taken from the fit `least`
    on; below it the request needs no tool. `apart`: what all tools have in common is taken off their vectors.

    The least fits are those at which nine of ten own requests whose tool is taken out of the registry are refused.
    """

    order: float
    fit: float
    least: float
    apart: bool


_IN_VECTORS, _IN_ENCODERS = _Trust(24.0, 0.0, 0.2, True), _Trust(60.0, 0.7, 0.28, False)
"""Sums of words say which tools are near, not whether one fits."""
_ENOUGH_TO_COMPARE = 10
"""With so many tools half of what they have in common is taken off: that of a few is mostly what they are about."""


@dataclass(slots=True)
class _Asked:
    """What a request says, which tools (by place) served such requests, its vector where there is an encoder, and how
    alike that is to every tool's, once that was asked for."""

    said: Weights
    served: Mapping[int, float]
    vector: Any
    likeness: Any = None
    total: float = field(init=False)

    def __post_init__(self) -> None:
        self.total = self.said.total


class ToolIndex:
    """Ranks tools by how well a request fits them. Keys must differ (the last of equal ones counts).

    `evidence` says which tools served such requests before. With an `encoder`, tools and requests are compared by it
    as well, once `encode` has run.
    """

    def __init__(
        self, profiles: Iterable[ToolProfile], *, evidence: ToolEvidence | None = None, encoder: Encoder | None = None
    ) -> None:
        self._profiles = {profile.key: profile for profile in profiles}
        self._keys = list(self._profiles)
        self._place = {key: place for place, key in enumerate(self._keys)}
        said = [Said.of(profile) for profile in self._profiles.values()]
        self._rarities = Rarities(said)
        self._tools = [self._rarities.weigh(each) for each in said]
        self._lists = ToolLists(self._tools, _MEANT) if len(said) > _FEW else None
        self._evidence = evidence
        self._encoder = encoder
        self._trust = _IN_VECTORS if isinstance(encoder, WordVectors) else _IN_ENCODERS
        self._alike = self._trust.order
        self._common: Any = 0.0
        self._vectors: Any = None

    def encode(self) -> None:
        """Have the encoder, if there is one, read every tool: some milliseconds a tool, so do it in a worker thread."""
        if self._encoder is not None and self._profiles and self._vectors is None:
            texts = [f"{spelled_out(profile.name)}: {profile.description}" for profile in self._profiles.values()]
            vectors = self._encoder.encode(texts)
            if self._trust.apart:
                self._common = vectors.mean(axis=0) * (len(texts) / (len(texts) + _ENOUGH_TO_COMPARE))
            self._vectors = self._apart(vectors)

    def rank(self, request: str, k: int | None = None, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The tools' keys and scores (0 to 1), best first; at most `k`, and only of `among` where that is given.

        The first one's score is how well it fits; the others' are in proportion. Where a request has several
        pieces, what fits those that the first tool does not serve comes next. Raises `KeyError` for an unknown key.
        """
        places = self._places(among)
        pieces = pieces_of(request) if self._keys and (k is None or k > 1) else []
        asked, *parts = self._read([request, *pieces])
        self._compare([asked], places)
        if not pieces:
            return self._told(self._order(asked, k, places), asked)
        ranked = self._order(asked, None if k is None else max(k, _LOOKED_AT), places)
        return self._told(self._completed(ranked, parts)[:k], asked)

    def choose(self, request: str, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The tools that the request needs, best first, or none where none fits.

        Each part of the request brings the tool that fits it best; then come tools that explain what those leave.
        """
        places = self._places(among)
        taken: dict[int, float] = {}
        asked, *parts = read = self._read([request, *_parts(request)[:_MOST_PARTS]])
        self._compare(read, places)
        least = (_IN_VECTORS if asked.likeness is None else self._trust).least
        for part in parts:
            for place, score in self._best(part, places):
                if score >= least:
                    taken[place] = max(score, taken.get(place, 0.0))
        for place in taken:
            self._explain(asked, place)
        while len(taken) < _MOST_CHOSEN:
            best = next(iter(self._best(asked, places)), None)
            if best is None or best[0] in taken or best[1] < (_LEFT if taken else least):
                break
            taken[best[0]] = best[1]
            self._explain(asked, best[0])
        return sorted(((self._keys[place], score) for place, score in taken.items()), key=lambda each: -each[1])

    def _places(self, among: Collection[str] | None) -> list[int] | None:
        return None if among is None else sorted(self._place[key] for key in among)

    def _read(self, texts: Sequence[str]) -> list[_Asked]:
        """What each of the texts says; the encoder reads them together, faster."""
        found: list[_Asked] = []
        vectors: Any = [None] * len(texts)
        if self._encoder is not None and self._vectors is not None:
            vectors = self._apart(self._encoder.encode(texts))
        for text, vector in zip(texts, vectors, strict=True):
            said = self._rarities.read(text)
            shares = {} if self._evidence is None else self._evidence.shares(said.words)
            served = {self._place[key]: share for key, share in shares.items() if key in self._place}
            found.append(_Asked(said, served, vector))
        return found

    def _apart(self, vectors: Any) -> Any:
        """Vectors without what all tools have in common, at length 1 again; one that says nothing stays so."""
        if not self._trust.apart:
            return vectors
        numpy: Any = import_module("numpy")
        rest = numpy.where(vectors.any(axis=1, keepdims=True), vectors - self._common, 0.0)
        return rest / numpy.maximum(numpy.linalg.norm(rest, axis=1, keepdims=True), 1e-9)

    def _compare(self, read: Sequence[_Asked], places: list[int] | None) -> None:
        """Say of what was read how alike every tool (of the few at `places`) is.

        By einsum, as the threads of a matrix product would cost more than they save at this size.
        """
        vectors = self._vectors
        for each in read:
            if each.vector is None:
                continue
            numpy: Any = import_module("numpy")
            if places is None or len(places) > _FEW:
                each.likeness = numpy.einsum("ij,j->i", vectors, each.vector)
            else:
                each.likeness = numpy.zeros(len(vectors), dtype=numpy.float32)
                each.likeness[places] = numpy.einsum("ij,j->i", vectors[places], each.vector)

    def _explain(self, asked: _Asked, place: int) -> None:
        tool = self._tools[place]
        for weights, known in ((asked.said.words, tool.words), (asked.said.meanings, tool.meanings)):
            for name in weights:
                if name in known:
                    weights[name] *= _EXPLAINED
        asked.served = {}
        asked.likeness = None

    def _best(self, asked: _Asked, places: list[int] | None) -> list[tuple[int, float]]:
        """The place of the best tool with its fit; nothing where nothing speaks for any tool."""
        return [(place, self._fit(asked, place)) for place, value in self._order(asked, 1, places) if value > 0.0]

    def _told(self, order: Sequence[tuple[int, float]], asked: _Asked) -> list[tuple[str, float]]:
        if not order:
            return []
        best, top = order[0]
        fit = self._fit(asked, best) / top if top > 0.0 else 0.0
        return [(self._keys[place], fit * min(top, max(0.0, value))) for place, value in order]

    def _completed(self, ranked: list[tuple[int, float]], pieces: Sequence[_Asked]) -> list[tuple[int, float]]:
        """The order with tools moved up for what the first one leaves of the request: next comes the one that makes,
        with the first, the most of the request cut in two, then those that fit other pieces than the first."""
        if len(ranked) < 2:
            return ranked
        places = [place for place, _ in ranked]
        heard = [self._heard(each, places) for each in pieces]
        second = second_of(heard)
        values = [each.values for each in heard]
        served = max(range(len(values)), key=lambda at: values[at][0])
        left = [each for at, each in enumerate(values) if at != served]
        moved = [(place, value + max(each[at] for each in left)) for at, (place, value) in enumerate(ranked)]
        (first, _), (beside, _) = moved[0], moved[second]
        rest = sorted((each for at, each in enumerate(moved) if at not in (0, second)), key=lambda e: (-e[1], e[0]))
        return [(first, ranked[0][1]), (beside, max(value for _, value in moved[1:])), *rest]

    def _heard(self, piece: _Asked, places: list[int]) -> Heard:
        """A piece of a request as the tools at some places hear it."""
        if self._lists is None or len(places) <= _FEW:
            said = [self._spoken(piece, place) for place in places]
        else:
            said = self._spoken_to_all(piece, self._lists)[places].tolist()
        if piece.vector is None:
            return Heard(said, [0.0] * len(places), None)
        numpy: Any = import_module("numpy")
        alike = self._alike * numpy.einsum("ij,j->i", self._vectors[places], piece.vector)
        return Heard(said, alike.tolist(), piece.vector)

    def _order(self, asked: _Asked, k: int | None, places: list[int] | None) -> list[tuple[int, float]]:
        """The places of the tools with what speaks for them, most first."""
        if self._lists is None or (places is not None and len(places) <= _FEW):
            return self._few(asked, range(len(self._keys)) if places is None else places)[:k]
        return self._lists.best(self._many(asked, self._lists), k, places)

    def _few(self, asked: _Asked, places: Iterable[int]) -> list[tuple[int, float]]:
        sums = [(place, self._sum(asked, place)) for place in places]
        return sorted(sums, key=lambda each: (-each[1], each[0]))

    def _many(self, asked: _Asked, lists: ToolLists) -> Any:
        sums = self._spoken_to_all(asked, lists)
        return sums if asked.likeness is None else sums + self._alike * asked.likeness

    def _sum(self, asked: _Asked, place: int) -> float:
        likeness = 0.0 if asked.likeness is None else float(asked.likeness[place])
        return self._spoken(asked, place) + self._alike * likeness

    def _spoken_to_all(self, asked: _Asked, lists: ToolLists) -> Any:
        sums = lists.sums(asked.said)
        for place, share in asked.served.items():
            sums[place] += asked.total * _SERVED * share
        return sums

    def _spoken(self, asked: _Asked, place: int) -> float:
        """What words, meanings and past requests say for a tool."""
        tool = self._tools[place]
        words = sum(weight * tool.words.get(word, 0.0) for word, weight in asked.said.words.items())
        meant = sum(weight * tool.meanings.get(meaning, 0.0) for meaning, weight in asked.said.meanings.items())
        return words + _MEANT * meant + asked.total * _SERVED * asked.served.get(place, 0.0)

    def _fit(self, asked: _Asked, place: int) -> float:
        """How well a tool fits, 0 to 1. Speaking of the tool counts most: a request that only shares words with a tool
        mostly leaves out what the tool is for."""
        tool, said = self._tools[place], asked.said
        strength = {word: weight for word, weight in said.words.items() if word in tool.words}
        whole = sum(tool.content.values()) or 1.0
        covered = sum(tool.content[word] for word in strength) / whole
        covering = sum(weight * tool.words[word] for word, weight in strength.items()) / said.total
        alike = sum(weight * tool.meanings.get(each, 0.0) for each, weight in said.meanings.items()) / said.meant
        named = sum(tool.content[word] for word in tool.name if word in strength)
        of_name = named / (sum(tool.content[word] for word in tool.name) or 1.0)
        fit = _COVERED * covered + _COVERING * covering + _SHARED * alike + _NAMED * of_name
        fit += (1.0 - fit) * asked.served.get(place, 0.0)
        if asked.likeness is not None:
            fit += self._trust.fit * (max(0.0, float(asked.likeness[place])) - fit)
        return min(1.0, fit)


def _parts(request: str) -> list[str]:
    """The parts of a request that has several: as it is split, or else its sentences. A story has none."""
    if len(request) > _MOST_CHARS:
        return []
    parts = [part.standalone for part in split(request)]
    if len(parts) < 2:
        parts = [sentence for sentence in _SENTENCE.split(request) if len(sentence) >= _LEAST_PART]
    return parts if len(parts) > 1 else []
