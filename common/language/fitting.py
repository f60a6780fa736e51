"""How well one tool fits one part of a request, and the arguments it would be called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from common.language import formats
from common.language.choices import Choices
from common.language.concepts import STOP_WORDS, WEAK_WORDS, concepts_of
from common.language.features import example_features, plain_features
from common.language.marked import Marked
from common.language.relevance import Candidate
from common.language.slots import Filled, Scope, Slot, compile_slots, fill_slots
from common.language.words import Tokens, stem, tokenize

__all__ = ["Content", "Fit", "ToolFit", "ToolShape", "choice_marks", "content_of"]

_UNEXPLAINED = 0.5
"""How much a fit loses where the tool can do nothing with what was said."""
_TIME = 2.0
_LACKING = 0.9
_NO_CHOICE = 0.75
_POINTS = frozenset({formats.WHEN, "date", "time", "date-time"})
_ANYTHING = frozenset({formats.PART, formats.REQUEST})
_SILENT = STOP_WORDS | WEAK_WORDS | {"on", "off", "turn", "switch", "please", "put"}


@dataclass(frozen=True, slots=True)
class ToolShape:
    """What is known of a tool: its name, description and the JSON schema of its arguments.

    Things people say for it stand under the schema's `x-utterances`, other words for enum values under a property's
    `x-choices`.
    """

    name: str
    description: str
    schema: Mapping[str, Any]

    @property
    def utterances(self) -> list[str]:
        """Things people say that the tool serves."""
        said = self.schema.get(formats.UTTERANCES)
        if not isinstance(said, Sequence) or isinstance(said, str):
            return []
        return [str(text) for text in cast("Sequence[Any]", said)]


@dataclass(frozen=True, slots=True)
class Content:
    """What a part says: its telling words, stemmed, and whether it names points and lengths of time."""

    words: tuple[str, ...]
    points: int
    lengths: int

    @property
    def size(self) -> float:
        """How much is said; a time counts as two words."""
        return len(self.words) + _TIME * (self.points + self.lengths)


@dataclass(frozen=True, slots=True)
class Fit:
    """A tool with its fit (0 to 1) and what its slots take from the part."""

    tool: str
    score: float
    filled: Filled


def content_of(marked: Marked) -> Content:
    """The content of a part."""
    words = tuple(
        stem(word)
        for index, word in enumerate(marked.low)
        if marked.free(index) and word[0].isalnum() and word not in _SILENT
    )
    lengths = sum(span.kind == "duration" for span in marked.spans)
    return Content(words, len(marked.spans) - lengths, lengths)


def choice_marks(slots: Sequence[Sequence[Slot]]) -> Callable[[Tokens], list[str]]:
    """A function that gives the names of the choices some value of which a text names (``<choice device>``)."""
    known: dict[str, Choices] = {}
    for slot in (slot for own in slots for slot in own):
        choices = slot.choices or (slot.items.choices if slot.items is not None else None)
        if choices is not None and choices.aliased and not choices.details:
            known.setdefault(slot.name, choices)
    entries = tuple((f"<choice {name}>", choices) for name, choices in known.items())

    def marks(tokens: Tokens) -> list[str]:
        return [mark for mark, choices in entries if choices.names(tokens)]

    return marks


class ToolFit:
    """One tool as parts are compared with it: its slots, and the words that it is known by."""

    def __init__(self, tool: ToolShape) -> None:
        self.shape = tool
        self.slots = compile_slots(tool.schema)
        kinds = {slot.kind for slot in self.slots}
        self._points = bool(kinds & _POINTS)
        self._lengths = formats.DURATION in kinds or any(slot.kind in ("integer", "number") for slot in self.slots)
        self._anything = bool(kinds & _ANYTHING)
        self._vocabulary = self._words()

    @property
    def candidate(self) -> Candidate:
        """The tool as the ranker sees it."""
        names = " ".join(slot.name.replace("_", " ") for slot in self.slots)
        return Candidate(f"{self.shape.description} {names} {self._values()}", self.shape.utterances, self.shape.name)

    def _values(self) -> str:
        return " ".join(
            str(value).replace("_", " ")
            for slot in self.slots
            if slot.choices is not None and len(slot.choices.values) <= 30
            for value in slot.choices.values
        )

    def _words(self) -> frozenset[str]:
        words = {word.lstrip("!") for text in self.shape.utterances for word in example_features(tokenize(text))}
        words.update(
            plain_features(tokenize(f"{self.shape.name.replace('_', ' ').replace('.', ' ')} {self.shape.description}"))
        )
        words.update(word for slot in self.slots for word in slot.own)
        words.update(plain_features(tokenize(self._values())))
        words = {word for word in words if word not in STOP_WORDS and word not in WEAK_WORDS}
        return frozenset(words) | {concept for word in words for concept in concepts_of(word)}

    def weigh(self, relevance: float, scope: Scope, content: Content) -> Fit:
        """The tool's fit: how relevant it is, how much it explains, and how much of what it needs is said."""
        filled = fill_slots(self.slots, scope)
        score = relevance
        if filled.chosen:
            score += (0.2 if filled.chosen >= 1 else 0.1) * min(score, 1.0 - score)
        lacking = [slot for slot in self.slots if slot.required and slot.name in filled.open]
        score *= _LACKING ** min(len(lacking), 3)
        if any(slot.choices is not None and slot.choices.aliased for slot in lacking):
            score *= _NO_CHOICE
        if content.size:
            score *= 1.0 - _UNEXPLAINED * min(1.0, self._unexplained(content, filled) / content.size)
        return Fit(self.shape.name, score, filled)

    def _unexplained(self, content: Content, filled: Filled) -> float:
        """How many of the things said the tool can do nothing with."""
        left = 0.0 if self._points else _TIME * content.points
        left += 0.0 if self._lengths else _TIME * content.lengths
        if self._anything:
            return left
        taken = filled.words()
        for word in content.words:
            if word in taken or word in self._vocabulary:
                continue
            left += 0.35 if any(concept in self._vocabulary for concept in concepts_of(word)) else 1.0
        return left
