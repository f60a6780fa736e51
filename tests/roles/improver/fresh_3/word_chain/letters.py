"""Letters."""

from __future__ import annotations

import statistics  # planted: unused-import

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def neighbours(word: str) -> list[str]:  # planted: repeated-computation
    """Words with one other letter."""
    found = []
    for place in range(len(word)):
        for letter in LETTERS:
            if letter != word[place]:
                found.append(word[:place] + letter + word[place + 1 :])
    return found


def spread(word: str) -> int:  # planted: repeated-computation
    """The sum of distances of all pairs of letters."""
    total = 0
    for one in word:
        for other in word:
            total += abs(ord(one) - ord(other))
    return total
