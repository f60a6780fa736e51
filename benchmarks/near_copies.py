"""Finds texts that are near copies of others: difflib ratio, or Jaccard similarity of their words, above a limit."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789' "


def near_copies(texts: Iterable[str], others: Iterable[str], limit: float = 0.9) -> list[tuple[str, str]]:
    """Pairs (text, other) that are more alike than `limit`; case and punctuation do not count.

    The ratio of two texts is bounded from above by their letters in common, so difflib only sees the few pairs that
    can reach the limit.
    """
    mine, theirs = (sorted({_plain(text) for text in group}, key=len) for group in (texts, others))
    letters, lengths = _letters(theirs), numpy.array([len(text) for text in theirs])
    words = [frozenset(text.split()) for text in theirs]
    by_word: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(words):
        for word in group:
            by_word[word].append(index)
    found: set[tuple[str, str]] = set()
    for text, counts in zip(mine, _letters(mine), strict=True):
        size = len(text)
        low = int(numpy.searchsorted(lengths, size * limit / (2 - limit)))
        high = int(numpy.searchsorted(lengths, size * (2 - limit) / limit, side="right"))
        shared = numpy.minimum(letters[low:high], counts).sum(axis=1, dtype=numpy.uint16)
        for offset in numpy.nonzero(2 * shared > limit * (lengths[low:high] + size))[0]:
            other = theirs[low + int(offset)]
            if difflib.SequenceMatcher(None, text, other, autojunk=False).ratio() > limit:
                found.add((text, other))
        own = frozenset(text.split())
        # Whatever shares nearly all words shares one of the rarest few.
        rarest = sorted(own, key=lambda word: len(by_word.get(word, ())))[: int(len(own) * (1 - limit)) + 1]
        for index in {index for word in rarest for index in by_word.get(word, ())}:
            if len(own & words[index]) > limit * len(own | words[index]):
                found.add((text, theirs[index]))
    return sorted(found)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower().replace("’", "'")))


def _letters(texts: list[str]) -> Any:
    return numpy.array([[min(text.count(letter), 255) for letter in _ALPHABET] for text in texts], dtype=numpy.uint8)
