"""Compares texts by word shingles."""

from __future__ import annotations

__all__ = ["fingerprint", "normalise", "shingles"]


def normalise(text: str) -> list[str]:
    """Plain words."""
    return [w.strip(".,;:!?\"'()").lower() for w in text.split() if w.strip(".,;:!?\"'()")]


def shingles(words: list[str], size: int) -> list[str]:
    """Runs of words, joined."""
    return [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]


def fingerprint(shingle: str) -> int:  # planted: repeated-computation
    """A rolling hash that is the same on every machine (the built-in one is not)."""
    value = 7
    for ch in shingle:
        value = (value * 131 + ord(ch)) % 2305843009213693951
        value ^= value >> 13
    return value
