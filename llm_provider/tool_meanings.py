"""What words mean when tools are compared with requests: a table of meanings, each with the words that stand for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from llm_provider.tool_words import root

__all__ = ["MEANINGS", "lines_of_meanings", "meanings_of"]

MEANINGS = "tool_meanings.txt"


def _lines() -> Iterator[tuple[str, tuple[str, ...]]]:
    text = files("llm_provider").joinpath(MEANINGS).read_text(encoding="utf-8")
    for line in text.splitlines():
        name, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            yield name, tuple(words.split())


@cache
def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for name, words in _lines():
        for word in dict.fromkeys(root(word) for word in words):
            table.setdefault(word, []).append(f"<{name}>")
    return {word: tuple(names) for word, names in table.items()}


def lines_of_meanings() -> list[tuple[str, ...]]:
    """The words of each meaning, as they are written."""
    return [words for _, words in _lines()]


def meanings_of(rooted: str) -> tuple[str, ...]:
    """The meanings of a root, as marks such as ``<weather>``."""
    return _table().get(rooted, ())
