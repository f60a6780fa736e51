"""A text with its words of time marked: what readers of single values look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.language.time_words import Span, spans_of
from common.language.words import Tokens, tokenize

__all__ = ["Marked", "mark"]


@dataclass(slots=True)
class Marked:
    """Tokens of a text, its spans of time, and for every token the number of the span it lies in (from 1), or 0."""

    tokens: Tokens
    spans: list[Span]
    inside: bytearray = field(default_factory=bytearray)

    @property
    def low(self) -> list[str]:
        """The tokens in lower case."""
        return self.tokens.low

    def free(self, index: int) -> bool:
        """Whether the token lies in no words of time."""
        return not self.inside[index]

    def text_of(self, indices: list[int]) -> str:
        """The tokens at these places, with the spaces they had; one space where others were left out."""
        tokens = self.tokens
        pieces: list[str] = []
        previous = -2
        for index in indices:
            if pieces and not (index == previous + 1 and tokens.glued(index)):
                pieces.append(" ")
            pieces.append(tokens.raw(index))
            previous = index
        return "".join(pieces)


def mark(text: str) -> Marked:
    """Cut a text into tokens and mark its words of time."""
    tokens = tokenize(text)
    spans = spans_of(tokens)
    inside = bytearray(len(tokens))
    if spans:
        at = 0
        for index, start in enumerate(tokens.starts):
            while at < len(spans) and spans[at].end <= start:
                at += 1
            if at < len(spans) and spans[at].start <= start:
                inside[index] = min(at + 1, 255)
    return Marked(tokens, spans, inside)
