"""Finds copied passages."""

from __future__ import annotations

from shingles import fingerprint, normalise, shingles


class Checker:
    """Compares essays with one another."""

    def __init__(self, size: int = 4, threshold: float = 0.3) -> None:
        self._size = size
        self._threshold = threshold

    def prints(self, text: str) -> list[int]:
        """Fingerprints of a text, in its order."""
        return [fingerprint(s) for s in shingles(normalise(text), self._size)]

    def overlap(self, one: str, other: str) -> float:
        """Share of the first's passages that the second has, too."""
        mine, theirs = self.prints(one), self.prints(other)
        if not mine:
            return 0.0
        common = 0
        for p in mine:
            if p in theirs:  # planted: list-membership
                common += 1
        return round(common / len(mine), 4)

    def suspicious(self, essays: list[str]) -> list[list]:
        """Pairs above the threshold."""
        pairs = []
        for i in range(len(essays)):
            for j in range(len(essays)):
                if i != j:
                    share = self.overlap(essays[i], essays[j])
                    if share >= self._threshold:
                        pairs.append([i, j, share])
        return pairs
