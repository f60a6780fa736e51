"""Chains of words that differ in one letter."""

from __future__ import annotations

from letters import neighbours, spread


class ChainAgent:
    """Knows some words."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def reach(self, start: str) -> int:
        """How many words can be reached."""
        queue = [start]
        done = [start]
        while queue:
            word = queue.pop()
            for other in neighbours(word):
                if other in self._words and other not in done:  # planted: list-membership
                    done.append(other)
                    queue.append(other)
        return len(done)

    def chain(self, start: str, end: str) -> list[str]:
        """A shortest chain, empty where there is none."""
        known = {start: ""}
        level = [start]
        while level and end not in known:
            level = self._next(level, known)
        if end not in known:
            return []
        found = [end]
        while known[found[0]]:
            found = [known[found[0]]] + found
        return found

    def _next(self, level: list[str], known: dict[str, str]) -> list[str]:
        new = []
        for word in level:
            for other in neighbours(word):
                if other in self._words and other not in known:  # planted: list-membership
                    known[other] = word
                    new.append(other)
        return new

    def distances(self, words: list[str]) -> list[int]:
        """How far apart the letters of each word are."""
        return [spread(word) for word in words]
