"""Helps with crosswords."""

from __future__ import annotations

import re
import calendar  # planted: unused-import

Words = list[str]


def clue(line: str) -> tuple[int, str] | None:
    """Number and length of a clue."""
    m = re.match(r"(\d+)\.\s*(\w+):", line)  # planted: regex-recompiled
    return (int(m.group(1)), m.group(2)) if m else None


class Crossword:
    def __init__(self, words: Words) -> None:
        self.words = words

    def fits(self, shape: str) -> Words:
        """Words of a shape with gaps."""
        return [w for w in self.words if len(w) == len(shape) and all(s in ("?", c) for s, c in zip(shape, w))]

    def clean(self, lines: Words) -> list:
        """Clues without what can't be read."""
        return [found for line in lines if (found := clue(line)) is not None]

    def unused(self, used: Words) -> Words:
        """Words that are still free."""
        free = []
        for word in self.words:
            if word not in used and word not in free:  # planted: list-membership
                free.append(word)
        return free

    def grid(self, rows: Words) -> str:
        """The grid as text."""
        drawn = ""
        for row in rows:
            line = "|"
            for cell in row:
                line += ("#" if cell == "." else cell) + "|"  # planted: concatenation
            drawn += line + "\n"
        return drawn
