"""Finds the value that a request names by the examples of an agent, which say the same of other values."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["said_value"]

_LEAST_SHARE = 0.6
"""The part of an example's words that a request must have in common with it, at the begin and at the end."""
_MOST_SAMPLE, _MOST_VALUE = 2, 6


def said_value(text: str, examples: Sequence[str]) -> str | None:
    """What stands in a text where the nearest example has its sample: "late" for "list the loans with status north".

    Only an example of which all but a word or two is said counts. None where there is none such.
    """
    said = text.strip().rstrip("?.!").split()
    best: tuple[int, str] | None = None
    for example in examples:
        words = example.strip().rstrip("?.!").lower().split()
        first, last = _alike([word.lower() for word in said], words)
        sample, value = len(words) - first - last, said[first : len(said) - last]
        common = first + last
        fits = 0 < sample <= _MOST_SAMPLE and 0 < len(value) <= _MOST_VALUE and common >= _LEAST_SHARE * len(words)
        if fits and first >= 2 and (best is None or common > best[0]):
            best = common, " ".join(value)
    return None if best is None else best[1].strip("“”\"' ,")


def _alike(said: Sequence[str], words: Sequence[str]) -> tuple[int, int]:
    """How many words are the same from the begin, and of the rest from the end."""
    shorter = min(len(said), len(words))
    first = 0
    while first < shorter and said[first] == words[first]:
        first += 1
    last = 0
    while last < shorter - first and said[-1 - last] == words[-1 - last]:
        last += 1
    return first, last
