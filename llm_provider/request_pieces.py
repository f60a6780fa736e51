"""The pieces of a request between its joints, each of which may be what one tool is for."""

from __future__ import annotations

import re

from llm_provider.tool_words import is_weak, words_of

__all__ = ["MOST_PIECES", "pieces_of"]

MOST_PIECES = 6
_MOST_CHARS = 500
"""A longer request is a story and looked at as a whole."""
_LEAST_WORDS, _LEAST_CLAUSE = 2, 4
"""A piece with fewer telling words says nothing by itself and goes with its neighbour; of a clause of so many words one
telling one is enough."""
_AFTER = r"(?:then|also|after that|afterwards)\s+"
_JOINT = re.compile(
    rf"\s*(?:[.!?;]+\s+|,\s+(?:(?:and|but|then|also|plus|or)\s+)?(?:{_AFTER})?"
    rf"|\s+(?:and|then|also|plus|but|as well as)\s+(?:{_AFTER})?)",
    re.IGNORECASE,
)


def pieces_of(request: str) -> list[str]:
    """Two to six pieces in their order, or nothing where a request is all of a piece, a list or a story.

    Coarser questions, such as which part waits for which, are `common.language.parts`'s; here two things that are only
    named side by side ("a query for X and a diagram of Y") are two pieces.
    """
    if len(request) > _MOST_CHARS:
        return []
    found: list[str] = []
    telling = _LEAST_WORDS
    for piece in _JOINT.split(request):
        words = _telling(piece)
        if found and min(words, telling) < _LEAST_WORDS:
            found[-1] = f"{found[-1]} {piece}"
            telling += words
        elif piece.strip():
            found.append(piece)
            telling = words
    return found if 1 < len(found) <= MOST_PIECES else []


def _telling(piece: str) -> int:
    telling = sum(not is_weak(word) for word in words_of(piece))
    return _LEAST_WORDS if telling == 1 and len(piece.split()) >= _LEAST_CLAUSE else telling
