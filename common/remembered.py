"""Keeps what a function of a text gave for the texts it was asked about last: people say the same things again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

__all__ = ["Remembered"]

T = TypeVar("T")


class Remembered(Generic[T]):
    """A pure function of a text with a bounded memory: at most `size` texts, each of at most `max_chars` characters.

    Results are handed out again and again: callers treat them as read-only. Safe to call from several threads.
    """

    def __init__(self, function: Callable[[str], T], *, size: int = 256, max_chars: int = 500) -> None:
        self._function = function
        self._max_chars = max_chars
        self._kept = lru_cache(maxsize=size)(function)

    def __call__(self, text: str) -> T:
        """What the function gives for the text."""
        return self._kept(text) if len(text) <= self._max_chars else self._function(text)
